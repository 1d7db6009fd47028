import { beforeAll, describe, expect, it } from 'vitest'
import { type Bundle, bundle, intruders, overBudget } from './support/bundle.ts'

/** In bytes, minified and gzipped. The README promises the client's; `docs/architecture.md` says what is in it. */
const budgets = {
  client: 12_600,
  react: 2_000,
  presence: 1_500,
  persistence: 4_400,
  past: 1_250,
  others: 600,
}

const core = `export { createClient } from './dist/client.js'
  export { channel, defineRegistry } from './dist/index.js'`

let client: Bundle
let withReact: Bundle
let withPresence: Bundle
let withPersistence: Bundle
let withParts: Bundle
let withAllHooks: Bundle
beforeAll(async () => {
  client = await bundle(core)
  withReact = await bundle(`${core}\nexport { createHooks } from './dist/react.js'`)
  withPresence = await bundle(`${core}\nexport { presence } from './dist/client.js'`)
  withPersistence = await bundle(`${core}\nexport { persisted } from './dist/client.js'`)
  withParts = await bundle(`${core}\nexport { attend, cursors, presence, typing } from './dist/client.js'`)
  withAllHooks = await bundle(
    `${core}\nexport { createHooks, useCursors, usePresence, useTyping } from './dist/react.js'`,
  )
  console.log(
    `client ${client.size} B of ${budgets.client}, react + ${withReact.size - client.size} B of ${budgets.react}`,
  )
})

describe('the size', () => {
  it('of the client with its registry is within its budget', () => {
    expect(overBudget('client', client.size, budgets.client)).toEqual([])
  })

  it('of the React bindings on top of the client is within its budget', () => {
    expect(overBudget('react', withReact.size - client.size, budgets.react)).toEqual([])
  })

  it('of presence on top of the client is within its budget, and only who imports it pays', () => {
    expect(withPresence.size - client.size).toBeGreaterThan(300)
    expect(overBudget('presence', withPresence.size - client.size, budgets.presence)).toEqual([])
  })

  it('of history, since and rewind on top of the client is within its budget, and only who imports them pays', async () => {
    const withPast = await bundle(`${core}\nexport { history, rewind, since } from './dist/client.js'`)
    expect(withPast.size - client.size).toBeGreaterThan(300)
    expect(overBudget('past', withPast.size - client.size, budgets.past)).toEqual([])
  })

  it('of what keeps sends over a reload is within its budget, and only who imports it pays', () => {
    expect(withPersistence.size - client.size).toBeGreaterThan(300)
    expect(overBudget('persistence', withPersistence.size - client.size, budgets.persistence)).toEqual([])
  })

  it('of all hooks on top of the parts of the client that they show is within the same budget', () => {
    expect(overBudget('react', withAllHooks.size - withParts.size, budgets.react)).toEqual([])
  })

  it('of typing and cursors is within their budget, and who needs neither does not pay', async () => {
    const withCursors = await bundle(
      `${core}\nexport { createHooks, useCursors, useTyping } from './dist/react.js'`,
    )
    expect(withCursors.size - withReact.size).toBeGreaterThan(300)
    expect(overBudget('typing and cursors', withCursors.size - withReact.size, 2 * budgets.others)).toEqual(
      [],
    )
  })

  it('over a budget is reported', () => {
    expect(overBudget('client', client.size, 100)).toEqual([
      expect.stringContaining('over its budget of 100 B'),
    ])
  })
})

describe('the client bundle', () => {
  it('holds eventemitter3 and nothing else from npm', () => {
    const packages = client.inputs.filter((input) => input.includes('node_modules/'))
    expect(new Set(packages.map((path) => path.split('node_modules/')[1]!.split('/')[0]))).toEqual(
      new Set(['eventemitter3']),
    )
  })

  it('holds no validator, no ws and no node: module', () => {
    expect(intruders(client)).toEqual([])
    expect(intruders(withReact)).toEqual([])
  })

  it('would be refused with a validator in it', async () => {
    expect(intruders(await bundle(`export { string } from 'zod/mini'`))).toEqual(['zod'])
    expect(intruders({ ...client, code: `import"node:fs"` })).toEqual(['"node:fs"'])
  })
})
