import { type AnyRegistry, resolveName } from '../registry/registry.ts'
import { validate } from '../registry/validate.ts'
import { SyncError, toSyncError } from '../shared/errors.ts'
import { ownEntry } from '../shared/own-entry.ts'
import type { KeptRow } from './persist-records.ts'

/** Why what a page of another version has left cannot be sent any more; `undefined` where it can. */
export function misfit(registry: AnyRegistry, { kind, channel, name, data }: KeptRow): SyncError | undefined {
  const spec = resolveName(registry, channel)?.definition.spec
  if (!spec) return new SyncError('unknown_channel', `The registry has no channel "${channel}" any more`)
  const isPublication = kind === 'publication'
  const schema = isPublication ? ownEntry(spec.clientEvents, name) : ownEntry(spec.requests, name)?.input
  if (!schema) {
    return new SyncError(
      isPublication ? 'unknown_event' : 'unknown_request',
      `Not in the registry any more: ${name}`,
    )
  }
  try {
    validate(schema, data)
    return undefined
  } catch (error) {
    return toSyncError(error, 'bad_payload')
  }
}
