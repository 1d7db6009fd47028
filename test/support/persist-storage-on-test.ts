import type { PersistStorage } from 'syncline/client'

/** A storage in memory, which can be made to fail in every way that the tests need. */
export interface StorageOnTest extends PersistStorage {
  readonly records: Map<string, string>
  /** How it fails: refuses, never answers, or takes no more than `maxBytes`. */
  refuses?: 'read' | 'write' | 'both' | undefined
  hangs?: boolean
  maxBytes?: number
  /** What was written, in batches. */
  readonly batches: ReadonlyMap<string, string | undefined>[]
  /** How often it was closed. */
  closed: number
  /** The records whose keys hold this, by key. */
  with(part: string): [key: string, value: unknown][]
}

export function storageOnTest(): StorageOnTest {
  const records = new Map<string, string>()
  const storage: StorageOnTest = {
    records,
    batches: [],
    closed: 0,
    async read(prefix) {
      if (storage.hangs) await new Promise(() => {})
      if (storage.refuses === 'read' || storage.refuses === 'both') throw new Error('refused')
      return new Map([...records].filter(([key]) => key.startsWith(prefix)))
    },
    async write(changes) {
      if (storage.hangs) await new Promise(() => {})
      if (storage.refuses === 'write' || storage.refuses === 'both') throw new Error('refused')
      const after = new Map(records)
      for (const [key, text] of changes) {
        if (text === undefined) after.delete(key)
        else after.set(key, text)
      }
      const bytes = [...after].reduce((sum, [key, text]) => sum + key.length + text.length, 0)
      if (bytes > (storage.maxBytes ?? Number.POSITIVE_INFINITY)) throw new Error('QuotaExceeded')
      storage.batches.push(changes)
      for (const [key, text] of changes) {
        if (text === undefined) records.delete(key)
        else records.set(key, text)
      }
    },
    close: () => {
      storage.closed++
    },
    with: (part) =>
      [...records].filter(([key]) => key.includes(part)).map(([key, text]) => [key, JSON.parse(text)]),
  }
  return storage
}
