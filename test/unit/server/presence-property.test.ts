import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { DiffFrame, MembersFrame } from '../../../src/protocol/frames.ts'
import {
  PresenceReader,
  type PresentSession,
  presenceFrames,
  presenceOnTest,
} from '../../support/presence-on-test.ts'

type Frame = MembersFrame | DiffFrame

/** `at` is a client, `room` a channel, both by number. */
type Step =
  | { readonly do: 'enter'; readonly at: number; readonly room: number; readonly state: number }
  | { readonly do: 'leave' | 'sub' | 'unsub'; readonly at: number; readonly room: number }
  | {
      readonly do: 'lose' | 'sendAway' | 'connect' | 'replace'
      readonly at: number
      readonly isLate: boolean
    }
  | { readonly do: 'advance'; readonly ms: number }

const graceMs = 100
const diffMs = 10
const rooms = ['one', 'two']

const at = fc.nat({ max: 3 })
const room = fc.nat({ max: 1 })
const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant('enter'), at, room, state: fc.nat({ max: 2 }) }) },
    { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('leave', 'sub', 'sub', 'unsub'), at, room }) },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constantFrom('lose', 'sendAway', 'connect', 'connect', 'replace'),
        at,
        isLate: fc.boolean(),
      }),
    },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('advance'), ms: fc.nat({ max: 60 }) }) },
  ),
  { minLength: 1, maxLength: 80, size: 'max' },
) as fc.Arbitrary<Step[]>

/** One client: its connection, whom it would say is present, and what is true of it. */
interface Client {
  session: PresentSession | undefined
  /** What it hears of each channel that it subscribes to. */
  readonly ears: Map<string, PresenceReader>
  /** How many frames were read. */
  read: number
  /** By channel, what it shows. */
  readonly shows: Map<string, number>
  lostAt: number | undefined
}

/** What may become of a frame on its way to the observers; for showing that a fault is caught. */
type Tamper = (frame: Frame) => readonly Frame[]

/** Presence under a course of steps, beside a model of who should be present. */
class Trial {
  readonly test = presenceOnTest({ presenceGraceMs: graceMs, presenceDiffMs: diffMs })
  readonly complaints: string[] = []
  readonly #tamper: Tamper
  readonly #clients: Client[] = Array.from({ length: 4 }, () => ({
    session: undefined,
    ears: new Map(),
    read: 0,
    shows: new Map(),
    lostAt: undefined,
  }))

  constructor(tamper: Tamper = (frame) => [frame]) {
    this.#tamper = tamper
  }

  async take(step: Step): Promise<void> {
    if (step.do === 'advance') await this.#advance(step.ms)
    else this.#act(step, this.#clients[step.at]!)
    for (const client of this.#clients) this.#hear(client)
    for (const name of rooms) this.#compare(`list of ${name}`, this.#listed(name), this.#expected(name))
  }

  async end(): Promise<void> {
    await this.take({ do: 'advance', ms: graceMs })
    await this.take({ do: 'advance', ms: diffMs })
    for (const [i, { ears }] of this.#clients.entries()) {
      for (const [name, { members }] of ears) {
        const seen = [...members.values()].map(([, client, , state]) => `${client} ${state}`)
        this.#compare(`what ${i} sees of ${name}`, seen, this.#expected(name))
      }
    }
    this.test.presence.close()
    if (this.test.clock.pending > 0) this.complaints.push('a timer was left')
  }

  #act(step: Exclude<Step, { do: 'advance' }>, client: Client): void {
    const { session, ears, shows } = client
    if (!('room' in step)) {
      if (step.do === 'lose' || step.do === 'sendAway') this.#lose(client, step.do === 'sendAway')
      else if ((step.do === 'connect') === (session === undefined)) this.#connect(client, step)
    } else if (session) {
      const name = rooms[step.room]!
      if (step.do === 'enter') {
        session.enter(step.state, name)
        shows.set(name, step.state)
      } else if (step.do === 'leave') {
        session.leave(name)
        shows.delete(name)
      } else {
        this.#hear(client)
        session[step.do](name)
        if (step.do === 'sub') ears.set(name, new PresenceReader())
        else ears.delete(name)
      }
    }
  }

  /** A new connection, where there is one already, is heard of before or after the end of the older. */
  #connect(client: Client, { at, isLate }: { readonly at: number; readonly isLate: boolean }): void {
    const older = client.session
    const newer = this.test.connect(`client ${at}`)
    if (isLate) newer.resumed()
    older?.lose()
    if (!isLate) newer.resumed()
    Object.assign(client, { session: newer, read: 0, lostAt: undefined })
    client.ears.clear()
  }

  #lose(client: Client, isSentAway: boolean): void {
    if (!client.session) return
    client.session.lose(isSentAway)
    client.session = undefined
    client.ears.clear()
    if (isSentAway) client.shows.clear()
    else client.lostAt = this.test.clock.now()
  }

  async #advance(ms: number): Promise<void> {
    const { clock } = this.test
    await clock.advance(ms)
    for (const client of this.#clients) {
      if (client.lostAt === undefined || client.lostAt + graceMs > clock.now()) continue
      client.shows.clear()
      client.lostAt = undefined
    }
  }

  /** Hands on what a client was sent, to the ears of the channel that it is about. */
  #hear(client: Client): void {
    const { session, ears } = client
    if (!session) return
    const frames = presenceFrames(session.socket).slice(client.read)
    client.read += frames.length
    for (const frame of frames.flatMap(this.#tamper)) {
      const name = rooms.find((each) => this.test.rooms.get(each)?.cid === frame[1])
      const reader = name === undefined ? undefined : ears.get(name)
      reader?.read(frame)
      this.complaints.push(...(reader?.complaints.splice(0) ?? []))
    }
  }

  #listed(name: string): string[] {
    return this.test.presence.list(name).map(({ client, state }) => `${client} ${state}`)
  }

  #expected(name: string): string[] {
    return this.#clients.flatMap(({ shows }, i) =>
      shows.has(name) ? [`client ${i} ${shows.get(name)}`] : [],
    )
  }

  #compare(what: string, seen: readonly string[], expected: readonly string[]): void {
    const [a, b] = [seen, expected].map((list) => [...list].sort().join(', '))
    if (a !== b) this.complaints.push(`${what}: ${a} instead of ${b}`)
  }
}

