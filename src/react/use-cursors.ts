'use client'
import { useEffect, useMemo, useSyncExternalStore } from 'react'
import type { Channel } from '../client/channel.ts'
import { type CursorName, type Cursors, type CursorsOptions, cursors } from '../client/cursors.ts'
import type { ChannelKey, HeardData, MessageInput } from '../registry/infer.ts'
import type { AnyRegistry } from '../registry/registry.ts'

/** Where the others are, and the way to say where this client is. */
export type CursorsView<Input = unknown, Output = unknown> = Pick<Cursors<Input, Output>, 'cursors' | 'move'>

const nobody: readonly never[] = Object.freeze([])

/** What a server renders. */
export const noOthers = () => nobody

/** Where the others are on a channel, carried by its message `message`: told at most once every 100 ms, the latest only. */
export function useCursors<R extends AnyRegistry, K extends ChannelKey<R>, N extends CursorName<R, K>>(
  channel: Channel<R, K>,
  message: N,
  options: CursorsOptions = {},
): CursorsView<MessageInput<R, K, N>, HeardData<R, K, N>> {
  const { throttleMs, expireMs } = options
  const store = useMemo(
    () => cursors(channel, message, { throttleMs, expireMs }),
    [channel, message, throttleMs, expireMs],
  )
  const seen = useSyncExternalStore(store.onChange, () => store.cursors, noOthers)
  useEffect(() => store.cancel, [store])
  return useMemo(() => ({ cursors: seen, move: store.move }), [seen, store])
}
