import type { AckFrame, NakFrame, PubFrame, WirePosition } from '../../src/protocol/frames.ts'

/** For how long a hub remembers what a session has published, in milliseconds. */
export const windowMs = 600_000

/** One publication that was applied. */
export interface Applied {
  readonly session: string
  readonly channel: string
  readonly name: string
  readonly data: unknown
  readonly n: number
}

export interface RuledLog {
  /** What was applied, oldest first. */
  readonly applied: readonly Applied[]
  /** The position of a channel's last entry. */
  top(channel: string): WirePosition
  /** The code with which the next ones that the rules let in are refused all the same, one for each. */
  readonly refusals: string[]
  /** Answers one publication, and applies it where the rules say so. */
  publish(session: string, frame: PubFrame): AckFrame | NakFrame
}

/**
 * Logs in memory, kept by the rules 1 to 5 of `docs/protocol.md`, "Sending", and written from that page alone. A hub that does
 * not `remember` applies whatever comes: what tests of these rules must be able to tell apart.
 */
export function ruledLog({ epoch = 'epoch', remembers = true } = {}): RuledLog {
  const applied: Applied[] = []
  const refusals: string[] = []
  const highest = new Map<string, number>()
  const top = (channel: string): WirePosition => {
    const offset = applied.filter((entry) => entry.channel === channel).length
    return offset === 0 ? [epoch, 0, ''] : [epoch, offset, `tag ${offset}`]
  }
  return {
    applied,
    refusals,
    top,
    publish(session, [, n, base, channel, name, data, ageMs = 0]) {
      const pair = `${session} ${channel}`
      const no = (code: string): NakFrame => ['nak', channel, n, code, `Not applied: ${code}`]
      const last = remembers ? highest.get(pair) : n - 1
      if (ageMs >= windowMs) return no('indeterminate')
      if (last !== undefined && n <= last) return ['ack', channel, n, top(channel), true]
      const isNext = last !== undefined && n === last + 1
      if (!isNext && n !== base) return no('out_of_order')
      // Not before: of one that was applied, nobody may say that it was not.
      const refusal = refusals.shift()
      if (refusal) return no(refusal)
      highest.set(pair, n)
      applied.push({ session, channel, name, data, n })
      return ['ack', channel, n, top(channel)]
    },
  }
}
