import type { PayloadIssue } from '../shared/errors.ts'
import type { Schema } from './schema.ts'
import { badPayload, validate } from './validate.ts'

const maxDepth = 64

type Data = Record<string | number, unknown>

/** What becomes of a key that is not in the output: left out; there, but not looked into; there, and walked. */
type Fate = 'out' | 'whole' | 'in'

interface Cut {
  /** By a key's path, with 0 for every index on the way to it, in the order in which walks have met them. */
  readonly fates: Map<string, Fate>
  /** Of keys that are met for the first time. */
  first: Fate
  readonly path: (string | number)[]
  readonly above: object[]
}

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
  const cut: Cut = { fates: new Map(), first: 'out', path: [], above: [] }
  const { fates } = cut
  let wire = walk(input, output, cut)
  if (!fates.size) return input
  const unstable = new Set<string>()
  const holds = () => {
    let made: unknown
    try {
      made = validate(schema, wire)
    } catch {
      return false
    }
    const differs = () => [...differences(output, made)].some((at) => !unstable.has(at))
    if (!differs()) return true
    // Validated after the trial and not before it, so that a clock that has ticked for the trial has ticked here too.
    for (const at of differences(output, validate(schema, input))) unstable.add(at)
    return !differs()
  }
  if (holds()) return wire
  cut.first = 'whole'
  for (const key of fates.keys()) fates.set(key, 'whole')
  // The map grows while it is read, as a key that is kept shows the keys below it.
  for (const key of fates.keys()) {
    fates.set(key, 'out')
    wire = walk(input, output, cut)
    if (holds()) continue
    fates.set(key, 'in')
    wire = walk(input, output, cut)
  }
  return wire
}

/** A copy of `value` without what `cut` leaves out; `out` is what the schema made of it, as far as the two are alike. */
function walk(value: unknown, out: unknown, cut: Cut): unknown {
  const { path, above } = cut
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
    const lost = list ? made && Number(key) >= Number(made.length) : inner === undefined || item === undefined
    const fate = lost ? fateOf(cut, item) : 'in'
    if (fate === 'whole') kept.push([key, item])
    if (fate === 'in')
      kept.push([key, walk(item, list && made?.length !== value.length ? undefined : inner, cut)])
    path.pop()
  }
  above.pop()
  return list ? kept.map(([, item]) => item) : Object.fromEntries(kept)
}

/** The fate of the key that the walk has reached. One that is `undefined` here may have a value at another index. */
function fateOf({ fates, first, path }: Cut, item: unknown): Fate {
  const last = path.length - 1
  const steps = path.map((step, i) => (typeof step === 'number' && i < last ? 0 : step))
  const key = JSON.stringify([steps, item === undefined])
  const fate = fates.get(key) ?? first
  fates.set(key, fate)
  return fate
}

function refuse(message: string, path: PayloadIssue['path'] = []): never {
  throw badPayload([{ message, path: [...path] }])
}

/** Where two outputs of one schema differ, as paths that can be compared with each other. */
function* differences(a: unknown, b: unknown, at = ''): Generator<string> {
  if (a === b || Object.is(a, b)) return
  if (!isObject(a) || !isObject(b) || Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return yield at
  if (a instanceof Map || a instanceof Set) return yield* differences([...a], [...(b as typeof a)], at)
  const keys = Object.keys({ ...a, ...b })
  const form = hasToJson(a) ? JSON.stringify : keys[0] || isPlain(a) ? undefined : String
  if (!form) for (const key of keys) yield* differences(a[key], b[key], at + JSON.stringify(key))
  else if (form(a) !== form(b)) yield at
  // An instance that shows nothing of its state: to guess would let a secret travel, or leave out what is needed.
  else if (/^\[object /.test(form(a))) refuse('the schema gives an object without toJSON: add one')
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
