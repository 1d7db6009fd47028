import { type Client, createClient, type Presence, presence } from 'syncline/client'
import { createHub, type Hub } from 'syncline/server'
import { createNetwork, manualClock, type NetworkOptions, seededRandom } from 'syncline/testing'
import { expect, test } from 'vitest'
import { registry } from '../support/presence-registry.ts'

type R = typeof registry

const seeds = Number(process.env.SEEDS ?? 100)
const first = Number(process.env.FROM_SEED ?? 1)

/** One client, what it wants to show, and what it has heard. */
interface Visitor {
  readonly client: Client<R>
  readonly who: Presence<R, 'room'>
  wanted: string | undefined
  /** Who has come and not gone, as `join` and `leave` tell it, from what was there when it began to listen. */
  heard: Set<string> | undefined
  stop: (() => void) | undefined
}

/** A hub, clients and a network that fails, in this process and from one seed; `tamper` shows that a fault is caught. */
class World {
  readonly complaints: string[] = []
  readonly counts: Record<string, number> = {}
  readonly #clock = manualClock()
  readonly #random
  readonly #network
  readonly #visitors: Visitor[]
  #hub: Hub<R>

  constructor(seed: number, tamper?: NetworkOptions['tamper']) {
    this.#random = seededRandom(seed)
    this.#hub = this.#startHub()
    this.#network = createNetwork(this.#hub, {
      clock: this.#clock,
      latencyMs: () => Math.floor(this.#random() * 80),
      ...(tamper && { tamper }),
    })
    this.#visitors = Array.from({ length: 4 }, () => this.#startVisitor())
  }

  async step(): Promise<void> {
    const visitor = this.#pick(this.#visitors)!
    const link = this.#pick(this.#network.links)
    const steps: readonly [weight: number, name: string, run: () => unknown][] = [
      [20, 'enter', () => this.#enter(visitor)],
      [8, 'leave', () => this.#leave(visitor)],
      [10, 'listen', () => this.#listen(visitor)],
      [6, 'stop listening', () => visitor.stop?.()],
      [8, 'cut', () => link?.cut()],
      [3, 'black hole', () => link?.blackHole()],
      [3, 'disconnect', () => visitor.client.disconnect()],
      [6, 'connect', () => visitor.client.connect()],
      [2, 'hub restart', () => this.#restart()],
      [4, 'pause', () => this.#clock.advance(this.#random() * 30_000)],
    ]
    const [, name, run] = this.#pick(steps.flatMap((each) => Array<typeof each>(each[0]).fill(each)))!
    this.counts[name] = (this.counts[name] ?? 0) + 1
    await run()
    await this.#clock.advance(this.#random() * 300)
  }

  /** Ends the faults, gives everything the time to come right, and looks. */
  async end(): Promise<void> {
    for (const { client } of this.#visitors) client.connect()
    await this.#clock.advance(180_000)
    const room = this.#hub.channel('room', { id: 1 })
    const present = (await room.presence()).map(({ client, state }) => `${client} ${state.name}`)
    const wanted = this.#visitors.flatMap(({ client, wanted: name }) =>
      name ? [`${client.id} ${name}`] : [],
    )
    this.#compare('the hub', present, wanted)
    for (const { client, who, heard } of this.#visitors) {
      if (!heard) continue
      const members = who.members.map((member) => `${member.client} ${member.state.name}`)
      this.#compare(client.id!, members, present)
      this.#compare(
        `${client.id}, by joins and leaves,`,
        [...heard],
        who.members.map((each) => each.client),
      )
    }
    for (const { client } of this.#visitors) client.close()
    await this.#hub.close({ withinMs: 0 })
    await this.#clock.advance(1_000)
    if (this.#clock.pending > 0) this.complaints.push(`${this.#clock.pending} timers are left`)
  }

  #startHub(): Hub<R> {
    const hub = createHub(registry, { clock: this.#clock, random: this.#random, onError: this.#report })
    // Takes its time, so that answers of several connections cross.
    hub.serve('room', {
      authorize: () =>
        new Promise((resolve) => void this.#clock.after(this.#random() * 100, () => resolve(true))),
    })
    return hub
  }

  #startVisitor(): Visitor {
    const client = createClient(registry, {
      url: 'ws://world/sync',
      socket: (request, listener) => this.#network.socket(request, listener),
      clock: this.#clock,
      random: this.#random,
      onError: this.#report,
    })
    const who = presence(client.channel('room', { id: 1 }))
    return { client, who, wanted: undefined, heard: undefined, stop: undefined }
  }

  #enter(visitor: Visitor): void {
    visitor.wanted = this.#pick(['Ann', 'Bob', 'Cid'])!
    this.#settles(visitor.who.enter({ name: visitor.wanted }))
  }

  #leave(visitor: Visitor): void {
    visitor.wanted = undefined
    this.#settles(visitor.who.leave())
  }

  /** Nothing is refused here: only the end of a client may reject. */
  #settles(promise: Promise<void>): void {
    promise.catch(({ code }) => {
      if (code !== 'closed' && code !== 'indeterminate') this.complaints.push(`rejected with ${code}`)
    })
  }

  #listen(visitor: Visitor): void {
    if (visitor.stop) return
    const { who } = visitor
    const heard = new Set(who.members.map(({ client }) => client))
    let isTold = heard.size > 0
    const undos = [
      who.on('join', ({ client }) => {
        if (heard.has(client)) this.complaints.push(`${client} joined twice`)
        heard.add(client)
      }),
      who.on('leave', ({ client }) => {
        if (!heard.delete(client)) this.complaints.push(`${client} left twice`)
      }),
      who.on('change', (members) => {
        this.counts.change = (this.counts.change ?? 0) + 1
        // Those whom the first answer names were there before.
        if (!isTold) for (const { client } of members) heard.add(client)
        isTold = true
      }),
    ]
    visitor.heard = heard
    visitor.stop = () => {
      for (const undo of undos) undo()
      visitor.stop = undefined
      visitor.heard = undefined
    }
  }

  async #restart(): Promise<void> {
    const old = this.#hub
    this.#hub = this.#startHub()
    this.#network.hub = this.#hub
    await old.close({ withinMs: 0 })
  }

  readonly #report = ({ code }: { code: string }, { stage }: { stage: string }): void => {
    this.complaints.push(`reported ${code} in ${stage}`)
  }

  #compare(who: string, seen: readonly string[], expected: readonly string[]): void {
    const [a, b] = [seen, expected].map((list) => [...list].sort().join(', '))
    if (a !== b) this.complaints.push(`${who} has [${a}] instead of [${b}]`)
  }

  #pick<T>(items: readonly T[]): T | undefined {
    return items[Math.floor(this.#random() * items.length)]
  }
}

