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

/** Parameters of a pattern that is not known to the compiler. */
export type Params = Readonly<Record<string, string | number>>

/**
 * Refuses what is no pattern: segments between `/`, each a `:name` (an identifier, once) or a text that needs no escaping.
 * @throws SyncError `bad_registry`
 */
export function checkPattern(pattern: string): void {
  const names = new Set<string>()
  // A caller without types may pass anything.
  for (const segment of typeof pattern === 'string' ? pattern.split('/') : ['']) {
    const name = segment.slice(1)
    // A name that every object inherits could not be told from a missing parameter.
    const fresh = /^[a-z_]\w*$/i.test(name) && !(name in {}) && !names.has(name)
    if (segment[0] === ':' ? !fresh : !/^[\w.!~*'()-]+$/.test(segment)) {
      throw new SyncError(
        'bad_registry',
        `Bad segment "${segment}" in pattern "${String(pattern)}": write text like game or a parameter like :code, each once.`,
      )
    }
    if (segment[0] === ':') names.add(name)
  }
}

/**
 * The channel name on the wire, each value percent-escaped: `('game/:code', { code: 'a/b' })` → `'game/a%2Fb'`.
 * @throws SyncError `bad_channel` when a value is missing, unknown, empty, no string or finite number, or no valid Unicode
 */
export function formatName(pattern: string, params: Params = {}): string {
  const given = new Map(Object.entries(params ?? {}))
  const check = (ok: unknown, name: string) => {
    if (ok) return
    const want = 'pass each of its parameters, and no other, as a non-empty string or a finite number'
    throw new SyncError('bad_channel', `Bad parameter "${name}" of channel "${pattern}": ${want}.`)
  }
  const segments = pattern.split('/').map((segment) => {
    if (segment[0] !== ':') return segment
    const name = segment.slice(1)
    const value = given.get(name)
    given.delete(name)
    check(typeof value === 'string' ? value && isWellFormed(value) : Number.isFinite(value), name)
    return encodeURIComponent(value!)
  })
  for (const name of given.keys()) check(false, name)
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

/** Whether some name matches both patterns. */
export function overlaps(a: string, b: string): boolean {
  const others = b.split('/')
  const segments = a.split('/')
  return (
    segments.length === others.length &&
    segments.every((one, i) => one === others[i] || one[0] === ':' || others[i]![0] === ':')
  )
}
