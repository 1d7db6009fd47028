import { describe, expect, it } from 'vitest'
import { ambientUses } from './support/ambient.ts'
import { filesBelow, read } from './support/files.ts'

/**
 * The manual clock lets promises settle between two timers, which only a macrotask of the platform tells; the transport of real sockets
 * writes at the end of the real event loop's turn.
 */
const homes = [
  'src/shared/clock.ts',
  'src/shared/random.ts',
  'src/testing/manual-clock.ts',
  'src/server/transports/outgoing.ts',
]

describe('time and chance', () => {
  it('come into src through the clock and the random source alone', () => {
    const files = filesBelow('src', '.ts', '.tsx').filter((file) => !homes.includes(file))
    expect(files.flatMap((file) => ambientUses(file, read(file)))).toEqual([])
  })

  it('are found by the checker where their home uses them', () => {
    expect(ambientUses('clock.ts', read('src/shared/clock.ts'))).toContainEqual(
      expect.stringContaining('setTimeout'),
    )
  })

  it.each([
    ['setTimeout(run, 5)', 'setTimeout'],
    ['globalThis.setInterval(run, 5)', 'setInterval'],
    ['setImmediate(run)', 'setImmediate'],
    ['queueMicrotask(run)', 'queueMicrotask'],
    ['const at = Date.now()', 'Date.now'],
    ['const at = +new Date()', 'new Date()'],
    ['const at = performance.now()', 'performance.now'],
    ['const x = Math.random()', 'Math.random'],
    ['await crypto.subtle.digest()', 'crypto.subtle'],
  ])('are caught by the checker in: %s', (source, name) => {
    expect(ambientUses('a.ts', source)).toEqual([`a.ts:1 uses ${name}`])
  })

  it('may be named in comments, strings and parsed dates', () => {
    expect(ambientUses('a.ts', `// setTimeout\nconst a = 'Math.random'; new Date(5)`)).toEqual([])
  })
})
