'use client'
import { useEffect, useMemo, useSyncExternalStore } from 'react'
import type { Channel } from '../client/channel.ts'
import { type Typing, type TypingName, type TypingOptions, typing } from '../client/typing.ts'
import type { ChannelKey } from '../registry/infer.ts'
import type { AnyRegistry } from '../registry/registry.ts'
import { noOthers } from './use-cursors.ts'

/** Who is typing, and the way to say so. */
export type TypingView = Pick<Typing, 'typers' | 'press' | 'stop'>

/**
 * Who is typing on a channel, carried by its message `message`: `press` at each key, `stop` when the text is sent. A component that is
 * unmounted has stopped.
 */
export function useTyping<R extends AnyRegistry, K extends ChannelKey<R>>(
  channel: Channel<R, K>,
  message: TypingName<R, K>,
  options: TypingOptions = {},
): TypingView {
  const { idleMs, refreshMs, expireMs } = options
  const store = useMemo(
    () => typing(channel, message, { idleMs, refreshMs, expireMs }),
    [channel, message, idleMs, refreshMs, expireMs],
  )
  const typers = useSyncExternalStore(store.onChange, () => store.typers, noOthers)
  useEffect(() => store.stop, [store])
  return useMemo(() => ({ typers, press: store.press, stop: store.stop }), [typers, store])
}
