import { describe, expect, it } from 'vitest'
import { ambientUses } from './support/ambient.ts'
import { filesBelow, read } from './support/files.ts'

/** Where the real thing may be touched: what, and why no world of tests needs it in its own hands. */
const allowed: Readonly<Record<string, { readonly uses: readonly string[]; readonly why: string }>> = {
  'src/shared/clock.ts': {
    uses: ['Date.now', 'performance.now', 'setTimeout'],
    why: 'it is the clock that is passed in',
  },
  'src/shared/random.ts': { uses: ['crypto.getRandomValues'], why: 'it is the chance that is passed in' },
  'src/shared/pooled-random.ts': {
    uses: ['crypto.getRandomValues'],
    why: 'it is the chance that is passed in, many numbers at a time',
  },
  'src/testing/manual-clock.ts': {
    uses: ['MessageChannel', 'process.nextTick', 'setImmediate'],
    why: 'that promises have settled, only the platform tells',
  },
  'src/server/transports/outgoing.ts': {
    uses: ['setImmediate'],
    why: "real sockets alone: it writes at the end of the real event loop's turn",
  },
  'src/server/handshake.ts': {
    uses: ['process.getBuiltinModule'],
    why: 'a hash: it answers within the call',
  },
  'src/client/persist-storage.ts': {
    uses: ['indexedDB'],
    why: 'it is the storage that is passed in',
  },
}

const usesIn = (file: string) => ambientUses(file, read(file)).map((line) => line.replace(/^.* uses /, ''))

describe('time and chance', () => {
  it('come into src through the clock and the random source alone', () => {
    const files = filesBelow('src', '.ts', '.tsx').filter((file) => !(file in allowed))
    expect(files.flatMap((file) => ambientUses(file, read(file)))).toEqual([])
  })

  it.each(Object.entries(allowed))('come into %s as is allowed there, and no more', (file, { uses }) => {
    expect([...new Set(usesIn(file))].sort()).toEqual(uses)
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
    ['process.nextTick(run)', 'process.nextTick'],
    ["process.getBuiltinModule('crypto')", 'process.getBuiltinModule'],
    ['const at = Date()', 'Date()'],
    ['const x = crypto.randomUUID()', 'crypto.randomUUID'],
    ['AbortSignal.timeout(5)', 'AbortSignal.timeout'],
    ['requestAnimationFrame(run)', 'requestAnimationFrame'],
    ['const { port1 } = new MessageChannel()', 'MessageChannel'],
    ['await navigator.locks.request(name, run)', 'navigator.locks'],
    ['await fetch(url)', 'fetch'],
    ["const it = await import('./it.ts')", 'import()'],
    ["import * as timers from 'node:timers/promises'", 'import node:timers/promises'],
    ["import { randomBytes } from 'crypto'", 'import crypto'],
  ])('are caught by the checker in: %s', (source, name) => {
    expect(ambientUses('a.ts', source)).toEqual([`a.ts:1 uses ${name}`])
  })

  it('may be named in comments, strings and parsed dates', () => {
    expect(ambientUses('a.ts', `// setTimeout\nconst a = 'Math.random'; new Date(5)`)).toEqual([])
  })

  it('may be the names of something else', () => {
    const source = `import type { Hash } from 'node:crypto'\napi.fetch(); const it = { fetch: 1 }; it.setTimeout(5)`
    expect(ambientUses('a.ts', source)).toEqual([])
  })
})
