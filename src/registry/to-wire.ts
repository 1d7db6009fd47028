import { isSyncError, type PayloadIssue } from '../shared/errors.ts'
import { maxDepth } from '../shared/limits.ts'
import type { Schema } from './schema.ts'
import { badPayload, validate } from './validate.ts'

/** How often one call validates at least, if it must, the first time not counted. */
const minValidations = 64

/** So that no payload can block the process: how many values one call validates at most beyond that. */
const maxValues = 400_000

/** Into how many sets the keys are dealt that cannot be judged all at once. */
const sets = 8

type Data = Record<string | number, unknown>
type Step = string | number

/**
 * What travels for `input`: the input, as the receiver validates it again, reduced to what survives validation. A key
 * travels only if the output holds its value unchanged at the same place, or if leaving it out makes the schema refuse or
 * give another output; what differs between two validations of the very same input (a default that reads the clock) does
 * not count. Items of an array stay, unless the output holds a shorter array there: then the same holds for each of them.
 * Keys that are `undefined` are left out. Returns `input` itself when nothing is left out, else a copy; never changes it.
 *
 * Validates once if the output equals the input, twice if the schema only strips, three times if it asks for what it
 * changes, else more often: 64 times or 400,000 values in all, whichever is more. Keys that it does not ask for are judged one
 * by one up to eight; more are judged several at once, by the places where the output changes.
 * @throws SyncError `bad_payload` when the schema refuses, when that does not tell what it needs, or when what would
 * travel is not JSON: only plain objects, arrays, strings, finite numbers, booleans and null, at most 64 deep.
 * `async_schema` as {@link validate}.
 */
export function toWire(schema: Schema, input: unknown): unknown {
  const made: unknown = validate(schema, input)
  if (isWhole(input, made, 0)) return input
  const root: Part = { key: '', spot: '', value: input, made }
  let open = lookInto(root)
  if (!open.length) return input
  const leaveOut = reducer(schema, root)
  while (open.length) open = settle(open, leaveOut).flatMap(lookInto)
  return build(root)
}

/** Whether all of it survives, and is JSON: what holds for nearly everything that is published, and needs no parts. */
function isWhole(value: unknown, made: unknown, depth: number): boolean {
  if (!isObject(value)) return Object.is(value, made) && isScalar(value)
  if (depth >= maxDepth || !areAlike(value, made) || !isJson(value)) return false
  if (Array.isArray(value)) {
    if ((made as unknown as unknown[]).length !== value.length) return false
    for (let i = 0; i < value.length; i++) if (!isWhole(value[i], made[i], depth + 1)) return false
    return true
  }
  for (const key of Object.keys(value)) {
    if (!Object.hasOwn(made, key) || !isWhole(value[key], made[key], depth + 1)) return false
  }
  return true
}

function isScalar(value: unknown): boolean {
  return value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)
}

/** A value of the input, at its place. */
interface Part {
  readonly above?: Part
  readonly key: Step
  /** Its key in the output, as far as the two are alike. */
  readonly spot: Step
  readonly value: unknown
  /** What the output holds there. */
  readonly made: unknown
  /** Not there while nobody has looked into it: then it travels whole. */
  parts?: Part[]
  out?: boolean
}

/** Finds the nearest parts inside that do not survive. Refuses what is not JSON on the way to them. */
function lookInto(part: Part): Part[] {
  const { value, made } = part
  if (isScalar(value)) return []
  let depth = 0
  let isCycle = false
  for (let one = part.above; one; one = one.above) {
    depth++
    isCycle ||= one.value === value
  }
  if (!isJson(value) || isCycle || depth >= maxDepth) {
    refuse('only JSON travels: plain data, no cycle, at most 64 deep', pathOf(part, 'key'))
  }
  const like = areAlike(value, made) ? made : undefined
  const spots = Array.isArray(value) ? align(value, like) : Object.keys(value)
  const keys: Step[] = Array.isArray(value) ? [...value.keys()] : Object.keys(value)
  part.parts = keys.map((key, i) => {
    const spot = spots[i]
    const inner = spot !== undefined && like && Object.hasOwn(like, spot) ? like[spot] : undefined
    return { above: part, key, spot: spot ?? key, value: value[key], made: inner }
  })
  return part.parts.flatMap((child, i) => {
    const stays = Array.isArray(value) ? spots[i] !== undefined : survives(child)
    return stays ? lookInto(child) : [child]
  })
}

function survives({ value, made }: Part): boolean {
  return value !== undefined && (Object.is(value, made) || areAlike(value, made))
}

