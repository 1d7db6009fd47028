/** The hub and its Node transport: `syncline/server`. @module */
export type { Broadcaster, Deliver, LogEntry, LogRead } from '../broadcasters/broadcaster.ts'
export { type MemoryOptions, memory, memoryDefaults } from '../broadcasters/memory.ts'
export type { Position } from '../shared/position.ts'
export type { ErrorContext, ErrorHandler, ErrorStage } from '../shared/report.ts'
export type { HubChannel, PublishOptions } from './channel.ts'
export { createHub, type Hub } from './create-hub.ts'
export {
  type Authenticate,
  type ConnectRequest,
  type Credentials,
  type HubOptions,
  type HubSettings,
  type HubUser,
  hubDefaults,
} from './options.ts'
export type { AllowedOrigins } from './request.ts'
export type { AccessRequest, ChannelHandlers } from './served.ts'
export type { SessionSocket } from './session.ts'
export type { SessionHandlers } from './sessions.ts'
export { type AnyHub, type AttachOptions, attachWebSocket } from './transports/ws.ts'
