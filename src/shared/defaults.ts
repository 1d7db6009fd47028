import { SyncError } from './errors.ts'

/**
 * The options over the defaults. One that is given as `undefined` is as if it were not given. Throws `bad_options` for
 * what is of another type than its default, and for a number below 0.
 */
export function withDefaults<Defaults extends object, Options extends object>(
  defaults: Defaults,
  options: Options,
): Defaults & Options {
  const merged: Record<string, unknown> = { ...(defaults as Record<string, unknown>) }
  if (typeof options !== 'object' || options === null) throw bad('options', 'object', options)
  for (const [key, value] of Object.entries(options)) {
    if (value === undefined) continue
    const type = typeof merged[key]
    if (type === 'number' && !(typeof value === 'number' && value >= 0))
      throw bad(key, 'number from 0', value)
    if (merged[key] !== undefined && (typeof value !== type || value === null)) throw bad(key, type, value)
    merged[key] = value
  }
  return merged as Defaults & Options
}

function bad(key: string, type: string, value: unknown): SyncError {
  return new SyncError('bad_options', `Not a ${type}: ${key} is ${String(value)}`)
}
