import fc from 'fast-check'
import { closePayload, opcodes, textFrames, wireFrame } from './fuzz-wire.ts'

/** One thing that an attacker writes. Short where it is printed: {@link bytesOf} makes the bytes. */
export type Act =
  /** A message, in parts with these ends (fractions). */
  | {
      readonly kind: 'text'
      readonly text: string
      readonly cuts: readonly number[]
      readonly hasPings: boolean
    }
  /** Breaks the WebSocket protocol, or what this one says of it. */
  | { readonly kind: 'fault'; readonly name: string }
  /** Whatever the hub makes of it. */
  | { readonly kind: 'noise'; readonly hex: string }

export function bytesOf(act: Act): Buffer {
  if (act.kind === 'text') return textFrames(act.text, act.cuts, act.hasPings)
  return act.kind === 'noise' ? Buffer.from(act.hex, 'hex') : faults.get(act.name)!.bytes
}

/** With which close codes a hub may answer a fault. */
export function codesOf(fault: string): readonly number[] {
  return faults.get(fault)!.codes
}

/** One connection of an attacker. */
export interface Attack {
  /** Whether it says a proper hello first, and waits for the welcome. */
  readonly greets: boolean
  /** A secret, or one of the few that attackers take from each other. */
  readonly session: string
  readonly isShared: boolean
  readonly acts: readonly Act[]
  /** Where its bytes are split into writes, as fractions. */
  readonly splits: readonly number[]
  /** Where it is cut off in the middle, if it is. */
  readonly cut: number | undefined
  /** How it leaves when the hub lets it. */
  readonly leaves: 'close' | 'end' | 'destroy'
}

/** Fields are JSON texts and no values, so that there can be what no value is written as. */
type Json = fc.Arbitrary<string>

const wrong: Json = fc.constantFrom(
  'null',
  'true',
  '"1"',
  '{}',
  '[]',
  '-1',
  '0.5',
  '9007199254740992',
  '1e400',
  '-1e400',
)
/** Odd fields are of the right type; one of the wrong type ends the connection, so it is rarer. */
const mostly = (usual: Json, odd: Json): Json =>
  fc.oneof({ weight: 160, arbitrary: usual }, { weight: 20, arbitrary: odd }, { weight: 1, arbitrary: wrong })

const json = (value: unknown) => JSON.stringify(value)
const object = (...entries: [string, string][]) =>
  `{${entries.map(([key, value]) => `${json(key)}:${value}`).join(',')}}`
const nested = (levels: number, open = '[', close = ']') =>
  `${open.repeat(levels)}${open === '[' ? '' : '1'}${close.repeat(levels)}`

const count: Json = mostly(fc.nat(12).map(String), fc.constantFrom('-0', '1e3', '2.0', '9007199254740991'))
/** From 1, as numbers of publications are; mostly with a base that fits. */
const numbers: fc.Arbitrary<readonly [string, string]> = fc.oneof(
  { weight: 120, arbitrary: fc.integer({ min: 1, max: 6 }).map((n) => [`${n}`, `${n}`] as const) },
  {
    weight: 40,
    arbitrary: fc.tuple(fc.integer({ min: 1, max: 9 }), fc.nat(3)).map(([n, less]) => {
      return [`${n}`, `${Math.max(1, n - less)}`] as const
    }),
  },
  { weight: 1, arbitrary: fc.tuple(count, count) },
  { weight: 4, arbitrary: fc.constant(['9007199254740991', '9007199254740991'] as const) },
)

