import * as fc from 'fast-check'
import type { Broadcaster, SenderMark } from '../../src/broadcasters/broadcaster.ts'
import { isSyncError } from '../../src/shared/errors.ts'
import type { ManualClock } from '../../src/testing/manual-clock.ts'

interface Way {
  /** How long it takes to the broadcaster, in milliseconds. */
  readonly wayMs: number
  readonly loses: 'nothing' | 'frame' | 'answer'
}

interface Place {
  /** A sender and a channel, both by number. */
  readonly at: number
  readonly room: number
}

export type SendStep =
  | ({ readonly do: 'publish'; readonly size: number } & Place & Way)
  /** The oldest unanswered ones, up to a number, are sent again. */
  | ({ readonly do: 'resend'; readonly count: number } & Place & Way)
  /** The oldest unanswered one is looked up. */
  | ({ readonly do: 'look' } & Place & Way)
  | { readonly do: 'wait'; readonly ms: number }

const common = {
  at: fc.nat({ max: 2 }),
  room: fc.nat({ max: 1 }),
  wayMs: fc.oneof(fc.constant(0), fc.nat({ max: 14_999 })),
  loses: fc.constantFrom('nothing', 'answer', 'answer', 'frame'),
}
const size = fc.nat({ max: 250 })
const count = fc.integer({ min: 1, max: 4 })

/** Courses of sending, with pauses of up to half a window. */
export const sendSteps = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.record({ do: fc.constant('publish'), size, ...common }) },
    { weight: 5, arbitrary: fc.record({ do: fc.constant('resend'), count, ...common }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('look'), ...common }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('wait'), ms: fc.nat({ max: 300_000 }) }) },
  ),
  { minLength: 1, maxLength: 60, size: 'max' },
) as fc.Arbitrary<SendStep[]>

export type Outcome = 'appended' | 'duplicate' | 'out_of_order' | 'indeterminate'

/** An append of a publication, and what came of it. */
export interface Attempt {
  readonly room: string
  readonly mark: SenderMark
  /** When it came, in milliseconds since 1970. */
  readonly at: number
  readonly outcome: Outcome
}

interface Publication {
  readonly n: number
  readonly body: string
  readonly firstSentAt: number
}

/** What a sender knows of a channel; `unanswered` is by number. */
interface Line {
  readonly room: string
  readonly id: string
  sent: number
  readonly unanswered: Publication[]
}

/**
 * Senders that keep to the protocol, over links that lose frames and answers. Throws where a publication is appended twice, or where one is
 * told that it is there, or is not, against the truth.
 */
export class HonestSenders {
  readonly attempts: Attempt[] = []
  readonly #lines = new Map<string, Line>()
  readonly #broadcaster: Broadcaster
  readonly #clock: ManualClock
  /** All bodies that were ever appended, in order. */
  readonly #appended: string[] = []

  constructor(broadcaster: Broadcaster, clock: ManualClock) {
    this.#broadcaster = broadcaster
    this.#clock = clock
  }

  async run(steps: readonly SendStep[]): Promise<void> {
    for (const room of ['room 0', 'room 1'])
      await this.#broadcaster.subscribe(room, ({ body }) => void this.#appended.push(body))
    for (const step of steps) {
      if (step.do === 'wait') await this.#clock.advance(step.ms)
      else await this.#act(this.#lineOf(step), step)
      const twice = this.#appended.find((body, i) => this.#appended.indexOf(body) < i)
      if (twice !== undefined) throw new Error(`Appended twice: ${twice}`)
    }
  }

  async #act(line: Line, step: Exclude<SendStep, { do: 'wait' }>): Promise<void> {
    if (step.do === 'publish') {
      const n = ++line.sent
      const body = `${line.room} ${line.id} ${n}`.padEnd(step.size, '.')
      const publication = { n, body, firstSentAt: this.#clock.now() }
      line.unanswered.push(publication)
      await this.#send(line, publication, step)
    } else if (step.do === 'look') await this.#look(line, step)
    else {
      const again = line.unanswered.slice(0, step.count)
      for (const publication of again) await this.#send(line, publication, { ...step, isAgain: true })
    }
  }

