import { createHash } from 'node:crypto'
import { channel, defineRegistry } from 'syncline'
import { backoffDefaults, clientDefaults, createClient } from 'syncline/client'
import { createHub, hubDefaults } from 'syncline/server'
import { manualClock } from 'syncline/testing'
import * as z from 'zod'
import { clientShapes } from '../../../src/protocol/client-shapes.ts'
import { hostility } from '../../../src/protocol/hostile.ts'
import { FakeSessionSocket, fakeSettings, readySession } from '../../support/fake-sessions.ts'
import { fakeSockets } from '../../support/fake-sockets.ts'

/** Where the protocol's document says a number in its text; the first group is the number. */
export const sayings = {
  levels: /nesting deeper than (\d+) levels/,
  pingMs: /for `pingMs` \(([\d,]+) by default\)/,
  pongMs: /in the `pongMs` after its ping \(([\d,]+) by default\)/,
  handshakeSeconds: /could be decided in time \((\d+) s by default\)/,
  secretBits: /a secret of at least (\d+) random bits/,
  shortestSecret: /bits as (\d+) to \d+ characters/,
  longestSecret: /bits as \d+ to (\d+) characters/,
  publicIdCharacters: /the first (\d+) characters of the base64url/,
  hashBase: /of a number to the base (\d+)/,
  hashModulus: /that number modulo (\d+)/,
  reasonBytes: /all in at most (\d+) bytes/,
  firstDelaySeconds: /drawn uniformly from 0 to (\d+) s/,
  secondDelaySeconds: /a bound that doubles from (\d+) s/,
  longestDelaySeconds: /doubles from \d+ s to (\d+) s/,
  stableSeconds: /once a connection has held for (\d+) s/,
} as const

export type Saying = keyof typeof sayings

/** The document on one line: its text is broken anywhere. */
export const onOneLine = (document: string) => document.replace(/\s+/g, ' ')

/** Every number that the document says. Throws for one that it does not say. */
export function numbersOf(document: string): Record<Saying, number> {
  const text = onOneLine(document)
  const numbers = Object.entries(sayings).map(([name, pattern]) => {
    const found = pattern.exec(text)
    if (!found) throw new Error(`The document says nothing of ${name}: no text fits ${pattern}`)
    return [name, Number(found[1]!.replaceAll(',', ''))]
  })
  return Object.fromEntries(numbers)
}

const sample = defineRegistry(
  {
    game: channel('game/:code', {
      events: { ended: z.object({}), begun: z.object({}) },
      presence: z.object({}),
    }),
    lobby: channel('lobby', { requests: { join: { input: z.null(), output: z.null() } } }),
  },
  { version: 3 },
)
const sampleText = [
  '3',
  'game,,game/:code',
  'game,events,begun',
  'game,events,ended',
  'game,presence',
  'lobby,,lobby',
  'lobby,requests,join',
].join('\n')

function hashBy(base: number, modulus: number): string {
  let number = 0n
  for (let i = 0; i < sampleText.length; i++) {
    number = number * BigInt(base) + BigInt(sampleText.charCodeAt(i))
  }
  return (number % BigInt(modulus)).toString(36)
}

/** How deep a message may nest. */
function deepestMessage(): number {
  let levels = 1
  while (!hostility('['.repeat(levels + 1) + ']'.repeat(levels + 1))) levels++
  return levels
}

/** The lengths of a session's secret that a hub takes, as the shortest and the longest. */
function secretLengths(): [shortest: number, longest: number] {
  const [isHello] = clientShapes.hello
  const taken = Array.from({ length: 200 }, (_, length) => length).filter((length) =>
    isHello({ registry: [1, ''], session: 'a'.repeat(length) }),
  )
  return [taken[0]!, taken.at(-1)!]
}

/** The bits of the secret that a client says hello with, which are digits to the base 36. */
function secretBits(): number {
  const sockets = fakeSockets()
  const client = createClient(sample, { url: 'ws://hub', socket: sockets.factory, clock: manualClock() })
  client.connect()
  sockets.last.welcome()
  client.close()
  const [, hello] = sockets.last.sent[0] as ['hello', { session: string }]
  return Math.floor(hello.session.length * Math.log2(36))
}

const secret = 'a secret of the test'.replaceAll(' ', '-').padEnd(30, '-')

/** The public id that a hub derives from a secret. */
async function publicId(): Promise<string> {
  const clock = manualClock()
  const hub = createHub(sample, { clock })
  const socket = new FakeSessionSocket()
  const handlers = hub.accept(socket, { url: '/', headers: {} })
  handlers.received(JSON.stringify(['hello', { registry: [3, ''], session: secret }]))
  await clock.settle()
  await hub.close()
  const [, welcome] = socket.frames[0] as ['welcome', { client: string }]
  return welcome.client
}

function longestReason(): number {
  const { session, socket } = readySession(fakeSettings().settings)
  session.close(4003, 'because '.repeat(100))
  return Buffer.byteLength(socket.closes[0]!.reason)
}

/** One line for each number of the document that is not the code's. */
export async function wrongNumbers(document: string): Promise<string[]> {
  const said = numbersOf(document)
  const id = await publicId()
  const [shortestSecret, longestSecret] = secretLengths()
  const done: Record<Exclude<Saying, 'hashBase' | 'hashModulus' | 'secretBits'>, number> = {
    levels: deepestMessage(),
    pingMs: hubDefaults.pingMs,
    pongMs: hubDefaults.pongMs,
    handshakeSeconds: hubDefaults.handshakeTimeoutMs / 1_000,
    shortestSecret,
    longestSecret,
    publicIdCharacters: id.length,
    reasonBytes: longestReason(),
    firstDelaySeconds: backoffDefaults.firstMaxMs / 1_000,
    secondDelaySeconds: (backoffDefaults.baseMs * 2) / 1_000,
    longestDelaySeconds: backoffDefaults.maxMs / 1_000,
    stableSeconds: clientDefaults.stableAfterMs / 1_000,
  }
  const derived = createHash('sha256').update(secret).digest('base64url').slice(0, said.publicIdCharacters)
  return [
    ...Object.entries(done).flatMap(([name, number]) =>
      said[name as Saying] === number ? [] : [`${name} is ${said[name as Saying]}, in the code ${number}`],
    ),
    ...(hashBy(said.hashBase, said.hashModulus) === sample.hash ? [] : ['the hash comes out differently']),
    ...(derived === id ? [] : ['the public id comes out differently']),
    ...(secretBits() >= said.secretBits ? [] : ['the secret of a client is too short']),
  ]
}
