/** What both sides share: `syncline`. @module */
export { subprotocol } from './protocol/version.ts'
export { type ChannelDefinition, type ChannelSpec, channel } from './registry/channel.ts'
export { checkRegistry } from './registry/check-registry.ts'
export type * from './registry/infer.ts'
export { defineRegistry, type RegistryOptions } from './registry/registry.ts'
export type { InputOf, OutputOf, Schema } from './registry/schema.ts'
export {
  isSyncError,
  type PayloadIssue,
  SyncError,
  type SyncErrorCode,
  type SyncErrorOptions,
} from './shared/errors.ts'
export type { Position } from './shared/position.ts'
