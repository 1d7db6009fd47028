/** The framework-agnostic client: `syncline/client`. @module */
export type { GapReason } from '../protocol/frames.ts'
export { type BackoffOptions, backoffDefaults } from '../shared/backoff.ts'
export { type Clock, systemClock } from '../shared/clock.ts'
export type { Position } from '../shared/position.ts'
export type { Random } from '../shared/random.ts'
export type { ErrorContext, ErrorHandler, ErrorStage } from '../shared/report.ts'
export { type Attendance, type AttendOptions, attend } from './attend.ts'
export type { AnyHeard, Beginning, Channel, HeardMeta, Listen } from './channel.ts'
export { type ClientGroup, createClientGroup, type GroupMember, type GroupStatus } from './client-group.ts'
export type { TokenRequest } from './connection-settings.ts'
export type { ConnectionState, ConnectionStatus } from './connection-states.ts'
export { type Client, createClient } from './create-client.ts'
export { type CursorName, type Cursors, type CursorsOptions, cursors, cursorsDefaults } from './cursors.ts'
export type {
  ClientDiagnostic,
  ClientStats,
  DiagnosticFields,
  DiagnosticType,
  SendFailure,
  SendName,
} from './diagnostics.ts'
export { type History, type HistoryOptions, history } from './history.ts'
export type { Told } from './latest-told.ts'
export { rewind, since } from './listen-from.ts'
export { type Logger, type LogLevel, logTo } from './log-to.ts'
export { type ClientOptions, clientDefaults } from './options.ts'
export { type OutboxOptions, outboxDefaults, type SendOptions } from './outbox.ts'
export { type PendingSend, pendingSends } from './pending-sends.ts'
export { type PersistOptions, persistDefaults, persisted } from './persist.ts'
export type { Claim } from './persist-claim.ts'
export { indexedDbStorage, localStorageStorage, type PersistStorage } from './persist-storage.ts'
export {
  type Presence,
  type PresenceCount,
  type PresenceEvents,
  type PresenceMember,
  presence,
} from './presence.ts'
export { type BreakerOptions, breakerDefaults } from './retry.ts'
export type { ServerClock } from './server-clock.ts'
export { browserSignals, type Signal, type Signals } from './signals.ts'
export { type Socket, type SocketFactory, type SocketListener, webSocket } from './socket.ts'
export type { EventMeta, Gap, MessageMeta, Subscribed } from './subscription.ts'
export {
  type Typing,
  type TypingMessage,
  type TypingName,
  type TypingOptions,
  typing,
  typingDefaults,
} from './typing.ts'
export { webSocketUrl } from './url.ts'
export type { Persist } from './wires.ts'
