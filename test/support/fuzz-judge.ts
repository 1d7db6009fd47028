/** What a hub takes, by `docs/protocol.md` alone: nothing of the package is used here, so that both cannot be wrong together. */

type Test = (value: unknown) => boolean

const isCount: Test = (value) => Number.isSafeInteger(value) && (value as number) >= 0
const isText: Test = (value) => typeof value === 'string'
const isData: Test = (value) => value !== undefined
const maybe =
  (test: Test): Test =>
  (value) =>
    value === undefined || test(value)
const isPosition: Test = (value) =>
  Array.isArray(value) && isText(value[0]) && isCount(value[1]) && isText(value[2])
const isObject: Test = (value) => typeof value === 'object' && value !== null && !Array.isArray(value)
const hasFields =
  (fields: Readonly<Record<string, Test>>): Test =>
  (value) =>
    isObject(value) &&
    Object.entries(fields).every(([key, test]) => test((value as Record<string, unknown>)[key]))

/** What each field of a frame must be. */
const fields: Readonly<Record<string, readonly Test[]>> = {
  hello: [
    hasFields({
      registry: (value) => Array.isArray(value) && isCount(value[0]) && isText(value[1]),
      session: (value) => isText(value) && /^[A-Za-z0-9_-]{22,64}$/.test(value as string),
      token: maybe(isText),
    }),
  ],
  sub: [isCount, isText, maybe(hasFields({ since: maybe(isPosition), rewind: maybe(isCount) }))],
  unsub: [isCount, isText],
  pub: [isCount, isCount, isText, isText, isData, maybe(isCount)],
  tell: [isText, isText, isData],
  req: [
    isCount,
    isText,
    isText,
    isData,
    maybe(hasFields({ ageMs: maybe(isCount), timeoutMs: maybe(isCount) })),
  ],
  cancel: [isCount],
  enter: [isCount, isText, isData],
  leave: [isCount, isText],
  history: [isCount, isText, hasFields({ limit: isCount, before: maybe(isCount) })],
  auth: [isCount, isText],
  ping: [maybe(isCount)],
  pong: [maybe(isCount), maybe(isCount)],
}

export type JudgedFrame = readonly [type: string, ...fields: unknown[]]

/** The frames of a message, or `undefined` for one that is refused. */
export function framesOf(message: string): readonly JudgedFrame[] | undefined {
  let value: unknown
  try {
    value = JSON.parse(message)
  } catch {
    return undefined
  }
  if (!Array.isArray(value) || value.length === 0 || isHostile(value, 1)) return undefined
  const frames: unknown[] = Array.isArray(value[0]) ? value : [value]
  return frames.every(isFrame) ? (frames as JudgedFrame[]) : undefined
}

function isHostile(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (depth > 64 || Object.hasOwn(value, '__proto__')) return true
  return Object.values(value).some((inner) => isHostile(inner, depth + 1))
}

function isFrame(frame: unknown): boolean {
  if (!Array.isArray(frame) || typeof frame[0] !== 'string') return false
  const [type, ...given] = frame as unknown as JudgedFrame
  if (!isKnown(type)) return true
  if (!fields[type]!.every((test, i) => test(given[i]))) return false
  // `n` counts from 1, and `base` is the lowest that is not acknowledged.
  const [n, base] = given as number[]
  return type !== 'pub' || (base! >= 1 && base! <= n!)
}

export function isKnown(type: string): boolean {
  return Object.hasOwn(fields, type)
}

/** How often something must be, and may be, answered. */
export interface Due {
  least: number
  most: number
}

/** What a client of these frames is owed, by the key of the answer. */
export function answersDue(frames: readonly JudgedFrame[]): Map<string, Due> {
  const due = new Map<string, Due>()
  const cancelled = new Set(frames.filter(([type]) => type === 'cancel').map(([, ref]) => String(ref)))
  const asked = new Set<string>()
  const owe = (key: string, least = 1) => {
    const known = due.get(key) ?? { least: 0, most: 0 }
    due.set(key, { least: known.least + least, most: known.most + 1 })
  }
  for (const [type, ref, , fourth] of frames) {
    if (type === 'pub') owe(`pub ${JSON.stringify(fourth)} ${ref}`)
    else if (type === 'req') {
      // A reference that is used again is the same request: it may be answered once for both. One that hangs waits for its deadline.
      const isOwed = !cancelled.has(String(ref)) && !asked.has(String(ref)) && fourth !== 'hang'
      owe(`ref ${ref}`, isOwed ? 1 : 0)
      asked.add(String(ref))
    } else if (['sub', 'unsub', 'enter', 'leave', 'history', 'auth'].includes(type)) owe(`ref ${ref}`)
    else if (type === 'ping') owe(`pong ${ref}`)
    else if (!isKnown(type)) owe('ref null')
  }
  return due
}

/** The key under which a frame of the hub is an answer, if it is one. */
export function answerKey(frame: JudgedFrame): string | undefined {
  const [type, first, second] = frame
  if (['res', 'err', 'subscribed'].includes(type)) return `ref ${first}`
  if (type === 'unsubscribed') return second === undefined || second === null ? undefined : `ref ${second}`
  if (type === 'pong') return `pong ${first}`
  return type === 'ack' || type === 'nak' ? `pub ${JSON.stringify(first)} ${second}` : undefined
}

/** What must come of what an attacker says. */
export interface Verdict {
  /** The close codes that are right; none when it may stay, `undefined` when anything may come of it. */
  readonly codes: readonly number[] | undefined
  /** The frames that the hub must take. */
  readonly taken: readonly JudgedFrame[]
}

/** What must come of these messages, of a client that was welcomed or of one that was not. */
export function verdictOf(messages: readonly string[], isWelcome: boolean, maxBytes: number): Verdict {
  const taken: JudgedFrame[] = []
  for (const message of messages) {
    if (Buffer.byteLength(message) > maxBytes) return { codes: [1009, 4505], taken }
    const frames = framesOf(message)
    if (!frames) return { codes: [4501], taken }
    for (const frame of frames) {
      const isHello = frame[0] === 'hello'
      // Whether the welcome is out before what comes next, is a matter of chance.
      if (isHello && !isWelcome) return { codes: undefined, taken }
      if (isHello !== !isWelcome && isKnown(frame[0])) return { codes: [4501], taken }
      taken.push(frame)
    }
  }
  return { codes: [], taken }
}
