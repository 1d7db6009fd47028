/** The hub and its Node transport: `syncline/server`. @module */
export type {
  Appended,
  AppendOnce,
  Broadcaster,
  Claim,
  ClaimRequest,
  Deliver,
  LogEntry,
  LogQuery,
  LogRead,
  SenderMark,
} from '../broadcasters/broadcaster.ts'
export { type MemoryOptions, memory, memoryDefaults } from '../broadcasters/memory.ts'
export type { Clock } from '../shared/clock.ts'
export type { Position } from '../shared/position.ts'
export type { ErrorContext, ErrorHandler, ErrorStage } from '../shared/report.ts'
export type { HubChannel, HubHistory, HubHistoryEntry, PublishOptions, TellOptions } from './channel.ts'
export { createHub, type Hub } from './create-hub.ts'
export type {
  HubActor,
  HubDiagnostic,
  HubDiagnosticFields,
  HubDiagnosticListener,
  HubDiagnosticType,
} from './diagnostics.ts'
export type {
  AccessRequest,
  Action,
  Asker,
  ChannelHandlers,
  ClientPublication,
  HubRequest,
  RequestHandlers,
} from './handlers.ts'
export { type HubHealth, type HubStatus, healthHandler } from './health.ts'
export type { HistoryQuery } from './history.ts'
export type { HubSession, SessionChoice } from './hub-session.ts'
export { type AuditEntry, auditTo, type HubLogger, type HubLogLevel, logTo } from './log-to.ts'
export {
  type Authenticate,
  type ConnectRequest,
  type Credentials,
  type HubOptions,
  type HubSettings,
  type HubUser,
  hubDefaults,
} from './options.ts'
export type { PresenceCount, PresenceList, PresentMember } from './presence.ts'
export type { AllowedOrigins, Refusal } from './request.ts'
export type { SessionSocket } from './session.ts'
export type { SessionHandlers } from './sessions.ts'
export type { SharedMessage } from './shared-message.ts'
export { type AnyHub, type AttachOptions, attachWebSocket, type UpgradingServer } from './transports/ws.ts'
export type { HubUsers, UserChannelKey } from './users.ts'
