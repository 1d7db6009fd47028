import type { PayloadIssue } from '../shared/errors.ts'
import type { Schema } from './schema.ts'
import { badPayload, validate } from './validate.ts'

const maxDepth = 64

type Data = Record<string | number, unknown>

/**
 * What travels for `input`: the input, as the receiver validates it again, but without the keys that `schema` strips.
 * Returns `input` itself when nothing is stripped, else a copy; never changes it. Strips keys of objects, surplus items of
 * arrays, and keys that are `undefined`. A key that the output lacks travels only if leaving it out makes the schema refuse
 * or give another output; what differs between two validations of the very same input (a default that reads the clock)
 * does not count. Costs one validation, two when something is stripped, and up to two per key when a transform renames.
 * @throws SyncError `bad_payload` when the schema refuses, or when what would travel is not JSON: only plain objects,
 * arrays, strings, finite numbers, booleans and null, at most 64 deep. `async_schema` as {@link validate}.
 */
export function toWire(schema: Schema, input: unknown): unknown {
  const output = validate(schema, input)
  const { fates, reduce } = reducer(input, output)
  let wire = reduce()
  if (!fates.size) return input
  const unstable = new Set<string>()
  const holds = () => {
    let made: unknown
    try {
      made = validate(schema, wire)
    } catch {
      return false
    }
    const changed = differences(output, made)
    if (!changed.length) return true
    // Validated after the trial and not before it, so that a clock that has ticked for the trial has ticked here too.
    for (const at of differences(output, validate(schema, input))) unstable.add(at)
    return changed.every((at) => unstable.has(at))
  }
  if (holds()) return wire
  for (const key of fates.keys()) fates.set(key, 'whole')
  // The map grows while it is read, as a key that is kept shows the keys below it.
  for (const key of fates.keys()) {
    fates.set(key, 'out')
    wire = reduce()
    if (holds()) continue
    fates.set(key, 'in')
    wire = reduce()
  }
  return wire
}

/** What becomes of a key that is not in the output: left out; there, but not looked into; there, and walked. */
type Fate = 'out' | 'whole' | 'in'

/**
 * `reduce` copies `input` as `fates` tell, by a key's path with 0 for every index on the way to it. It adds each key that
 * it meets: the first time all are left out, later ones stay whole until their fate is told.
 */
function reducer(input: unknown, output: unknown) {
  const fates = new Map<string, Fate>()
  const path: (string | number)[] = []
  const above: object[] = []
  let first: Fate = 'out'

  const fateOf = (item: unknown): Fate => {
    const last = path.length - 1
    const steps = path.map((step, i) => (i < last && typeof step === 'number' ? 0 : step))
    // One that is undefined here may have a value, and be needed, at another index.
    const key = JSON.stringify([steps, item === undefined])
    if (!fates.has(key)) fates.set(key, first)
    return fates.get(key)!
  }

  /** `out` is what the schema made of `value`, as far as the two are alike. */
  const walk = (value: unknown, out: unknown): unknown => {
    if (value === null || /^(string|boolean)$/.test(typeof value) || Number.isFinite(value)) return value
    if (!isJson(value) || above.includes(value) || above.length >= maxDepth) {
      refuse('only JSON travels: plain data, no cycle, at most 64 deep', path)
    }
    above.push(value)
    const list = Array.isArray(value)
    const made = isObject(out) && Array.isArray(out) === list ? out : undefined
    const kept: [string | number, unknown][] = []
    for (const key of list ? value.keys() : Object.keys(value)) {
      const item = value[key]
      const inner = made && Object.hasOwn(made, key) ? made[key] : undefined
      path.push(key)
      const lost = list
        ? made && (key as number) >= (made.length as number)
        : inner === undefined || item === undefined
      const fate = lost ? fateOf(item) : 'in'
      if (fate === 'whole') kept.push([key, item])
      if (fate === 'in') kept.push([key, walk(item, inner)])
      path.pop()
    }
    above.pop()
    return list ? kept.map(([, item]) => item) : Object.fromEntries(kept)
  }

  const reduce = () => {
    const copy = walk(input, output)
    first = 'whole'
    return copy
  }
  return { fates, reduce }
}

function refuse(message: string, path: PayloadIssue['path'] = []): never {
  throw badPayload([{ message, path: [...path] }])
}

/** Where two outputs of one schema differ, as paths that can be compared with each other. */
function differences(a: unknown, b: unknown, at = ''): string[] {
  if (a === b || Object.is(a, b)) return []
  if (!isObject(a) || !isObject(b) || Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return [at]
  if (a instanceof Map || a instanceof Set) return differences([...a], [...(b as typeof a)], at)
  if (Array.isArray(a) && a.length !== b.length) return [at]
  const keys = Object.keys({ ...a, ...b })
  const form = hasToJson(a) ? JSON.stringify : keys[0] || isPlain(a) ? undefined : String
  if (!form) return keys.flatMap((key) => differences(a[key], b[key], at + JSON.stringify(key)))
  if (form(a) !== form(b)) return [at]
  // An instance that shows nothing of its state: to guess would let a secret travel, or leave out what is needed.
  if (/^\[object /.test(form(a))) refuse('the schema gives an object without toJSON: add one')
  return []
}

function isObject(value: unknown): value is Data {
  return typeof value === 'object' && value !== null
}

function isJson(value: unknown): value is Data {
  return isObject(value) && isPlain(value) && !hasToJson(value) && !Object.hasOwn(value, '__proto__')
}

function hasToJson(value: Data): boolean {
  return typeof value.toJSON === 'function'
}

/** By shape and not by identity, as an object of another realm (a frame, a test's window) has another `Object.prototype`. */
function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value)
  return Array.isArray(value) || !prototype || !Object.getPrototypeOf(prototype)
}