  async #send(line: Line, publication: Publication, way: Way & { isAgain?: true }): Promise<void> {
    const { room } = line
    const mark = this.#markOf(line, publication, way.isAgain)
    await this.#clock.advance(way.wayMs)
    if (way.loses === 'frame') return
    const wasThere = this.#isThere(publication)
    const outcome = await outcomeOf(this.#broadcaster.append(room, publication.body, { sender: mark }))
    this.attempts.push({ room, mark, at: this.#clock.now(), outcome })
    const isThere = this.#isThere(publication)
    const must: Record<Outcome, boolean> = {
      appended: !wasThere && isThere,
      duplicate: wasThere,
      out_of_order: !wasThere && !isThere,
      indeterminate: wasThere === isThere,
    }
    if (!must[outcome]) throw new Error(`Told ${outcome}; before: ${wasThere}, after: ${isThere}`)
    const isEnd = outcome !== 'out_of_order' && way.loses === 'nothing'
    if (isEnd) line.unanswered.splice(line.unanswered.indexOf(publication), 1)
  }

  async #look(line: Line, { wayMs }: Way): Promise<void> {
    const [publication] = line.unanswered
    if (!publication) return
    const mark = this.#markOf(line, publication, true)
    await this.#clock.advance(wayMs)
    const isThere = await this.#broadcaster.recall(line.room, mark).then(Boolean, codeOf)
    if (isThere !== 'indeterminate' && isThere !== this.#isThere(publication))
      throw new Error(`A look tells ${isThere}`)
  }

  #markOf({ id, unanswered }: Line, { n, firstSentAt }: Publication, isAgain = false): SenderMark {
    const ageMs = isAgain ? this.#clock.now() - firstSentAt : undefined
    return { id, n, base: unanswered[0]!.n, ageMs }
  }

  #isThere({ body }: Publication): boolean {
    return this.#appended.includes(body)
  }

  #lineOf(place: Place): Line {
    const [room, id] = [`room ${place.room}`, `sender ${place.at}`]
    const known = this.#lines.get(room + id)
    if (known) return known
    const line: Line = { room, id, sent: 0, unanswered: [] }
    this.#lines.set(room + id, line)
    return line
  }
}

async function outcomeOf(append: ReturnType<Broadcaster['append']>): Promise<Outcome> {
  return append.then(({ duplicate }) => (duplicate ? 'duplicate' : 'appended'), codeOf)
}

function codeOf(error: unknown): 'out_of_order' | 'indeterminate' {
  const code = isSyncError(error) ? error.code : undefined
  if (code === 'out_of_order' || code === 'indeterminate') return code
  throw error
}

/** The rules 1 to 5 of the protocol, over one that remembers for a fixed time. */
export class RulesModel {
  readonly #marks = new Map<string, { highest: number; at: number }>()
  readonly #windowMs: number
  readonly #keepMs: number

  /** `keepMs`: for how long a mark is kept, which is the window or longer. */
  constructor(windowMs: number, keepMs: number) {
    this.#windowMs = windowMs
    this.#keepMs = keepMs
  }

  /** What must come of an attempt; takes over what came of it. */
  expect({ room, mark, at, outcome }: Attempt): Outcome {
    const pair = room + mark.id
    const expected = this.#outcome(pair, mark, at)
    if (outcome === 'appended') this.#marks.set(pair, { highest: mark.n, at })
    return expected
  }

  #outcome(pair: string, { n, base, ageMs = 0 }: SenderMark, now: number): Outcome {
    if (ageMs >= this.#windowMs) return 'indeterminate'
    const mark = this.#marks.get(pair)
    if (mark && now - mark.at < this.#keepMs) {
      if (n <= mark.highest) return 'duplicate'
      if (n === mark.highest + 1) return 'appended'
    }
    return n === base ? 'appended' : 'out_of_order'
  }
}
