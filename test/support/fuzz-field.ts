import { createServer, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { channel, defineRegistry, SyncError } from 'syncline'
import { type Client, createClient } from 'syncline/client'
import { attachWebSocket, type Broadcaster, createHub, type Hub, memory } from 'syncline/server'
import { manualClock } from 'syncline/testing'
import * as z from 'zod'
import { carryOut } from './fuzz-attacker.ts'
import type { Attack } from './fuzz-grammar.ts'
import { countedBroadcaster } from './fuzz-leftovers.ts'
import { unhandledDuring } from './unhandled.ts'

export const registry = defineRegistry({
  room: channel('room/:id', {
    events: { renamed: z.object({ title: z.string() }) },
    clientEvents: { said: z.object({ text: z.string() }) },
    messages: { cursor: z.object({ x: z.number() }) },
    requests: {
      add: {
        input: z.object({ a: z.number(), b: z.number() }),
        output: z.object({ sum: z.number() }),
      },
      refuse: { input: z.unknown(), output: z.null() },
      hang: { input: z.unknown(), output: z.null() },
    },
    presence: z.object({ name: z.string() }),
  }),
  news: channel('news', { events: { told: z.object({ text: z.string() }) } }),
  inbox: channel('inbox/:user', { events: { mail: z.object({ subject: z.string() }) } }),
  /** In the registry, and not served. */
  locked: channel('locked', { clientEvents: { said: z.object({ text: z.string() }) } }),
})

type FuzzHub = Hub<typeof registry>

/** How a test breaks a hub, to see that it is noticed. */
export interface FieldOptions {
  /** How long a condition may take, in milliseconds. Default 10,000, for a busy machine. */
  readonly patienceMs?: number
  readonly hub?: (hub: FuzzHub) => Parameters<typeof attachWebSocket>[0]
  readonly broadcaster?: (inner: Broadcaster) => Broadcaster
}

/** What an attacker may cause to be reported, as `stage code`; all else is a failure of the hub. */
const expected = ['frame bad_frame', 'frame too_large', 'frame unknown_frame', 'request timeout']

/** A client that does nothing wrong. */
interface Citizen {
  readonly client: Client<typeof registry>
  /** What it heard of the citizens, as `sender text`. */
  readonly heard: string[]
  /** What disturbed it. */
  readonly disturbances: string[]
}

/** A hub on real sockets, with clients that must not notice what others do to it. */
export class Field {
  readonly clock = manualClock()
  readonly broadcaster: ReturnType<typeof countedBroadcaster>
  readonly hub: FuzzHub
  readonly errors: string[] = []
  /** The close codes that attackers saw. */
  readonly codes = new Map<number | undefined, number>()
  /** How often each thing happened, by the type of its diagnostic. */
  readonly seen = new Map<string, number>()
  readonly #patienceMs: number
  readonly #sockets = new Set<Socket>()
  readonly #breakHub: NonNullable<FieldOptions['hub']>
  #detach = () => {}
  readonly #held = new Set<string>()
  readonly #present = new Set<string>()
  #citizens: Citizen[] = []
  #port = 0
  #said = 0
  #timers = 0

  constructor(options: FieldOptions = {}) {
    const { hub: breakHub = (hub) => hub, broadcaster: breakLog = (inner) => inner } = options
    this.#breakHub = breakHub
    const { clock } = this
    this.#patienceMs = options.patienceMs ?? 10_000
    const log = memory({ clock, maxEntries: 64, maxBytes: 1_000_000, maxIdleMs: 10_000 })
    this.broadcaster = countedBroadcaster(breakLog(log))
    this.hub = createHub(registry, {
      clock,
      broadcaster: this.broadcaster,
      maxMessageBytes: 16_384,
      // An attacker that reads is never too slow here, however much it asks for.
      maxBufferedBytes: 1_000_000_000,
      handlerTimeoutMs: 5_000,
      onError: ({ code }, { stage }) => this.errors.push(`${stage} ${code}`),
    })
    serveAll(this.hub)
    this.#tally()
  }

  /** Lets the citizens in. */
  async open(): Promise<void> {
    const server = await commonServer()
    const onConnection = (socket: Socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
    }
    server.on('connection', onConnection)
    const undo = attachWebSocket(this.#breakHub(this.hub), server, { path: '/sync' })
    this.#detach = () => {
      undo()
      server.off('connection', onConnection)
    }
    this.#port = (server.address() as AddressInfo).port
    this.#citizens = [this.#citizen(), this.#citizen()]
    await this.#eventually('two citizens', () => this.#held.size === 2)
    await this.clock.advance(1_000)
    this.#timers = this.clock.pending
  }

  async close(): Promise<void> {
    for (const { client } of this.#citizens) client.close()
    await this.hub.close({ withinMs: 0 })
    await this.broadcaster.close()
    for (const socket of this.#sockets) socket.destroy()
    this.#detach()
  }

  /** Attacks the hub while the citizens go about their business. Rejects with all that is not as it must be. */
  async besiege(attacks: readonly Attack[]): Promise<void> {
    this.errors.length = 0
    const problems: unknown[] = []
    const failures = await failuresDuring(async () => {
      for (const step of [
        () => this.#fight(attacks),
        () => this.#expectAllHeard(),
        () => this.#expectNothingLeft(),
      ])
        await step().catch((problem) => problems.push(problem))
    })
    problems.push(...failures.map((failure) => `not handled: ${describe(failure)}`))
    problems.push(...this.#wrongReports(attacks.length))
    if (problems.length > 0) throw new Error(problems.map(String).join('; '))
  }

  async #fight(attacks: readonly Attack[]): Promise<void> {
    const { maxMessageBytes } = this.hub.settings
    const target = { port: this.#port, maxMessageBytes, patienceMs: this.#patienceMs }
    const lives = Promise.allSettled(this.#citizens.map((citizen) => this.#live(citizen)))
    const assault = Promise.allSettled(attacks.map((attack) => carryOut(attack, target)))
    const passing = this.#passTime(assault)
    const ends = await assault
    await passing
    for (const end of ends) if (end.status === 'fulfilled') this.#count(this.codes, end.value)
    const after = await Promise.allSettled(this.#citizens.map((citizen) => this.#live(citizen)))
    const failed = [...ends, ...(await lives), ...after].filter((end) => end.status === 'rejected')
    if (failed.length > 0) throw new Error(failed.map(({ reason }) => String(reason)).join('; '))
  }

  /** So that what the hub does after a while is done, too, such as telling who is present; less than any deadline of an attacker. */
  async #passTime(until: Promise<unknown>): Promise<void> {
    let isOver = false
    const over = () => {
      isOver = true
    }
    until.then(over, over)
    for (let ms = 0; ms < 2_000 && !isOver; ms += 10) await this.clock.advance(10)
  }

  #count<Key>(counts: Map<Key, number>, key: Key): void {
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }

  #citizen(): Citizen {
    const heard: string[] = []
    const disturbances: string[] = []
    const client = createClient(registry, {
      url: `ws://127.0.0.1:${this.#port}/sync`,
      onError: ({ code, message }, { stage }) => disturbances.push(`${stage} ${code}: ${message}`),
    })
    const room = client.channel('room', { id: 1 })
    room.on('said', ({ text }, { sender }) => {
      if (this.#citizens.some((one) => one.client.id === sender)) heard.push(`${sender} ${text}`)
    })
    room.on('gap', ({ reason }) => disturbances.push(`gap ${reason}`))
    return { client, heard, disturbances }
  }

  /** Publishes and asks, as any client does. */
  async #live({ client }: Citizen): Promise<void> {
    const room = client.channel('room', { id: 1 })
    for (let i = 0; i < 3; i++) {
      const n = ++this.#said
      const [, reply] = await this.#inTime(
        'an answer to a citizen',
        Promise.all([room.publish('said', { text: `${n}` }), room.request('add', { a: n, b: 1 })]),
      )
      if (reply.sum !== n + 1) throw new Error(`${n} + 1 was answered with ${JSON.stringify(reply)}`)
    }
  }

  async #expectAllHeard(): Promise<void> {
    const [ada, ben] = this.#citizens as [Citizen, Citizen]
    const all = () => this.#citizens.every(({ heard }) => heard.length >= this.#said)
    await this.#eventually('what citizens said', all)
    for (const { heard, disturbances, client } of this.#citizens) {
      const { counts } = client.stats()
      if (client.status.state !== 'connected' || counts.connected !== 1) disturbances.push('it was cut off')
      if (disturbances.length > 0) throw new Error(`a citizen was disturbed: ${disturbances}`)
      if (heard.length !== this.#said) throw new Error(`heard ${heard.length} of ${this.#said}`)
      // Of each, in the order in which it spoke.
      for (const speaker of [ada, ben]) {
        const own = heard
          .filter((one) => one.startsWith(`${speaker.client.id} `))
          .map((one) => +one.split(' ')[1]!)
        if (own.some((n, i) => i > 0 && n <= own[i - 1]!)) throw new Error(`heard out of order: ${own}`)
      }
      if (heard.join() !== ada.heard.join()) throw new Error('two citizens heard another order')
    }
  }

  async #expectNothingLeft(): Promise<void> {
    await this.#eventually('the end of every attacker', () => this.hub.connections === 2)
    // Past the deadline of handlers, the grace of who is present, and what is told of it.
    await this.clock.advance(11_000)
    await this.#eventually('the end of every request', () => this.broadcaster.claims === 0)
    const counts = await Promise.all([1, 2, 3].map((id) => this.hub.channel('room', { id }).count()))
    await this.#eventually('the end of every socket', () => this.#sockets.size === 2)
    const left = {
      held: this.#held.size - 2,
      present: this.#present.size + counts.reduce((sum, { members }) => sum + members, 0),
      followed: this.broadcaster.following - 1,
      timers: this.clock.pending - this.#timers,
    }
    if (Object.values(left).some((count) => count !== 0))
      throw new Error(`left over: ${JSON.stringify(left)}`)
  }

  /** Waits for what cannot be listened to. */
  async #eventually(what: string, test: () => boolean): Promise<void> {
    const until = Date.now() + this.#patienceMs
    while (!test()) {
      if (Date.now() > until) throw new Error(`${what}: it did not come to that`)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  #inTime<T>(what: string, work: Promise<T>): Promise<T> {
    let late: NodeJS.Timeout | undefined
    const tooLate = new Promise<never>((_resolve, reject) => {
      late = setTimeout(() => reject(new Error(`${what} did not come`)), this.#patienceMs)
    })
    return Promise.race([work, tooLate]).finally(() => clearTimeout(late))
  }

  #wrongReports(attackers: number): string[] {
    const wrong = this.errors.filter((error) => !expected.includes(error))
    const ended = this.errors.filter((error) => /(bad_frame|too_large)$/.test(error)).length
    const problems = wrong.length > 0 ? [`reported: ${wrong}`] : []
    // Each of them once: nothing is read of who was sent away.
    return ended > attackers ? [...problems, `${ended} reports of ${attackers} attackers`] : problems
  }

  #tally(): void {
    this.hub.onDiagnostic((one) => {
      this.#count(this.seen, one.type)
      if (one.type === 'subscribe') this.#held.add(`${one.client} ${one.channel}`)
      else if (one.type === 'unsubscribe') this.#held.delete(`${one.client} ${one.channel}`)
      else if (one.type === 'presence') {
        if (one.change === 'enter') this.#present.add(`${one.client} ${one.channel}`)
        else this.#present.delete(`${one.client} ${one.channel}`)
      }
    })
  }
}

