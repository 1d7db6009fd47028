import type { Channel } from '../client/channel.ts'
import type { SendOptions } from '../client/outbox.ts'
import type { Undo } from '../shared/disposer.ts'
import { isSyncError } from '../shared/errors.ts'
import type { Position } from '../shared/position.ts'
import type { Random } from '../shared/random.ts'
import type { SendFact } from './facts.ts'
import type { Untimed } from './faulty-broker.ts'
import { OnPurpose, type Registry } from './scenario-app.ts'
import type { World } from './world.ts'
import type { Page } from './world-parts.ts'

/** How long a send may wait, as the clients of the scenarios are set, in milliseconds. */
export const outbox = { ttlMs: 20_000, giveUpMs: 40_000 }
export const requestTimeoutMs = 12_000

/** What a listener does beside listening. */
type Manner = 'plain' | 'throws' | 'leaves' | 'sends' | 'reconnects'

const manners: readonly [manner: Manner, upTo: number][] = [
  ['plain', 0.6],
  ['throws', 0.7],
  ['leaves', 0.8],
  ['sends', 0.9],
  ['reconnects', 1],
]

interface Listening {
  readonly page: Page<Registry>
  readonly leave: () => void
}

/** Those who use the app: they listen, and send, and take down what they see. */
export class People {
  readonly #world: World<Registry>
  readonly #listeners = new Map<string, Listening>()
  #lastListener = 0
  #lastId = 0
  /** Whether the next page sends what this one could not. */
  readonly #isKept: boolean

  constructor(world: World<Registry>, isKept: boolean) {
    this.#world = world
    this.#isKept = isKept
  }

  nextId(): number {
    return ++this.#lastId
  }

  /** Listens on a page, to one feed. */
  listen(page: Page<Registry>, feed: string, random: Random): void {
    const { record } = this.#world
    const handle = page.client.channel('feed', { name: feed })
    const listener = `listener ${++this.#lastListener}`
    const dice = random()
    const [manner] = manners.find(([, upTo]) => dice < upTo)!
    let left = 1 + Math.floor(random() * 4)
    const undos: Undo[] = []
    const leave = () => {
      this.#listeners.delete(listener)
      record({ kind: 'left', listener })
      for (const undo of undos) undo()
    }
    this.#listeners.set(listener, { page, leave })
    record({ kind: 'listening', listener, client: page.name, channel: handle.name })
    const act = () => {
      if (left-- === 0) this.#act(manner, { page, handle, leave })
      else if (manner === 'throws') throw new OnPurpose()
    }
    undos.push(
      handle.on('subscribed', ({ position, recovered }) => {
        record({ kind: 'subscribed', listener, position, recovered })
      }),
      handle.on('gap', ({ position, reason }) => record({ kind: 'gap', listener, position, reason })),
      handle.on('wave', ({ id }) => record({ kind: 'told', listener, id })),
    )
    for (const event of ['tick', 'post'] as const) {
      undos.push(
        handle.on(event, ({ id }, { position, replayed }) => {
          record({ kind: 'delivered', listener, position, id, replayed })
          act()
        }),
      )
    }
  }

  /** One listener, of those on pages that run, leaves. */
  leave(random: Random): void {
    const listening = [...this.#listeners.values()].filter(({ page }) => page.process.isRunning)
    listening[Math.floor(random() * listening.length)]?.leave()
  }

  publish(page: Page<Registry>, feed: string, random: Random): void {
    const handle = page.client.channel('feed', { name: feed })
    this.#publish(page, handle, this.#patience(random))
  }

  ask(page: Page<Registry>, feed: string, random: Random): void {
    const handle = page.client.channel('feed', { name: feed })
    const name = random() < 0.6 ? 'add' : 'put'
    const options = this.#patience(random)
    const send = this.nextId()
    const endsBy = this.#world.clock.now() + (options.timeoutMs ?? requestTimeoutMs)
    this.#record(page, { send, what: 'request', channel: handle.name, endsBy, idempotent: name === 'put' })
    this.#follow(
      send,
      handle.request(name, { id: send }, options).then(() => undefined),
    )
  }

  #act(manner: Manner, of: { page: Page<Registry>; handle: Channel<Registry, 'feed'>; leave: Undo }): void {
    const { page, handle, leave } = of
    if (manner === 'leaves') leave()
    else if (manner === 'sends') this.#publish(page, handle, {})
    else if (manner === 'reconnects') {
      page.client.disconnect()
      page.client.connect()
    }
  }

  #publish(page: Page<Registry>, handle: Channel<Registry, 'feed'>, options: SendOptions): void {
    const send = this.nextId()
    const endsBy = this.#world.clock.now() + (options.timeoutMs ?? outbox.ttlMs + outbox.giveUpMs)
    this.#record(page, { send, what: 'publication', channel: handle.name, endsBy })
    this.#follow(send, handle.publish('post', { id: send }, options))
  }

  #record(
    page: Page<Registry>,
    fact: Omit<Untimed<Extract<SendFact, { kind: 'sent' }>>, 'kind' | 'client'>,
  ): void {
    this.#world.record({ kind: 'sent', client: page.name, ...fact })
  }

  #follow(send: number, promise: Promise<Position | undefined>): void {
    const { record } = this.#world
    promise.then(
      (position) => record({ kind: 'answered', send, outcome: 'applied', ...(position && { position }) }),
      (error) => {
        const code = isSyncError(error) ? error.code : 'none'
        const isLeft = code === 'closed' && this.#isKept
        const isUnknown = isLeft || code === 'indeterminate' || code === 'aborted'
        record({ kind: 'answered', send, outcome: isUnknown ? 'unknown' : 'refused', code })
      },
    )
  }

  /** Most wait as long as it takes; some give up. */
  #patience(random: Random): SendOptions {
    const dice = random()
    if (dice < 0.8) return {}
    const ms = 500 + Math.floor(random() * 8_000)
    if (dice < 0.9) return { timeoutMs: ms }
    const abort = new AbortController()
    this.#world.clock.after(ms, () => abort.abort())
    return { signal: abort.signal }
  }
}
