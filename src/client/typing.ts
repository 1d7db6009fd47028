import type { ChannelKey, HeardData, HeardName, MessageInput, MessageName } from '../registry/infer.ts'
import type { AnyRegistry } from '../registry/registry.ts'
import { withDefaults } from '../shared/defaults.ts'
import type { Undo } from '../shared/disposer.ts'
import type { Channel, UntypedChannel } from './channel.ts'
import { LatestTold, type Told } from './latest-told.ts'

/** What a message must be to carry who is typing: its schema takes and gives an object with `isTyping`. */
export interface TypingMessage {
  readonly isTyping: boolean
}

/** The messages of a channel that can carry who is typing. */
export type TypingName<R extends AnyRegistry, K extends ChannelKey<R>> = {
  [N in MessageName<R, K> & HeardName<R, K>]: TypingMessage extends MessageInput<R, K, N>
    ? HeardData<R, K, N> extends TypingMessage
      ? N
      : never
    : never
}[MessageName<R, K> & HeardName<R, K>]

export interface TypingOptions {
  /** How long after the last key this client has stopped, in milliseconds. Default 3,000. */
  readonly idleMs?: number | undefined
  /** How often the others are told that it goes on, in milliseconds. Default 2,000. */
  readonly refreshMs?: number | undefined
  /** How long after its last message another client is forgotten, in milliseconds; longer than `refreshMs`. Default 6,000. */
  readonly expireMs?: number | undefined
}

/** Who is typing on a channel. Made by {@link typing}. */
export interface Typing {
  /** The others that type: the same array until that changes. Empty while nobody listens. */
  readonly typers: readonly Told<TypingMessage>[]
  /** Hears after each change, and keeps the channel subscribed, until the undo is called. Bound. */
  readonly onChange: (listener: () => void) => Undo
  /** A key was pressed: tells the others, at most once every `refreshMs`. */
  readonly press: () => void
  /** The text was sent or dropped: tells the others at once. Harmless when nothing was told. */
  readonly stop: () => void
}

export const typingDefaults = { idleMs: 3_000, refreshMs: 2_000, expireMs: 6_000 }

/** Who is typing on `channel`, carried by its message `message`. Leaves no timer once it has stopped and nobody listens. */
export function typing<R extends AnyRegistry, K extends ChannelKey<R>>(
  channel: Channel<R, K>,
  message: TypingName<R, K>,
  options: TypingOptions = {},
): Typing {
  const { idleMs, refreshMs, expireMs } = withDefaults(typingDefaults, options)
  const untyped = channel as unknown as UntypedChannel
  const { clock } = untyped.link
  const told = new LatestTold<TypingMessage>(untyped, {
    message,
    expireMs,
    keeps: ({ isTyping }) => isTyping,
  })
  let toldAt: number | undefined
  let quiet: Undo | undefined
  const tell = (isTyping: boolean) => untyped.tell(message, { isTyping })
  const stop = () => {
    quiet?.()
    quiet = undefined
    const wasTold = toldAt !== undefined
    toldAt = undefined
    if (wasTold) tell(false)
  }
  return {
    get typers() {
      return told.values
    },
    onChange: told.onChange,
    press() {
      const now = clock.now()
      // What was dropped is not told, and the next key tries again. A clock that was set back must not silence it.
      const isDue = toldAt === undefined || Math.abs(now - toldAt) >= refreshMs
      if (isDue && tell(true)) toldAt = now
      quiet?.()
      quiet = clock.after(idleMs, stop)
    },
    stop,
  }
}
