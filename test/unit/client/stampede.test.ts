import { type ClientOptions, createClient, type SocketFactory } from 'syncline/client'
import { manualClock, seededRandom } from 'syncline/testing'
import { describe, expect, test } from 'vitest'
import { registry } from '../../support/challenge-registry.ts'
import { type FakeSockets, fakeSockets } from '../../support/fake-sockets.ts'

const crowd = 50
const windowMs = 100
/** The share of the crowd that may come in the busiest window. */
const bound = 0.15

/** How the hub ends one connection, and within how long its client has knocked again. */
interface End {
  readonly withinMs: number
  end(sockets: FakeSockets): void
}

const drop: End = {
  withinMs: 3_000,
  end: (sockets) => sockets.last.listener.closed(1006, ''),
}
const bye: End = {
  withinMs: 10_000,
  end: (sockets) => sockets.last.receive('bye', 'draining', { afterMs: [0, 10_000] }),
}

/** A crowd that is connected, and when each of it knocks from now on. Their random numbers are those of `seed`. */
function gather(seed: number, options: Partial<ClientOptions> = {}) {
  const clock = manualClock()
  const random = seededRandom(seed)
  const knocks: number[] = []
  const clients = Array.from({ length: crowd }, () => {
    const sockets = fakeSockets()
    const socket: SocketFactory = (address, listener) => {
      knocks.push(clock.now())
      return sockets.factory(address, listener)
    }
    const client = createClient(registry, { url: 'ws://hub/sync', clock, random, socket, ...options })
    client.connect()
    sockets.last.welcome()
    return { client, sockets }
  })
  knocks.length = 0
  return {
    clock,
    clients,
    knocks,
    close: () => {
      for (const { client } of clients) client.close()
    },
  }
}

/** When each of the crowd knocks again after all were ended at once. */
async function knocks(seed: number, { end, withinMs }: End, options?: Partial<ClientOptions>) {
  const { clock, clients, knocks, close } = gather(seed, options)
  for (const { sockets } of clients) end(sockets)
  await clock.advance(withinMs - 1)
  close()
  return knocks
}

/** When each of the crowd says that it will knock again, right after all were dropped, for five times that they were. */
async function promises(seed: number, options?: Partial<ClientOptions>): Promise<number[][]> {
  const { clients, close } = gather(seed, options)
  const rounds = Array.from({ length: 5 }, () => {
    for (const { sockets } of clients) drop.end(sockets)
    const at = clients.map(({ client }) => client.status.nextAttemptAt!)
    for (const { client, sockets } of clients) {
      client.disconnect()
      client.connect()
      sockets.last.welcome()
    }
    return at
  })
  close()
  return rounds
}

/** The largest share that comes in any window, wherever it begins. */
function busiest(at: readonly number[]): number {
  const counts = at.map((from) => at.filter((ms) => ms >= from && ms < from + windowMs).length)
  return Math.max(...counts) / crowd
}

/** The shares of the busiest window over so many seeds, lowest first. */
async function shares(seeds: number, roundsOf: (seed: number) => Promise<number[][]>): Promise<number[]> {
  const all: number[] = []
  for (let seed = 0; seed < seeds; seed++) {
    for (const at of await roundsOf(seed)) {
      expect(at).toHaveLength(crowd)
      all.push(busiest(at))
    }
  }
  return all.sort((a, b) => a - b)
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
/** The value below or at which the share `part` of all lies. */
const percentile = (sorted: readonly number[], part: number) => sorted[Math.ceil(sorted.length * part) - 1]!

describe('fifty clients', () => {
  test('that are dropped knock when they have said that they would', async () => {
    for (let seed = 0; seed < 10; seed++) {
      const [promised] = await promises(seed)
      expect(await knocks(seed, drop)).toEqual(promised!.sort((a, b) => a - b))
    }
  }, 60_000)

  /*
   * Drawn evenly over 3 s, they would bring 3.3 % of themselves into a given window, and 11.3 % into the busiest one on
   * average; in 3.7 % of all cases chance alone brings more than 15 % there, as in 200,000 draws from another generator. So
   * the bound is held by the mean and by 95 of 100 seeds, and cannot be by each.
   */
  test('that are dropped at once come back in no crowd', async () => {
    const all = await shares(200, promises)
    expect(mean(all)).toBeLessThanOrEqual(0.12)
    expect(percentile(all, 0.95)).toBeLessThanOrEqual(bound)
    expect(all.at(-1)).toBeLessThanOrEqual(2 * bound)
  }, 60_000)

  test('that are told to leave within 10 s come back in no crowd, for every seed', async () => {
    const all = await shares(100, async (seed) => [await knocks(seed, bye)])
    expect(mean(all)).toBeLessThanOrEqual(0.075)
    expect(all.at(-1)).toBeLessThanOrEqual(bound)
  }, 60_000)

  test('that would come back within 500 ms are a crowd for every seed, and the bound tells', async () => {
    const all = await shares(40, (seed) => promises(seed, { backoff: { firstMaxMs: 500 } }))
    expect(all[0]).toBeGreaterThan(bound)
    expect(percentile(all, 0.95)).toBeGreaterThan(2 * bound)
  }, 60_000)
})
