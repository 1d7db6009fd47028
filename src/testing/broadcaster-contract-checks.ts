import type { LogEntry } from '../broadcasters/broadcaster.ts'
import { isSyncError, type SyncErrorCode } from '../shared/errors.ts'
import type { Position } from '../shared/position.ts'
import type { Trial } from './broadcaster-trial.ts'

/** Rejects when the rule is broken. */
export type Rule = (trial: Trial) => Promise<void>

/** Rules by what they say. */
export type Rules = Readonly<Record<string, Rule>>

export function ensure(holds: boolean, message: string): asserts holds {
  if (!holds) throw new Error(message)
}

export function ensureEqual(actual: unknown, expected: unknown, what: string): void {
  const [is, must] = [JSON.stringify(actual), JSON.stringify(expected)]
  ensure(is === must, `${what}: expected ${must}, got ${is}`)
}

/** Counts from `first`, `length` times. */
export const counting = (first: number, length: number) => Array.from({ length }, (_, i) => first + i)

export const bodiesOf = (length: number) => counting(1, length).map((n) => `body ${n}`)

/** Requires that nothing lies between the entries, by offset and by tag. */
export function ensureChain(entries: readonly LogEntry[]): void {
  for (const [i, entry] of entries.entries()) {
    const before = entries[i - 1]
    if (!before) continue
    ensureEqual(entry.offset, before.offset + 1, 'The offset after the one before it')
    ensureEqual(entry.previous, before.tag, `The previous tag of entry ${entry.offset}`)
  }
}

/** The code that it rejects with; else what came instead, in words. */
export function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    (value) => `it resolved with ${JSON.stringify(value)}`,
    (error: unknown) => (isSyncError(error) ? error.code : `it rejected with ${String(error)}`),
  )
}

/** Requires that it rejects with a `SyncError` of this code. */
export async function ensureCode(promise: Promise<unknown>, code: SyncErrorCode, what: string) {
  ensureEqual(await codeOf(promise), code, `What becomes of ${what}`)
}

export function pick({ epoch, offset, tag }: Position): Position {
  return { epoch, offset, tag }
}

export function pickEntry({ offset, tag, previous, body }: LogEntry): LogEntry {
  return { offset, tag, previous, body }
}
