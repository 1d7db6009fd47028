import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import type { Fact } from '../../../src/testing/facts.ts'

/** Leaves the shape of each fact of a union, which `Omit` alone would merge. */
type Untimed<F> = F extends unknown ? Omit<F, 'at'> : never

/** What processes write down beside what the checker of histories knows: for whoever waits, and for the tally. */
type NoteFact = { readonly at: number } & (
  | { readonly kind: 'listens'; readonly port: number }
  /** A log in a process of its own listens. */
  | { readonly kind: 'log listens'; readonly port: number }
  | { readonly kind: 'status'; readonly client: string; readonly state: string; readonly code?: string }
  /** The hub knew that something had been done before, and did nothing. */
  | { readonly kind: 'duplicate'; readonly what: 'publication' | 'request' }
  /** Something went to `onError`. */
  | { readonly kind: 'error'; readonly code: string; readonly message: string; readonly stage: string }
)

export type ProcessFact = Fact | NoteFact
export type NewFact = Untimed<ProcessFact>

const notes: ReadonlySet<string> = new Set(['listens', 'log listens', 'status', 'duplicate', 'error'])

/** Whether it is for the checker of histories. */
export function isForChecker(fact: ProcessFact): fact is Fact {
  return !notes.has(fact.kind)
}

/** Now, in milliseconds with fractions on the machine's own clock, which is one for all processes and is never set. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

/** Writes each fact into the file before it returns, so that it outlives a process that is killed. */
export function openRecord(path: string): (fact: NewFact) => void {
  const file = openSync(path, 'a')
  return (fact) => void writeSync(file, `${JSON.stringify({ at: now(), ...fact })}\n`)
}

/** Reads what was written into a file since the last time. */
export class FactReader {
  readonly #file: number
  #rest = ''

  constructor(path: string) {
    this.#file = openSync(path, 'a+')
  }

  read(): ProcessFact[] {
    const chunk = Buffer.alloc(65_536)
    const lines: string[] = []
    for (let size = readSync(this.#file, chunk); size > 0; size = readSync(this.#file, chunk)) {
      // Facts are ASCII: no character is cut.
      const parts = (this.#rest + chunk.toString('latin1', 0, size)).split('\n')
      this.#rest = parts.pop()!
      lines.push(...parts)
    }
    return lines.map((line) => JSON.parse(line) as ProcessFact)
  }

  close(): void {
    closeSync(this.#file)
  }
}
