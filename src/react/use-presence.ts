'use client'
import { useEffect, useMemo, useRef, useState } from 'react'
import { type AttendOptions, attend } from '../client/attend.ts'
import type { Channel } from '../client/channel.ts'
import { type Presence, type PresenceCount, type PresenceMember, presence } from '../client/presence.ts'
import type { ChannelKey, PresenceInput, PresenceOutput } from '../registry/infer.ts'
import type { AnyRegistry } from '../registry/registry.ts'
import type { SyncError } from '../shared/errors.ts'
import { useEventOf } from './use-event.ts'
import { type Source, useSelected } from './use-selected.ts'

/** Who is present on a channel. */
export interface PresentMembers<State = unknown> {
  /** The same array until someone comes, goes or changes. */
  readonly members: readonly PresenceMember<State>[]
  readonly count: PresenceCount
}

/** Who is present, and the way to be. */
export interface PresenceView<Input = unknown, State = unknown> extends PresentMembers<State> {
  /** Makes this client present while the component is mounted, or changes what it shows: throttled, the latest only. */
  readonly update: (state: Input) => void
  /** Ends that before the component is unmounted. */
  readonly leave: () => void
  /** Why the state that was told last is not shown, until the next one; one that is retryable, until this client is present. */
  readonly error: SyncError | undefined
}

export interface PresenceOptions<Input = unknown, State = unknown> {
  /** What this client shows while the component is mounted, told again when its JSON changes. Without it, the component looks on, and when it is taken away, this client leaves. */
  readonly state?: Input | undefined
  /** How often at most the hub is told what this client shows, in milliseconds. Default 100. */
  readonly throttleMs?: number | undefined
  /** Hears of each one who comes. */
  readonly onJoin?: ((member: PresenceMember<State>) => void) | undefined
  /** Hears of each one who goes, as last seen. */
  readonly onLeave?: ((member: PresenceMember<State>) => void) | undefined
}

interface AnyOptions extends PresenceOptions<never, never> {
  readonly select?: (present: PresentMembers<never>) => unknown
}

const nobody: PresentMembers<never> = { members: [], count: { members: 0, users: 0 } }
const all = (present: PresentMembers<never>): unknown => present

/**
 * What `select` makes of who is present on a channel, kept subscribed while the component is mounted: renders again only when that changes, one
 * level deep. With `state`, this client is present, too; why it cannot be, goes to the client's `onError`.
 */
export function usePresence<R extends AnyRegistry, K extends ChannelKey<R>, Selected>(
  channel: Channel<R, K>,
  options: PresenceOptions<PresenceInput<R, K>, PresenceOutput<R, K>> & {
    readonly select: (present: PresentMembers<PresenceOutput<R, K>>) => Selected
  },
): Selected
/**
 * Who is present on a channel, kept subscribed while the component is mounted. With `state`, or after `update`, this client is
 * present, too: one presence, however many components want it, which shows what was wanted last.
 */
export function usePresence<R extends AnyRegistry, K extends ChannelKey<R>>(
  channel: Channel<R, K>,
  options?: PresenceOptions<PresenceInput<R, K>, PresenceOutput<R, K>>,
): PresenceView<PresenceInput<R, K>, PresenceOutput<R, K>>
export function usePresence(channel: unknown, options: AnyOptions = {}): unknown {
  const { state, throttleMs, onJoin, onLeave, select } = options
  const [failed, setFailed] = useState<{ readonly of: object; readonly error: SyncError }>()
  const present = useMemo(() => presence(channel as never), [channel])
  // Who selects sees no error, which then goes to the client's `onError`.
  const seesError = !select
  const attendance = useMemo(() => {
    // A late failure on another channel than the present one concerns nobody any more.
    const onError = (error: SyncError) => setFailed({ of: part, error })
    const options = { throttleMs, onError: seesError ? onError : undefined } as AttendOptions
    const { update, leave } = attend(channel as never, options)
    const part = {
      update(state: never) {
        setFailed(undefined)
        update(state)
      },
      leave,
    }
    return part
  }, [channel, throttleMs, seesError])
  const shown = JSON.stringify(state)
  const isShown = useRef(false)
  // biome-ignore lint/correctness/useExhaustiveDependencies: its JSON stands for the state
  useEffect(() => {
    if (state !== undefined) attendance.update(state as never)
    else if (isShown.current) attendance.leave()
    isShown.current = state !== undefined
  }, [attendance, shown])
  useEffect(() => attendance.leave, [attendance])
  useEventOf(present, 'join', onJoin)
  useEventOf(present, 'leave', onLeave)
  const source = useMemo(() => sourceOf(present), [present])
  const seen = useSelected(source, select ?? all)
  return useMemo(() => {
    if (select) return seen
    const { members } = seen as PresentMembers
    const error = failed?.of === attendance ? failed.error : undefined
    const isOver = error?.retryable && members.some(({ own }) => own)
    return { ...(seen as PresentMembers), ...attendance, error: isOver ? undefined : error }
  }, [seen, select, attendance, failed])
}

/** The members as one object, the same until they change. */
function sourceOf(present: Presence<never, never>): Source<PresentMembers<never>> {
  let last = nobody
  return {
    subscribe: (changed) => present.on('change', changed),
    read() {
      const { members } = present
      if (members !== last.members) last = members.length > 0 ? { members, count: present.count } : nobody
      return last
    },
    readOnServer: () => nobody,
  }
}