async function complaintsOf(course: readonly Step[], tamper?: Tamper): Promise<string[]> {
  const trial = new Trial(tamper)
  for (const step of course) await trial.take(step)
  await trial.end()
  return trial.complaints
}

test('whatever happens, the list is right at once, and whoever subscribes ends with it, by versions without a hole and one leave a mark', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (course) => {
      expect(await complaintsOf(course)).toEqual([])
    }),
    { numRuns: 400 },
  )
})

describe('the observer complains', () => {
  const course: Step[] = [
    { do: 'connect', at: 0, isLate: false },
    { do: 'connect', at: 1, isLate: false },
    { do: 'sub', at: 0, room: 0 },
    { do: 'enter', at: 1, room: 0, state: 1 },
    { do: 'advance', ms: diffMs },
    { do: 'enter', at: 1, room: 0, state: 2 },
    { do: 'advance', ms: diffMs },
    { do: 'leave', at: 1, room: 0 },
    { do: 'advance', ms: diffMs },
    { do: 'enter', at: 1, room: 0, state: 1 },
    { do: 'advance', ms: diffMs },
  ]
  const isVersion = (frame: Frame, version: number) => frame[0] === 'diff' && frame[2] === version

  test('of nothing where all is right', async () => {
    expect(await complaintsOf(course)).toEqual([])
  })

  test.each<[string, Tamper, RegExp]>([
    ['a diff is lost', (frame) => (isVersion(frame, 2) ? [] : [frame]), /^3 after 1$/],
    [
      'a diff comes twice',
      (frame) => (isVersion(frame, 3) ? [frame, frame] : [frame]),
      /left and was not there/,
    ],
    [
      'a mark comes again',
      (frame) => (isVersion(frame, 4) ? [frame, ['diff', frame[1], 5, [...marks], []]] : [note(frame)]),
      /came again/,
    ],
    [
      'a member is missing',
      (frame) => (isVersion(frame, 4) ? [['diff', frame[1], 4, [], []]] : [frame]),
      /^what 0 sees of one: {2}instead of client 1 1$/,
    ],
  ])('when %s', async (_, tamper, complaint) => {
    expect(await complaintsOf(course, tamper)).toContainEqual(expect.stringMatching(complaint))
  })
})

/** The members of the last frame that was noted with any. */
let marks: Frame[3] = []
function note(frame: Frame): Frame {
  if (frame[3].length > 0) marks = frame[3]
  return frame
}
