import { SyncError } from '../shared/errors.ts'
import { maxDepth } from '../shared/limits.ts'
import type { Schema } from './schema.ts'
import { validate } from './validate.ts'

/** A frame or a batch around the data nests a little, too. */
const maxDataDepth = maxDepth - 4

/**
 * What a client sends of `value`: a copy, so that a later change does not travel, without the keys that the schema
 * strips. Where the schema changes anything else, the receiver's schema needs what this one was given, and all of it travels.
 * @throws SyncError `bad_payload` if it does not fit, is not JSON, or would be refused by every hub; `async_schema`
 */
export function toSend(schema: Schema, value: unknown): unknown {
  const copy = copyOf(value)
  const output: unknown = validate(schema, copy)
  const isStripped = isPruned(output, copy) && !isPruned(copy, output)
  return isStripped && isSettled(schema, output) ? output : copy
}

function copyOf(value: unknown): unknown {
  let text: string | undefined
  let copy: unknown
  let depth = 0
  try {
    text = JSON.stringify(value)
    copy = text && JSON.parse(text)
    depth = depthOf(copy)
  } catch (cause) {
    throw new SyncError('bad_payload', 'Not JSON', { cause })
  }
  if (!text) throw new SyncError('bad_payload', 'Not JSON: nothing is left of it')
  if (depth > maxDataDepth) throw new SyncError('bad_payload', `Nests deeper than ${maxDataDepth}`)
  // In a string, the quotes would be escaped: this is a key, which no hub takes.
  if (/[{,]"__proto__":/.test(text)) throw new SyncError('bad_payload', 'Has a key "__proto__"')
  return copy
}

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  return Object.values(value).reduce<number>((most, item) => Math.max(most, depthOf(item) + 1), 1)
}

/** Whether the receiver's schema makes of `output` what this one has made of all. */
function isSettled(schema: Schema, output: unknown): boolean {
  try {
    const again: unknown = validate(schema, output)
    return isPruned(again, output) && isPruned(output, again)
  } catch {
    return false
  }
}

type Plain = Readonly<Record<string, unknown>>

/** Whether `output` is `value` without some of its keys. */
function isPruned(output: unknown, value: unknown): boolean {
  if (Array.isArray(output)) {
    return (
      Array.isArray(value) &&
      output.length === value.length &&
      output.every((item, i) => isPruned(item, value[i]))
    )
  }
  if (!isPlain(output) || !isPlain(value)) return output === value
  return Object.entries(output).every(([key, item]) =>
    Object.hasOwn(value, key) ? isPruned(item, value[key]) : item === undefined,
  )
}

function isPlain(value: unknown): value is Plain {
  // What is of a class is written by it.
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}
