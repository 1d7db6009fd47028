import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Field, type FieldOptions } from '../support/fuzz-field.ts'
import { type Attack, siege } from '../support/fuzz-grammar.ts'
import { hoarder, sabotages } from '../support/fuzz-sabotage.ts'

/** How many minutes to go on for, and from which seed: `npm run fuzz`. */
const minutes = Number(process.env['SYNCLINE_FUZZ_MINUTES'] ?? 0)
const chosenSeed = Number(process.env['SYNCLINE_FUZZ_SEED'] ?? Date.now() % 2 ** 31)
/** For how long a failure is made smaller, in milliseconds. */
const interruptAfterTimeLimit = 60_000

/** One siege of a hub of its own, so that what is found can be made smaller. */
async function withstand(attacks: readonly Attack[], options?: FieldOptions): Promise<Field> {
  const field = new Field(options)
  try {
    await field.open()
    await field.besiege(attacks)
    return field
  } finally {
    await field.close()
  }
}

const holds = (options?: FieldOptions, see: (field: Field) => void = () => {}) =>
  fc.asyncProperty(siege, async (attacks) => see(await withstand(attacks, options)))

/** What attackers have brought about, so that a fuzzer that does nothing is noticed. */
function sightings() {
  const counts = new Map<string, number>()
  const add = (what: string, count: number) => void counts.set(what, (counts.get(what) ?? 0) + count)
  const see = ({ codes, seen, errors }: Field) => {
    for (const [code, count] of codes) add(`close ${code}`, count)
    for (const [type, count] of seen) add(type, count)
    for (const error of errors) add(error, 1)
  }
  return { counts, see }
}

const sights = [
  ...[1000, 1002, 1007, 1009, 4501].map((code) => `close ${code}`),
  ...['bad_frame', 'too_large', 'unknown_frame'].map((code) => `frame ${code}`),
  ...['request timeout', 'subscribe', 'unsubscribe', 'publish', 'presence', 'request', 'refuse'],
]

describe('a hub that is attacked over its sockets', () => {
  it('serves its other clients, answers as the protocol says, and keeps nothing', async () => {
    const { counts, see } = sightings()
    await fc.assert(holds({}, see), { seed: 20_260, numRuns: 60, interruptAfterTimeLimit })
    const unseen = sights.filter((what) => !counts.get(what))
    expect(unseen, 'what no attacker has brought about').toEqual([])
  }, 90_000)

  it('does so from a new seed', async () => {
    console.log(`fuzz: the new seed is ${chosenSeed}`)
    await fc.assert(holds(), { seed: chosenSeed, numRuns: 60, interruptAfterTimeLimit })
  }, 90_000)

  it('does not grow over many sieges of one hub', async () => {
    expect(await growthOver(90)).toBeLessThan(mostGrowth)
  }, 90_000)
})

/** What the end of a siege may leave on the heap, in bytes: the tables of the platform and of the runner fill up, too. */
const mostGrowth = 3_000_000

/** How much more a hub holds after so many sieges than after the first third, when all code is warm and all tables are filled. */
async function growthOver(sieges: number, options?: FieldOptions): Promise<number> {
  const field = new Field(options)
  await field.open()
  try {
    const sizes: number[] = []
    for (let round = 1; round <= sieges; round++) {
      await field.besiege(fc.sample(siege, { seed: 7 * round, numRuns: 1 })[0]!)
      if (round % (sieges / 3) === 0) sizes.push(heapBytes())
    }
    return sizes.at(-1)! - sizes[0]!
  } finally {
    await field.close()
  }
}

describe('the checks of the fuzzer', () => {
  it('notice a hub that keeps something of each connection', async () => {
    expect(await growthOver(30, { hub: hoarder() })).toBeGreaterThan(mostGrowth)
  }, 90_000)

  it.each(sabotages)(
    'notice $name',
    async ({ options, message }) => {
      const found = await fc.check(holds({ patienceMs: 500, ...options }), {
        seed: 20_260,
        numRuns: 100,
        endOnFailure: true,
      })
      expect(found.failed, 'it was not noticed').toBe(true)
      expect(String(found.errorInstance)).toMatch(message)
    },
    60_000,
  )
})

if (minutes > 0) {
  describe('the fuzzer that goes on', () => {
    it(
      'finds nothing',
      async () => {
        const until = Date.now() + minutes * 60_000
        const sizes: number[] = []
        for (let seed = chosenSeed; Date.now() < until; seed++) {
          await fc.assert(holds(), { seed, numRuns: 200, interruptAfterTimeLimit })
          sizes.push(heapBytes())
          console.log(
            `fuzz: ${200 * sizes.length} sieges withstood, seed ${seed}, heap ${sizes.at(-1)} bytes`,
          )
          expect(sizes.at(-1)! - sizes[0]!, 'what all the hubs together have left').toBeLessThan(20_000_000)
        }
      },
      minutes * 60_000 + 300_000,
    )
  })
}

/** What is used after everything that nobody holds is gone. */
function heapBytes(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  collect()
  return process.memoryUsage().heapUsed
}
