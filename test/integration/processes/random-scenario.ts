import { seededRandom } from 'syncline/testing'
import type { TrapAct, Way } from './proxy.ts'
import type { Scenario, Step } from './scenario.ts'

export interface RandomOptions {
  /** How many things happen. Default 40. */
  readonly steps?: number
  /** For how long a process stands still at most, in milliseconds. Default 1,500. */
  readonly maxStopMs?: number
}

const types = {
  up: ['pub', 'req', 'sub', 'hello'],
  down: ['ack', 'res', 'ev', 'subscribed', 'welcome', 'live'],
}
const cuts = ['reset', 'end', 1000, 1001, 1011, 1012, 4000, 4003, 4005, 4400] as const
const acts: readonly TrapAct[] = ['cut before', 'cut after', 'middle']

/** A schedule from a seed: the same one each time. How the processes interleave is up to the machine. */
export function randomScenario(
  seed: number,
  { steps = 40, maxStopMs = 1_500 }: RandomOptions = {},
): Scenario {
  const random = seededRandom(seed)
  const upTo = (most: number) => Math.floor(random() * most)
  const pick = <T>(items: readonly T[]): T => items[upTo(items.length)]!
  const clients = 2 + upTo(2)
  const rooms = ['a', 'b'].slice(0, 1 + upTo(2))
  const client = () => upTo(clients)
  const room = () => pick(rooms)
  const publish = (one: number): Step => ({ do: 'publish', client: one, room: room(), count: 1 + upTo(8) })
  const trap = (): Step => {
    const way: Way = pick(['up', 'down'])
    return { do: 'arm', client: client(), way, type: pick(types[way]), act: pick(acts) }
  }
  const stop = (who: 'hub' | number): Step[] => [
    { do: 'stop', who },
    ...some(upTo(4)),
    // A process stands still for a time; most of the times are short.
    { do: 'rest', ms: Math.ceil(random() ** 3 * maxStopMs) },
    { do: 'go on', who },
  ]
  const late = (): Step[] => {
    const one = client()
    const cut: Step = { do: 'cut', client: one, how: 'near' }
    return [
      { do: 'hold', client: one },
      publish(one),
      ...some(2),
      cut,
      ...some(2),
      { do: 'release', client: one },
    ]
  }
  const plain: readonly [weight: number, () => Step[]][] = [
    [30, () => [publish(client())]],
    [
      15,
      () => [
        { do: 'request', client: client(), room: room(), count: 1 + upTo(3), ms: pick([0, 0, 20, 300]) },
      ],
    ],
    [12, () => [{ do: 'say', room: room(), count: 1 + upTo(6) }]],
    [8, () => [{ do: 'listen', client: client(), room: room() }]],
    [3, () => [{ do: 'leave', client: client() }]],
    [10, () => [{ do: 'rest', ms: upTo(150) }]],
    [8, () => [{ do: 'cut', client: client(), how: pick(cuts) }]],
    [8, () => [trap()]],
    [3, () => [{ do: 'arm', client: client(), way: 'up', type: pick(['pub', 'req']), act: 'twice' }]],
    [3, () => [{ do: 'swallow', client: client(), way: pick(['up', 'down']) }]],
    [
      2,
      () => [
        { do: 'slow', client: client(), pace: { latencyMs: upTo(60), bytesPerSecond: 5_000 + upTo(50_000) } },
      ],
    ],
    [2, () => [{ do: 'slow', client: client(), pace: undefined }]],
  ]
  const grave: readonly [weight: number, () => Step[]][] = [
    [3, () => [{ do: 'kill' }, ...some(upTo(4)), { do: 'start' }]],
    [2, () => stop('hub')],
    [2, () => stop(client())],
    [3, late],
    [3, () => [{ do: 'until', what: 'connected' }]],
  ]
  const draw = (from: typeof plain) =>
    pick(from.flatMap((each) => Array<typeof each>(each[0]).fill(each)))[1]()
  const some = (count: number): Step[] => Array.from({ length: count }, () => draw(plain)).flat()
  const listening = Array.from(
    { length: clients },
    (_, i): Step => ({ do: 'listen', client: i, room: room() }),
  )
  return {
    name: `seed ${seed}`,
    clients,
    isLogApart: random() < 0.4,
    maxEntries: pick([256, 256, 12]),
    steps: [...listening, ...Array.from({ length: steps }, () => draw([...plain, ...grave])).flat()],
  }
}