/** Whether both are arrays, or both other objects: then what they hold is compared instead. */
function areAlike(value: unknown, made: unknown): made is Data {
  return isObject(value) && isObject(made) && Array.isArray(value) === Array.isArray(made)
}

/**
 * Where each item stands in `made`: at its own index unless `made` is shorter, else in order as far as `made` holds it, if
 * that explains all of `made`. `undefined` for an item that may be left out.
 */
function align(list: readonly unknown[], made: Data | undefined): (number | undefined)[] {
  if (!Array.isArray(made) || made.length >= list.length) return [...list.keys()]
  let next = 0
  const spots = Array.from(list, (item) => {
    return next < made.length && covers(item, made[next]) ? next++ : undefined
  })
  return next === made.length ? spots : spots.fill(undefined)
}

function covers(value: unknown, made: unknown): boolean {
  if (Object.is(value, made)) return true
  if (!isObject(value) || !areAlike(value, made)) return false
  return Object.keys(made).every((key) => Object.hasOwn(value, key) && covers(value[key], made[key]))
}

/** The wire as it stands. Notes in `sent` what each array of it is made of. */
function build(part: Part, sent = new Map<unknown, Part[]>()): unknown {
  if (!part.parts) return part.value
  const kept = part.parts.filter(({ out }) => !out)
  if (!Array.isArray(part.value)) return Object.fromEntries(kept.map((one) => [one.key, build(one, sent)]))
  const list = kept.map((one) => build(one, sent))
  sent.set(list, kept)
  return list
}

/** How many values there are, as far as anybody has looked. */
function countOf({ parts = [] }: Part): number {
  return parts.reduce((sum, part) => sum + countOf(part), 1)
}

/** Why a trial failed: the schema refused at these places of the input, or its output changed at these places. */
interface Trouble {
  readonly refused: boolean
  readonly paths: readonly Step[][]
}

type LeaveOut = (group: readonly Part[]) => Trouble | undefined

/** Makes the function that leaves a group out for good, or tells why that cannot be and lets it stay. */
function reducer(schema: Schema, root: Part): LeaveOut {
  const { value: input, made: output } = root
  const unstable = new Set<string>()
  let left = Math.max(minValidations, Math.floor(maxValues / countOf(root)))
  const spend = () => {
    if (!left--)
      refuse(
        'a transform of the schema uses too many optional values to tell what may travel: publish fewer at once',
      )
  }

  const trouble = (): Trouble | undefined => {
    const sent = new Map<unknown, Part[]>()
    const wire = build(root, sent)
    spend()
    let made: unknown
    try {
      made = validate(schema, wire)
    } catch (error) {
      const issues = isSyncError(error) ? error.issues : []
      return { refused: true, paths: issues.map(({ path }) => pathInInput(path, wire, sent)) }
    }
    const changed = differences(output, made)
    if (!changed.length) return undefined
    spend()
    // Validated after the trial and not before it, so that a clock that has ticked for the trial has ticked here too.
    for (const at of differences(output, validate(schema, input))) unstable.add(JSON.stringify(at))
    const paths = changed.filter((at) => !unstable.has(JSON.stringify(at)))
    return paths.length ? { refused: false, paths } : undefined
  }

  return (group) => {
    if (!group.length) return undefined
    for (const part of group) part.out = true
    const found = trouble()
    if (found) for (const part of group) part.out = false
    return found
  }
}

/** Leaves out of `open` what is not needed, and returns the rest. */
function settle(open: readonly Part[], leaveOut: LeaveOut): readonly Part[] {
  const first = settleAtOnce(open, leaveOut)
  if (first.isDone) return first.asked
  // The schema's word for a few may be about others (one of two is enough), and each can be proven.
  const needed = first.asked.length > sets ? first.asked : []
  const asked: Part[] = []
  const known = new Set(needed)
  const queue = byDepth(open.filter((part) => !known.has(part))).flatMap((group) => deal(group, sets))
  for (let group = queue.pop(); group; group = queue.pop()) {
    const trouble = leaveOut(group)
    if (!trouble) continue
    const blamed = group.length === 1 ? new Set(group) : blame(group, trouble)
    ;(trouble.refused ? asked : needed).push(...blamed)
    const rest = group.filter((part) => !blamed.has(part))
    if (rest.length) queue.push(...(blamed.size ? [rest] : deal(group, 2)))
  }
  // Two that the schema wants to be equal cannot go one by one, but may go together.
  const last = settleAtOnce(asked, leaveOut)
  return [...needed, ...(last.isDone ? last.asked : asked)]
}

