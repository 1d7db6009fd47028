import { SyncError } from './errors.ts'

/**
 * The options over the defaults. One that is given as `undefined` is as if it were not given. Throws `bad_options` for
 * something else than a number from 0 where the default is a number.
 */
export function withDefaults<Defaults extends object, Options extends object>(
  defaults: Defaults,
  options: Options,
): Defaults & Options {
  const merged: Record<string, unknown> = { ...(defaults as Record<string, unknown>) }
  for (const [key, value] of Object.entries(options)) {
    if (value === undefined) continue
    if (typeof merged[key] === 'number' && !(typeof value === 'number' && value >= 0)) {
      throw new SyncError('bad_options', `Not a number from 0: ${key} is ${String(value)}`)
    }
    merged[key] = value
  }
  return merged as Defaults & Options
}