let server: Server | undefined

/** One for all fields: the platform's client keeps something of every address that it has ever seen. */
async function commonServer(): Promise<Server> {
  if (server) return server
  const made = createServer()
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve))
  server = made.unref()
  return made
}

function serveAll(hub: FuzzHub): void {
  hub.serve('room', {
    authorize: ({ action }) => (action === 'presence' ? Promise.resolve(true) : true),
    onPublish: ({ data }) => data,
    requests: {
      add: ({ input: { a, b } }) => ({ sum: a + b }),
      refuse: () => {
        throw new SyncError('not_found', 'There is nothing')
      },
      hang: ({ signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason))
        }),
    },
  })
  hub.serve('news', {})
  hub.serve('inbox', {})
}

/** What nobody has caught by the end of `run`, thrown or rejected. */
async function failuresDuring(run: () => Promise<void>): Promise<unknown[]> {
  const listeners = process.listeners('uncaughtException')
  const thrown: unknown[] = []
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', (error) => thrown.push(error))
  try {
    const rejected = await unhandledDuring(run)
    return [...thrown, ...rejected]
  } finally {
    process.removeAllListeners('uncaughtException')
    for (const listener of listeners) process.on('uncaughtException', listener)
  }
}

function describe(failure: unknown): string {
  return failure instanceof Error ? (failure.stack ?? failure.message) : String(failure)
}
