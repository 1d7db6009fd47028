/** What both sides share: `syncline`. @module */
export { subprotocol } from './protocol/version.ts'
export {
  type ChannelDefinition,
  type ChannelSpec,
  type CheckedSpec,
  type CollectionSpec,
  channel,
  type RequestSpec,
  type SchemaMap,
} from './registry/channel.ts'
export { checkRegistry } from './registry/check-registry.ts'
export type * from './registry/infer.ts'
export type { ParamName, Params, ParamsIn, ParamsOut } from './registry/pattern.ts'
export { defineRegistry, type RegistryOptions } from './registry/registry.ts'
export type { InputOf, OutputOf, Schema } from './registry/schema.ts'
export type { Undo } from './shared/disposer.ts'
export {
  type FinalCode,
  isSyncError,
  type PayloadIssue,
  type RetryableCode,
  retryableCodes,
  SyncError,
  type SyncErrorCode,
  type SyncErrorOptions,
} from './shared/errors.ts'
export type { Position } from './shared/position.ts'
