import type { ClientFrame, EvFrame, HubFrame, SubscribedFrame, WirePosition } from '../protocol/frames.ts'

/** What a channel was asked for with: a position of its own, or the one that an earlier page has left. */
interface Asked {
  readonly channel: string
  readonly since: WirePosition | undefined
  readonly isLeft: boolean
}

/** Where a channel stands. */
interface Place {
  readonly channel: string
  position: WirePosition
  /** Whether the next entry is taken as it is: the hub replays some, and not from a position. */
  isOpen: boolean
}

/** Follows where the channels stand from the frames, and asks for them from where an earlier page has left them. */
export class PersistPositions {
  /** What an earlier page has left, until the channel has been asked for from there. */
  readonly left = new Map<string, WirePosition>()
  readonly #put: (channel: string, position: WirePosition | undefined) => void
  readonly #asked = new Map<number, Asked>()
  readonly #places = new Map<number, Place>()

  constructor(put: (channel: string, position: WirePosition | undefined) => void) {
    this.#put = put
  }

  /** The connection is gone, and what was asked on it. */
  reset(): void {
    this.#asked.clear()
    this.#places.clear()
  }

  /** What is sent in the place of a frame. */
  sent(frame: ClientFrame): ClientFrame {
    if (frame[0] === 'unsub') {
      this.left.delete(frame[2])
      this.#put(frame[2], undefined)
    }
    if (frame[0] !== 'sub') return frame
    const [, ref, channel, options] = frame
    const since = options ? undefined : this.left.get(channel)
    this.#asked.set(ref, { channel, since: options?.since ?? since, isLeft: !!since })
    return since ? ['sub', ref, channel, { since }] : frame
  }

  /** Hands a frame on, and follows what it says. */
  received(frame: HubFrame, forward: (frame: HubFrame) => void): void {
    forward(frame[0] === 'subscribed' ? this.#subscribed(frame) : frame)
    const place = this.#places.get(frame[1] as number)
    if (!place) return
    // Afterwards: what the app was not handed must come again.
    if (frame[0] === 'ev') this.#entry(place, frame)
    else if (frame[0] === 'live') place.isOpen = false
    else if (frame[0] === 'gap') this.#move(place, frame[2])
  }

  /** What the parts are told: they know of no position, so the one from an earlier page is where they begin. */
  #subscribed(frame: SubscribedFrame): SubscribedFrame {
    const [type, ref, cid, options] = frame
    const asked = this.#asked.get(ref)
    if (!asked) return frame
    const { channel, since, isLeft } = asked
    const { recovered, position } = options
    const place = { channel, position: (recovered && since) || position, isOpen: recovered === null }
    this.left.delete(channel)
    this.#places.set(cid, place)
    this.#move(place, place.position)
    return isLeft && recovered ? [type, ref, cid, { ...options, position: place.position }] : frame
  }

  #entry(place: Place, [, , offset, tag, previous]: EvFrame): void {
    const [epoch, at, last] = place.position
    // Of anything else, nothing was handed on.
    if (place.isOpen || (offset === at + 1 && previous === last)) this.#move(place, [epoch, offset, tag])
  }

  #move(place: Place, position: WirePosition): void {
    place.isOpen = false
    place.position = position
    this.#put(place.channel, position)
  }
}