/** Leaves out all but what the schema then asks for, if that is enough for it. */
function settleAtOnce(open: readonly Part[], leaveOut: LeaveOut): { isDone: boolean; asked: Part[] } {
  const trouble = leaveOut(open)
  if (!trouble) return { isDone: true, asked: [] }
  if (open.length === 1) return { isDone: true, asked: [...open] }
  const blamed = trouble.refused ? blame(open, trouble) : new Set()
  const asked = open.filter((part) => blamed.has(part))
  const isDone = asked.length > 0 && !leaveOut(open.filter((part) => !blamed.has(part)))
  return { isDone, asked }
}

/** Apart, as a key of one object may change all rows below it, and these a sum above them. */
function byDepth(open: readonly Part[]): Part[][] {
  const groups = new Map<number, Part[]>()
  for (const part of open) {
    const depth = pathOf(part, 'key').length
    const group = groups.get(depth)
    if (group) group.push(part)
    else groups.set(depth, [part])
  }
  return [...groups.values()]
}

/** Deals like cards: neighbours, which may explain each other's trouble, come into different sets. */
function deal(group: readonly Part[], count: number): Part[][] {
  const dealt: Part[][] = Array.from({ length: Math.min(count, group.length) }, () => [])
  group.forEach((part, i) => {
    dealt[i % dealt.length]!.push(part)
  })
  return dealt
}

/**
 * Those of `group` that alone can have made trouble: the one at the very place, or the only one near it. What changed at
 * some key may come from any key of the same object, but not from other items of an array.
 */
function blame(group: readonly Part[], { refused, paths }: Trouble): Set<Part> {
  const below = new Map<string, { count: number; part: Part; isHere: boolean }>()
  for (const part of group) {
    const path = pathOf(part, refused ? 'key' : 'spot')
    for (let i = 0; i <= path.length; i++) {
      const place = JSON.stringify(path.slice(0, i))
      const count = (below.get(place)?.count ?? 0) + 1
      below.set(place, { count, part, isHere: i === path.length })
    }
  }
  const blamed = new Set<Part>()
  for (const at of paths) {
    const scope = refused || typeof at.at(-1) === 'number' ? at : at.slice(0, -1)
    const near = below.get(JSON.stringify(scope))
    const there = below.get(JSON.stringify(at))
    if (near?.count === 1) blamed.add(near.part)
    else if (there?.isHere) blamed.add(there.part)
  }
  return blamed
}

function pathOf(part: Part, by: 'key' | 'spot'): Step[] {
  const path: Step[] = []
  for (let one = part; one.above; one = one.above) path.push(one[by])
  return path.reverse()
}

/** Where in the input a path of the wire leads, which may lack items. */
function pathInInput(path: PayloadIssue['path'], wire: unknown, sent: Map<unknown, Part[]>): Step[] {
  let at = wire
  return path.map((step) => {
    const items = sent.get(at)
    at = isObject(at) ? at[step] : undefined
    return items ? (items[Number(step)]?.key ?? step) : step
  })
}

function refuse(message: string, path: PayloadIssue['path'] = []): never {
  throw badPayload([{ message, path }])
}

/** Where two outputs of one schema differ. */
function differences(a: unknown, b: unknown, at: Step[] = []): Step[][] {
  if (a === b || Object.is(a, b)) return []
  if (!isObject(a) || !isObject(b) || Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return [at]
  if (a instanceof Set) return differences([...a], [...(b as typeof a)], at)
  if (a instanceof Map) return differences(entries(a), entries(b as typeof a), at)
  const list = Array.isArray(a)
  if (list && a.length !== b.length) return [at]
  const keys = Object.keys({ ...a, ...b })
  const form = hasToJson(a) ? JSON.stringify : keys[0] || isPlain(a) ? undefined : String
  if (!form) return keys.flatMap((key) => differences(a[key], b[key], [...at, list ? Number(key) : key]))
  if (form(a) !== form(b)) return [at]
  // An instance that shows nothing of its state: to guess would let a secret travel, or leave out what is needed.
  if (/^\[object /.test(form(a))) refuse('the schema gives an object without toJSON: add one')
  return []
}

/** An object where that loses nothing, as differences are then found at its keys. */
function entries(map: Map<unknown, unknown>): unknown {
  const list = [...map]
  return list.every(([key]) => typeof key === 'string') ? Object.fromEntries(list) : list
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