const names = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '',
  '~syncline',
  'room/',
  'room/1/2',
  'room/%31',
  'room/%zz',
  'x'.repeat(2_000),
]
const oddText: Json = fc.oneof(
  fc.constantFrom(...names, '\u0000', '\u2028', 'ü💡').map(json),
  fc.constantFrom('"\\ud800"', '"room/\\udc00"', '"\\u005f_proto__"'),
  fc.string({ maxLength: 20 }).map(json),
)
const channel: Json = mostly(
  fc
    .oneof(
      { weight: 6, arbitrary: fc.constantFrom('room/1', 'room/2', 'room/3') },
      { weight: 1, arbitrary: fc.constantFrom('news', 'locked', 'inbox/x') },
    )
    .map(json),
  oddText,
)
const proto = object(['__proto__', '{"isAdmin":true}'])
/** Ends the connection. */
const hostileData: Json = fc.oneof(
  fc.constantFrom(proto, `[${proto}]`, object(['a', proto])),
  fc.integer({ min: 60, max: 70 }).map((levels) => nested(levels)),
  fc.integer({ min: 60, max: 70 }).map((levels) => nested(levels, '{"a":', '}')),
)
const oddData: Json = fc.oneof(
  { weight: 6, arbitrary: fc.jsonValue({ maxDepth: 4 }).map(json) },
  { weight: 6, arbitrary: fc.constantFrom('null', '{}', '1e400', '"\\ud800"', '{"text":"\\udfff"}') },
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      '{"constructor":{"prototype":{"isAdmin":true}}}',
      '{"toJSON":1}',
      '{"then":1}',
      '{"length":1e9}',
    ),
  },
  { weight: 3, arbitrary: fc.integer({ min: 50, max: 60 }).map((levels) => nested(levels)) },
  { weight: 3, arbitrary: fc.integer({ min: 1_000, max: 9_000 }).map((length) => json('['.repeat(length))) },
  { weight: 1, arbitrary: hostileData },
)
const words = fc.string({ maxLength: 12 }).map((text) => json({ text }))
const member = fc.string({ maxLength: 8 }).map((called) => json({ name: called }))
const data: Json = mostly(fc.oneof(words, member), oddData)
/** Names with data that fits mostly, else much would end at its schema. */
const named = (usual: readonly (readonly [name: string, data: Json])[]): Json =>
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.oneof(...usual.map(([name, fits]) => fits.map((text) => `${json(name)},${text}`))),
    },
    { weight: 1, arbitrary: fc.tuple(oddText, data).map((parts) => parts.join(',')) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.constantFrom(...usual.map(([name]) => json(name)), '"renamed"'), oddData)
        .map((parts) => parts.join(',')),
    },
  )
const event = named([['said', words]])
const told = named([['cursor', fc.integer().map((x) => json({ x }))]])
const sum = fc.tuple(fc.integer(), fc.integer()).map(([a, b]) => json({ a, b }))
const asked = named([
  ['add', sum],
  ['add', sum],
  ['refuse', data],
  ['hang', data],
])

const position: Json = fc
  .tuple(fc.constantFrom('"e"', '""', '"__proto__"'), count, fc.constantFrom('""', '"t"'))
  .map((parts) => `[${parts}]`)
const rare = (arbitrary: Json) => fc.option(arbitrary, { nil: undefined, freq: 2 })
const options = (fields: Record<string, Json>): Json =>
  fc
    .record(Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, rare(value)])))
    .map((made) =>
      object(...Object.entries(made).filter((one): one is [string, string] => one[1] !== undefined)),
    )

const secret = fc.string({
  unit: fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz0123456789'),
  minLength: 26,
  maxLength: 26,
})
const helloOptions: Json = fc.oneof(
  {
    weight: 3,
    arbitrary: secret.map((session) => object(['registry', '[1,""]'], ['session', json(session)])),
  },
  {
    weight: 1,
    arbitrary: options({ registry: fc.constantFrom('[1,""]', '[0]', '[0,""]'), session: oddText }),
  },
)

const frameOf = (type: string, ...fields: Json[]): Json =>
  fc.tuple(...fields).map((parts) => `[${[json(type), ...parts].join(',')}]`)
const withOption = (frame: Json, option: Json): Json =>
  fc.tuple(frame, rare(option)).map(([text, more]) => (more ? `${text.slice(0, -1)},${more}]` : text))

const requestOptions = options({ ageMs: count, timeoutMs: count })
const pub: Json = fc
  .tuple(numbers, channel, event)
  .map(([[n, base], ...rest]) => `["pub",${n},${base},${rest.join(',')}]`)
