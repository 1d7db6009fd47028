import { describe, expect, it } from 'vitest'
import { ownEntry } from '../../../src/shared/own-entry.ts'

describe('ownEntry', () => {
  it('finds own entries only', () => {
    expect(ownEntry({ a: 1 }, 'a')).toBe(1)
    expect(ownEntry<unknown>({ a: 1 }, 'constructor')).toBeUndefined()
    expect(ownEntry<unknown>({}, '__proto__')).toBeUndefined()
    expect(ownEntry(undefined, 'a')).toBeUndefined()
  })
})
