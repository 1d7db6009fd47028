import type { Scenario, Step } from './scenario.ts'

/** A scenario, and what must have happened in it for it to prove anything: names of the tally. */
export interface Told extends Scenario {
  readonly happens: readonly string[]
  /** What must not have happened, where the checker has no say. */
  readonly never?: readonly string[]
}

const room = 'a'

/** Three clients that listen, and have heard something. */
const opening: readonly Step[] = [
  ...[0, 1, 2].map((client): Step => ({ do: 'listen', client, room })),
  { do: 'say', room, count: 3 },
  { do: 'until', what: 'heard' },
]

const publish = (client: number, count: number): Step => ({ do: 'publish', client, room, count })
const request = (client: number, count: number, ms = 0): Step => ({ do: 'request', client, room, count, ms })
const say = (count: number): Step => ({ do: 'say', room, count })
const settled: Step = { do: 'until', what: 'settled' }
const heard: Step = { do: 'until', what: 'heard' }
const connected: Step = { do: 'until', what: 'connected' }
const sprung: Step = { do: 'until', what: 'sprung' }

/** Breaks the connections of all clients in the same way while they send, and lets them come back. */
const broken = (how: Extract<Step, { do: 'cut' }>['how'], again: readonly Step[] = []): readonly Step[] => [
  ...[0, 1, 2].flatMap((client): Step[] => [publish(client, 4), request(client, 2)]),
  ...[0, 1, 2].map((client): Step => ({ do: 'cut', client, how })),
  say(3),
  ...again,
  settled,
  heard,
]

