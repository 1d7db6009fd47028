import type { ChannelKey, PresenceInput } from '../registry/infer.ts'
import type { AnyRegistry } from '../registry/registry.ts'
import { toSend } from '../registry/to-send.ts'
import { type SyncError, toSyncError } from '../shared/errors.ts'
import type { Channel, ChannelLink, UntypedChannel } from './channel.ts'
import { presence } from './presence.ts'
import { throttle } from './throttle.ts'

export interface AttendOptions {
  /** How often at most the hub is told what this client shows, in milliseconds. Default 100. */
  readonly throttleMs?: number | undefined
  /** Hears why this client is not present, with the codes of {@link Presence.enter}. Default: the client's `onError`. */
  readonly onError?: (error: SyncError) => void
}

/** One part of an app, such as a component, that wants this client to be present. Made by {@link attend}. */
export interface Attendance<State> {
  /** Enters, or changes what is shown: the first at once, then the latest only, once every `throttleMs`. */
  update(state: State): void
  /** This part does not want it any more. The client shows what another part wants, or leaves with the last one. */
  leave(): void
}

/** What each part wants to show, in the order in which they came, by the channel's name. */
type Wants = Map<string, Map<object, unknown>>

const wantsOf = new WeakMap<ChannelLink, Wants>()

/** Lets several parts of an app be present on one channel, of which a client has one presence. */
export function attend<R extends AnyRegistry, K extends ChannelKey<R>>(
  channel: Channel<R, K>,
  { throttleMs = 100, onError }: AttendOptions = {},
): Attendance<PresenceInput<R, K>> {
  const { name, link, definition } = channel as unknown as UntypedChannel
  const wants: Wants = wantsOf.get(link) ?? new Map()
  wantsOf.set(link, wants)
  const part = {}
  const present = presence(channel)
  const report = (thrown: unknown) => {
    const error = toSyncError(thrown, 'bad_payload')
    // Who is closed has left, as this part wanted.
    if (!wants.get(name)?.has(part) && (error.code === 'closed' || error.code === 'indeterminate')) return
    if (onError) onError(error)
    else link.report(error, { stage: 'subscribe', channel: name })
  }
  const { push, cancel } = throttle<PresenceInput<R, K>>(link.clock, throttleMs, (state) => {
    const schema = definition.spec.presence
    try {
      // What cannot be shown must not stand in for what another part wants, or this one before.
      if (schema) toSend(schema, state)
    } catch (error) {
      report(error)
      return
    }
    const parts = wants.get(name) ?? new Map<object, unknown>()
    wants.set(name, parts)
    parts.delete(part)
    // The last of them is what is shown.
    parts.set(part, state)
    present.enter(state).catch(report)
  })
  return {
    update: push,
    leave() {
      cancel()
      const parts = wants.get(name)
      if (!parts?.has(part)) return
      const isShown = [...parts.keys()].at(-1) === part
      parts.delete(part)
      if (parts.size === 0) {
        wants.delete(name)
        present.leave().catch(report)
      } else if (isShown) {
        present.enter([...parts.values()].at(-1) as PresenceInput<R, K>).catch(report)
      }
    },
  }
}
