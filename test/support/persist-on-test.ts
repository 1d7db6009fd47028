import type { Undo } from 'syncline'
import {
  type Claim,
  type Client,
  type ClientOptions,
  createClient,
  type PersistOptions,
  persisted,
  type SendOptions,
} from 'syncline/client'
import { createHub, memory } from 'syncline/server'
import { createNetwork, type Link, type ManualClock, manualClock, seededRandom } from 'syncline/testing'
import { onTestFinished } from 'vitest'
import type { Frame } from '../../src/protocol/frames.ts'
import { type Watched, watch } from './outbox-on-test.ts'
import { type StorageOnTest, storageOnTest } from './persist-storage-on-test.ts'
import { registry } from './room-registry.ts'

/** What a tab keeps over a reload. */
export type TabOnTest = NonNullable<PersistOptions['tab']> & { readonly items: Map<string, string> }

export function tabOnTest(items: Iterable<[string, string]> = []): TabOnTest {
  const kept = new Map(items)
  return {
    items: kept,
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, text) => void kept.set(key, text),
  }
}

export interface PageOptions extends Partial<Omit<ClientOptions, 'persist'>> {
  readonly user?: string
  readonly tab?: TabOnTest
  readonly with?: Partial<PersistOptions>
  /** Without it, nothing is kept. */
  readonly isPersisted?: boolean
}

/** One page in one tab, with a client of the hub. */
export interface PageOnTest {
  readonly client: Client<typeof registry>
  readonly errors: { code: string; stage: string; channel: string | undefined; event: string | undefined }[]
  /** What was heard in the room, and gaps. */
  readonly heard: string[]
  /** Publishes in the room. */
  say(text: string, options?: SendOptions): Watched
  /** Listens in the room from now on. */
  listen(): void
  /** The frames of a type that the page has sent. */
  sent(type: string): Frame[]
  /** Ends it as a browser does, or a crash: without a word to the client, which does nothing any more. */
  end(): void
}

/** One browser with a storage, any number of tabs, a network and a real hub, all in this process and on one clock. */
export function browserOnTest() {
  const clock = manualClock()
  const storage = storageOnTest()
  const random = seededRandom(7)
  const claimed = new Set<string>()
  const hub = createHub(registry, {
    clock,
    random,
    // Some tests last longer than logs do.
    broadcaster: memory({ clock, random, maxAgeMs: Number.POSITIVE_INFINITY }),
    authenticate: ({ token }) => ({ id: token ?? 'ada' }),
  })
  hub.serve('room', { authorize: () => true })
  /** Whether what the hub answers to publications gets lost. */
  const wire = { losesAcks: false }
  const network = createNetwork(hub, {
    clock,
    tamper: (message) => {
      if (!wire.losesAcks) return [message]
      const frames = framesOf(message).filter(([type]) => type !== 'ack')
      return frames.length > 0 ? [JSON.stringify(frames)] : []
    },
  })
  onTestFinished(() => hub.close({ withinMs: 0 }))
  const pages: { close(): void }[] = []
  onTestFinished(() => {
    for (const page of pages) page.close()
  })
  const open = (options: PageOptions = {}): PageOnTest => {
    const page = openPage({ clock, storage, claimed, network, random }, options)
    pages.push(page.client)
    return page
  }
  return {
    clock,
    storage,
    hub,
    network,
    wire,
    claimed,
    open,
    /** Cuts every connection. */
    cut: () => {
      for (const link of network.links) link.cut()
    },
    /** What stands in the log of the room. */
    log: async () => {
      const { entries } = await hub.channel('room', { id: 1 }).history({ limit: 100 })
      return entries.map(({ data }) => (data as { text: string }).text)
    },
  }
}

const framesOf = (message: string): Frame[] => {
  const parsed = JSON.parse(message)
  return Array.isArray(parsed[0]) ? parsed : [parsed]
}

interface Around {
  readonly clock: ManualClock
  readonly storage: StorageOnTest
  readonly claimed: Set<string>
  readonly network: { readonly socket: NonNullable<ClientOptions['socket']>; readonly links: readonly Link[] }
  readonly random: () => number
}

function openPage({ clock, storage, claimed, network, random }: Around, options: PageOptions): PageOnTest {
  const { user = 'ada', tab = tabOnTest(), with: more, isPersisted = true, ...given } = options
  let isOver = false
  const undos = new Set<Undo>()
  const frames: Frame[] = []
  const errors: PageOnTest['errors'] = []
  const heard: string[] = []
  const never = new Promise<never>(() => {})
  const alive = async <T>(work: Promise<T>) => {
    const result = await work
    return isOver ? never : result
  }
  const ownStorage = {
    read: (prefix: string) => (isOver ? never : alive(storage.read(prefix))),
    write: (changes: ReadonlyMap<string, string | undefined>) =>
      isOver ? never : alive(storage.write(changes)),
    close: () => storage.close?.(),
  }
  const claim: Claim = async (name) => {
    if (claimed.has(name) || isOver) return undefined
    claimed.add(name)
    const release = () => {
      claimed.delete(name)
      undos.delete(release)
    }
    undos.add(release)
    return release
  }
  const client = createClient(registry, {
    url: 'ws://hub/sync',
    random,
    auth: () => user,
    clock: {
      now: clock.now,
      after: (ms, run) => {
        if (isOver) return () => {}
        const stop = clock.after(ms, run)
        undos.add(stop)
        return () => {
          stop()
          undos.delete(stop)
        }
      },
    },
    socket: (address, listener) => {
      const before = new Set(network.links)
      const socket = network.socket(address, listener)
      const link = network.links.find((each) => !before.has(each))
      undos.add(() => link?.cut())
      return {
        get bufferedBytes() {
          return socket.bufferedBytes
        },
        send: (message) => {
          frames.push(...framesOf(message))
          socket.send(message)
        },
        close: () => socket.close(),
      }
    },
    signals: { online: () => () => {}, visible: () => () => {}, frozen: () => () => {} },
    onError: ({ code }, { stage, channel, event }) => void errors.push({ code, stage, channel, event }),
    ...given,
    ...(isPersisted && { persist: persisted({ user, storage: ownStorage, claim, tab, ...more }) }),
  })
  const room = client.channel('room', { id: 1 })
  return {
    client,
    errors,
    heard,
    say: (text, options) => watch(room.publish('said', { text }, options)),
    listen: () => {
      room.on('said', ({ text }) => heard.push(text))
      room.on('gap', ({ reason }) => heard.push(`gap: ${reason}`))
    },
    sent: (type) => frames.filter(([each]) => each === type),
    end: () => {
      isOver = true
      for (const undo of [...undos]) undo()
    },
  }
}