async function run(seed: number, tamper?: NetworkOptions['tamper']): Promise<World> {
  const world = new World(seed, tamper)
  for (let i = 0; i < 60; i++) await world.step()
  await world.end()
  return world
}

test(`in ${seeds} worlds full of faults, everyone ends up seeing exactly those who want to be there`, async () => {
  const total: Record<string, number> = {}
  for (let seed = first; seed < first + seeds; seed++) {
    const { complaints, counts } = await run(seed)
    expect(complaints.map((complaint) => `seed ${seed}: ${complaint}`)).toEqual([])
    for (const [name, count] of Object.entries(counts)) total[name] = (total[name] ?? 0) + count
  }
  console.info(`What happened in ${seeds} worlds of presence:`, total)
  const happens = ['enter', 'leave', 'listen', 'cut', 'black hole', 'disconnect', 'hub restart', 'change']
  expect(happens.filter((name) => !((total[name] ?? 0) > seeds / 2))).toEqual([])
}, 600_000)

/** Changes frames of one type on their way to the clients. */
const altering =
  (type: string, alter: (frame: unknown[]) => unknown[]): NetworkOptions['tamper'] =>
  (message) => {
    const frame: unknown[] = JSON.parse(message)
    return [frame[0] === type ? JSON.stringify(alter(frame)) : message]
  }

test.each([
  [
    'the marks of who has left get lost',
    altering('diff', (frame) => [...frame.slice(0, 4), []]),
    /has \[.+\] instead/,
  ],
  [
    'nobody is told who has come',
    altering('diff', ([type, cid, version, , left]) => [type, cid, version, [], left]),
    /instead of \[.+\]/,
  ],
  [
    'the first answer names nobody',
    altering('members', (frame) => [...frame.slice(0, 3), []]),
    /instead of \[.+\]/,
  ],
])('a world in which %s is found out', async (_, tamper, complaint) => {
  const found: string[] = []
  for (let seed = 1; seed <= 20; seed++) found.push(...(await run(seed, tamper)).complaints)
  expect(found).toContainEqual(expect.stringMatching(complaint))
})
