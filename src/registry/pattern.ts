import { SyncError } from '../shared/errors.ts'

/** The parameters that a pattern names: `'game/:code'` → `'code'`; `never` without any, `string` for an unknown pattern. */
export type ParamName<Pattern extends string> = string extends Pattern
  ? string
  : Pattern extends `${infer Head}/${infer Tail}`
    ? ParamName<Head> | ParamName<Tail>
    : Pattern extends `:${infer Name}`
      ? Name
      : never

/** The parameters that one passes for a pattern: `{ code: string | number }`. */
export type ParamsIn<Pattern extends string> = { readonly [Name in ParamName<Pattern>]: string | number }

/** The parameters that one gets from a name: `{ code: string }`. */
export type ParamsOut<Pattern extends string> = { readonly [Name in ParamName<Pattern>]: string }

/** In UTF-16 code units: a longer name could make the message too large for the hub, which ends the connection. */
const maxValueLength = 256

/** Parameters of a pattern that is not known to the compiler. */
export type Params = Readonly<Record<string, string | number>>

/**
 * The channel name on the wire, each value percent-escaped: `('game/:code', { code: 'a/b' })` → `'game/a%2Fb'`.
 * @throws SyncError `bad_channel` when a value is missing, unknown, empty, longer than 256 characters, no string or finite
 * number, or no valid Unicode
 */
export function formatName(pattern: string, params: Params = {}): string {
  const given = { ...params }
  const check = (ok: unknown, name: string) => {
    if (ok) return
    throw new SyncError('bad_channel', `Bad or missing parameter "${name}" for "${pattern}"`)
  }
  const segments = pattern.split('/').map((segment) => {
    if (segment[0] !== ':') return segment
    const name = segment.slice(1)
    const value = given[name]
    const isText = typeof value === 'string'
    check(
      isText ? value && value.length <= maxValueLength && isWellFormed(value) : Number.isFinite(value),
      name,
    )
    delete given[name]
    return encodeURIComponent(value!)
  })
  for (const name in given) check(false, name)
  return segments.join('/')
}

/** Without lone surrogates, which have no escape. */
function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text)
}

/**
 * The parameters in a channel name, or `undefined` if the name is not exactly what {@link formatName} writes for them:
 * two different names never mean one channel. Total: never throws.
 */
export function matchName(pattern: string, name: string): Record<string, string> | undefined {
  const given = name.split('/')
  const params: Record<string, string> = {}
  try {
    pattern.split('/').forEach((segment, i) => {
      if (segment[0] === ':') params[segment.slice(1)] = decodeURIComponent(given[i] ?? '')
    })
    return formatName(pattern, params) === name ? params : undefined
  } catch {
    return undefined
  }
}