const anyFrame: Json = fc.oneof(
  {
    weight: 4,
    arbitrary: withOption(frameOf('sub', count, channel), options({ since: position, rewind: count })),
  },
  { weight: 2, arbitrary: frameOf('unsub', count, channel) },
  { weight: 4, arbitrary: withOption(pub, count) },
  { weight: 2, arbitrary: frameOf('tell', channel, told) },
  { weight: 4, arbitrary: withOption(frameOf('req', count, channel, asked), requestOptions) },
  { weight: 1, arbitrary: frameOf('cancel', count) },
  { weight: 2, arbitrary: frameOf('enter', count, channel, mostly(member, oddData)) },
  { weight: 1, arbitrary: frameOf('leave', count, channel) },
  {
    weight: 2,
    arbitrary: frameOf(
      'history',
      count,
      channel,
      count.map((limit) => `{"limit":${limit}}`),
    ),
  },
  { weight: 1, arbitrary: frameOf('auth', count, oddText) },
  { weight: 1, arbitrary: frameOf('ping', count) },
  { weight: 1, arbitrary: fc.constantFrom('["ping"]', '["pong"]', '["pong",7]', '["pong",7,9,{"later":1}]') },
)
const unusual: Json = fc.oneof(
  frameOf('hello', helloOptions),
  frameOf('of a later version', data),
  fc.tuple(oddText, data).map((parts) => `[${parts}]`),
  // Cut short, or with a stranger in it.
  fc.tuple(anyFrame, fc.nat(5)).map(([text, keep]) => json((JSON.parse(text) as unknown[]).slice(0, keep))),
  fc.tuple(anyFrame, oddData).map(([text, more]) => `${text.slice(0, -1)},${more}]`),
)
const frame: Json = fc.oneof({ weight: 60, arbitrary: anyFrame }, { weight: 1, arbitrary: unusual })

const garbage: Json = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    'null',
    '[]',
    '[[]]',
    '{}',
    'GET / HTTP/1.1',
    '["ping"',
    '["ping"]x',
    '\ufeff["ping"]',
  ),
  fc.constantFrom(nested(5_000), nested(64), '['.repeat(8_000), nested(3_000, '{"a":', '}')),
  fc.string({ maxLength: 60 }),
  fc.integer({ min: 16_360, max: 16_420 }).map((length) => `["${'x'.repeat(length - 4)}"]`),
)
export const message: Json = fc.oneof(
  { weight: 30, arbitrary: frame },
  { weight: 12, arbitrary: fc.array(anyFrame, { minLength: 1, maxLength: 20 }).map((all) => `[${all}]`) },
  { weight: 3, arbitrary: fc.array(frame, { minLength: 1, maxLength: 20 }).map((all) => `[${all}]`) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(anyFrame, fc.integer({ min: 50, max: 300 }))
      .map(([one, times]) => `[${Array(times).fill(one)}]`),
  },
  { weight: 1, arbitrary: garbage },
)

const fraction = fc.double({ min: 0, max: 1, noNaN: true })
const text: fc.Arbitrary<Act> = fc
  .tuple(message, fc.array(fraction, { maxLength: 4 }), fc.boolean())
  .map(([said, cuts, hasPings]) => ({ kind: 'text', text: said, cuts, hasPings }))

const { continuation, binary, close, ping } = opcodes
const ok = '["ping"]'
const broken = Buffer.from([0x5b, 0x22, 0xc3, 0x28, 0x22, 0x5d])
const part = (opcode: number, payload: string | Uint8Array, fin = false) =>
  wireFrame({ opcode, payload, fin })