export const scenarios: readonly Told[] = [
  {
    name: 'kill -9 of the hub, with publications in flight and requests that run, twice',
    clients: 3,
    steps: [
      ...opening,
      ...[1, 2].flatMap((): Step[] => [
        ...[0, 1].flatMap((client) => [publish(client, 20), request(client, 2, 60_000)]),
        { do: 'until', what: 'running' },
        { do: 'kill' },
        { do: 'until', what: 'offline' },
        publish(2, 5),
        request(2, 2),
        { do: 'start' },
        settled,
        heard,
      ]),
    ],
    happens: ['kill -9 of the hub', 'gap: epoch', 'indeterminate', 'applied'],
  },
  {
    name: 'kill -9 of the hub, twice, while its log lives on in another process',
    clients: 3,
    isLogApart: true,
    steps: [
      ...opening,
      ...[1, 2].flatMap((): Step[] => [
        ...[0, 1].flatMap((client) => [publish(client, 20), request(client, 2, 60_000)]),
        { do: 'until', what: 'running' },
        { do: 'kill' },
        { do: 'until', what: 'offline' },
        publish(2, 5),
        request(2, 2),
        { do: 'start' },
        settled,
        heard,
      ]),
    ],
    happens: ['kill -9 of the hub', 'recovered', 'replayed', 'indeterminate', 'applied'],
    never: ['gap: epoch', 'not recovered'],
  },
  {
    name: 'a request that is sent again and long on its way to the hub after the one that ran it',
    clients: 1,
    pingMs: 5_000,
    pongMs: 5_000,
    steps: [
      { do: 'listen', client: 0, room },
      heard,
      request(0, 3, 60_000),
      { do: 'until', what: 'running' },
      { do: 'kill' },
      { do: 'arm', client: 0, way: 'up', type: 'req', act: 'hold' },
      { do: 'start' },
      sprung,
      { do: 'rest', ms: 1_000 },
      { do: 'release', client: 0 },
      settled,
    ],
    happens: ['kill -9 of the hub', 'hold up req', 'indeterminate'],
  },
  {
    name: 'a hub that stands still, and then a client that does',
    clients: 3,
    steps: [
      ...opening,
      { do: 'stop', who: 'hub' },
      publish(0, 10),
      request(1, 5),
      { do: 'until', what: 'offline' },
      publish(2, 10),
      { do: 'go on', who: 'hub' },
      settled,
      heard,
      publish(1, 5),
      { do: 'stop', who: 1 },
      publish(0, 10),
      say(5),
      { do: 'until', what: 'settled', client: 0 },
      { do: 'rest', ms: 1_000 },
      { do: 'go on', who: 1 },
      settled,
      heard,
    ],
    happens: ['SIGSTOP of the hub', 'SIGSTOP of a client', 'recovered', 'replayed'],
  },
  {
    name: 'half-open links, in each direction and in both',
    clients: 3,
    steps: [
      ...opening,
      { do: 'swallow', client: 0, way: 'up' },
      { do: 'swallow', client: 1, way: 'down' },
      { do: 'swallow', client: 2, way: 'up' },
      { do: 'swallow', client: 2, way: 'down' },
      ...[0, 1, 2].flatMap((client): Step[] => [publish(client, 5), request(client, 3)]),
      say(5),
      settled,
      heard,
    ],
    happens: ['half-open up', 'half-open down', 'recovered', 'replayed', 'duplicate publication suppressed'],
  },
  {
    name: 'connections that end with 1000, 1001, 1006, a reset, retryable and fatal codes',
    clients: 3,
    steps: [
      ...opening,
      ...broken(1000),
      ...broken(1001),
      ...broken('end'),
      ...broken('reset'),
      ...broken(4003),
      ...broken(4503, [
        { do: 'until', what: 'offline' },
        ...[0, 1, 2].map((client): Step => ({ do: 'connect', client })),
        connected,
      ]),
    ],
    happens: [
      ...['1000', '1001', 'end', 'reset', '4003', '4503'].map((how) => `cut: ${how}`),
      'recovered',
      'error: connect connection_lost',
    ],
  },
  {
    name: 'cuts at and within frames: the reply is lost, the send is lost, half of it arrives, it arrives twice',
    clients: 3,
    steps: [
      ...opening,
      ...(['cut before', 'cut after', 'middle'] as const).flatMap((act): Step[] => [
        { do: 'arm', client: 0, way: 'down', type: 'ack', act },
        { do: 'arm', client: 1, way: 'up', type: 'pub', act },
        { do: 'arm', client: 2, way: 'down', type: 'ev', act },
        publish(0, 6),
        publish(1, 6),
        publish(2, 6),
        sprung,
        settled,
        { do: 'arm', client: 0, way: 'down', type: 'res', act },
        { do: 'arm', client: 1, way: 'up', type: 'req', act },
        { do: 'arm', client: 2, way: 'down', type: 'subscribed', act },
        { do: 'cut', client: 2, how: 'reset' },
        request(0, 3),
        request(1, 3),
        sprung,
        settled,
        heard,
      ]),
      { do: 'arm', client: 0, way: 'up', type: 'pub', act: 'twice' },
      { do: 'arm', client: 1, way: 'up', type: 'req', act: 'twice' },
      publish(0, 4),
      request(1, 1),
      sprung,
      settled,
    ],
    happens: [
      ...['cut before', 'cut after', 'middle'].flatMap((act) =>
        ['down ack', 'up pub', 'down ev', 'down res', 'up req', 'down subscribed'].map(
          (what) => `${act} ${what}`,
        ),
      ),
      ...['twice up pub', 'twice up req'],
      ...['duplicate publication suppressed', 'duplicate request suppressed'],
    ],
  },
  {
    name: 'what an older socket of the same session still brings after the newer one',
    clients: 2,
    steps: [
      ...opening.filter((step) => !('client' in step) || step.client < 2),
      ...[1, 2, 3].flatMap((): Step[] => [
        { do: 'hold', client: 0 },
        publish(0, 6),
        request(0, 3),
        { do: 'arm', client: 0, way: 'up', type: 'hello', act: 'hold' },
        { do: 'cut', client: 0, how: 'near' },
        sprung,
        // The newer socket's hello and the older one's frames arrive together.
        { do: 'release', client: 0 },
        settled,
        heard,
      ]),
      { do: 'hold', client: 0 },
      publish(0, 6),
      request(0, 3),
      { do: 'rest', ms: 50 },
      { do: 'cut', client: 0, how: 'near' },
      settled,
      publish(0, 2),
      { do: 'release', client: 0 },
      settled,
    ],
    happens: ['late frames of an older socket', 'cut: near', 'recovered'],
  },
  {
    name: 'a slow link that is cut',
    clients: 3,
    pingMs: 2_000,
    pongMs: 2_000,
    steps: [
      ...opening,
      { do: 'slow', client: 0, pace: { latencyMs: 60, bytesPerSecond: 12_000 } },
      { do: 'slow', client: 1, pace: { latencyMs: 120, bytesPerSecond: 40_000 } },
      publish(0, 40),
      publish(1, 40),
      publish(2, 40),
      request(0, 10),
      { do: 'until', what: 'settled', client: 2 },
      { do: 'cut', client: 0, how: 'reset' },
      { do: 'cut', client: 1, how: 'end' },
      settled,
      heard,
    ],
    happens: ['slow', 'cut: reset', 'cut: end', 'recovered'],
  },
  {
    name: 'more that is missed than is kept',
    clients: 3,
    maxEntries: 8,
    steps: [
      ...opening,
      { do: 'swallow', client: 0, way: 'down' },
      ...[1, 2, 3, 4, 5].flatMap((): Step[] => [publish(1, 4), { do: 'until', what: 'settled', client: 1 }]),
      { do: 'until', what: 'offline', client: 0 },
      settled,
      heard,
    ],
    happens: ['half-open down', 'gap: retention'],
  },
]