/** What no client may write, and what it is closed with. */
const faultList: readonly (readonly [name: string, bytes: Buffer, ...codes: number[]])[] = [
  ['no mask', wireFrame({ opcode: opcodes.text, payload: ok, isMasked: false }), 1002],
  ...[1, 2, 4, 7].map(
    (reserved) =>
      [
        `reserved bits ${reserved}`,
        wireFrame({ opcode: opcodes.text, payload: ok, reserved }),
        1002,
      ] as const,
  ),
  ...[3, 7, 11, 15].map((opcode) => [`opcode ${opcode}`, wireFrame({ opcode, payload: ok }), 1002] as const),
  ['a continuation of nothing', part(continuation, ok, true), 1002],
  ['a text within a text', Buffer.concat([part(opcodes.text, '["pi'), part(opcodes.text, ok, true)]), 1002],
  ['a ping in parts', part(ping, 'x'), 1002],
  ['a ping of 126 bytes', wireFrame({ opcode: ping, payload: 'x'.repeat(126) }), 1002],
  ['a binary message', wireFrame({ opcode: binary, payload: ok }), 4501],
  [
    'a binary message in parts',
    Buffer.concat([part(binary, '["pi'), part(continuation, 'ng"]', true)]),
    4501,
  ],
  ['no UTF-8', wireFrame({ opcode: opcodes.text, payload: broken }), 1007],
  [
    'no UTF-8, in parts',
    Buffer.concat([part(opcodes.text, broken.subarray(0, 3)), part(continuation, broken.subarray(3), true)]),
    1007,
  ],
  ['a close of one byte', wireFrame({ opcode: close, payload: 'x' }), 1002],
  ['a close with the code 1005', wireFrame({ opcode: close, payload: closePayload(1005) }), 1002],
  ['a close with the code 65535', wireFrame({ opcode: close, payload: closePayload(65_535) }), 1002],
  [
    'a close whose reason is no UTF-8',
    wireFrame({ opcode: close, payload: closePayload(1000, broken) }),
    1007,
  ],
  ['a length of 2^63 - 1', wireFrame({ opcode: opcodes.text, length: 2n ** 63n - 1n }), 1002, 1009],
  ['a length of a gigabyte', wireFrame({ opcode: opcodes.text, length: 2n ** 30n }), 1009],
  [
    'parts that are too much together',
    Buffer.concat([part(opcodes.text, 'x'.repeat(10_000)), part(continuation, 'x'.repeat(10_000), true)]),
    1009,
  ],
]
const faults = new Map(faultList.map(([called, bytes, ...codes]) => [called, { bytes, codes }]))
const fault: fc.Arbitrary<Act> = fc
  .constantFrom(...faults.keys())
  .map((called) => ({ kind: 'fault', name: called }))

const noise: fc.Arbitrary<Act> = fc
  .oneof(
    fc.uint8Array({ minLength: 1, maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    fc
      .tuple(fc.nat(15), fc.nat(7), fc.boolean(), fc.uint8Array({ maxLength: 200 }))
      .map(([opcode, reserved, fin, payload]) => wireFrame({ opcode, reserved, fin, payload })),
    // A message whose bytes were changed on the way.
    fc.tuple(message, fc.nat(), fc.nat(255)).map(([said, at, byte]) => {
      const bytes = textFrames(said, [], false)
      bytes[at % bytes.length]! ^= byte
      return bytes
    }),
  )
  .map((bytes) => ({ kind: 'noise', hex: bytes.toString('hex') }))

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 50, arbitrary: text },
  { weight: 1, arbitrary: fault },
  { weight: 1, arbitrary: noise },
)

const sharedSecrets = ['s', 't'].map((letter) => letter.repeat(26))

export const attack: fc.Arbitrary<Attack> = fc.record({
  greets: fc.oneof({ weight: 6, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
  isShared: fc.oneof(
    { weight: 8, arbitrary: fc.constant(false) },
    { weight: 1, arbitrary: fc.constant(true) },
  ),
  session: secret,
  acts: fc.array(act, { minLength: 1, maxLength: 12 }),
  splits: fc.array(fraction, { maxLength: 12 }),
  cut: fc.oneof({ weight: 5, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fraction }),
  leaves: fc.constantFrom('close', 'end', 'destroy'),
})

/** All that is done to a hub at a time. */
export const siege: fc.Arbitrary<readonly Attack[]> = fc.array(
  attack.chain((one) =>
    one.isShared
      ? fc.constantFrom(...sharedSecrets).map((session) => ({ ...one, session }))
      : fc.constant(one),
  ),
  { minLength: 1, maxLength: 5 },
)
