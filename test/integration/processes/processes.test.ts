import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { countLiving, openWorkshop, type Workshop } from './actors.ts'
import { play, type RunReport } from './field.ts'
import { randomScenario } from './random-scenario.ts'
import type { Sabotage } from './sabotage.ts'
import type { Scenario, Step } from './scenario.ts'
import { scenarios } from './scenarios.ts'
import { addTally } from './tally.ts'

/** How many minutes to go on for, and from which seed: `npm run test:processes`. */
const minutes = Number(process.env['SYNCLINE_PROCESSES_MINUTES'] ?? 0)
const chosenSeed = Number(process.env['SYNCLINE_PROCESSES_SEED'] ?? 1)

let workshop: Workshop
const total: Record<string, number> = {}

beforeAll(async () => {
  workshop = await openWorkshop()
})

afterAll(() => {
  workshop.remove()
  console.info('What happened between the processes:', total)
})

/** What is wrong with a run; empty for a good one. */
function faultsOf({ violations, stuck }: RunReport): string[] {
  const broken = violations.map(({ invariant, who, why, at }) => `${invariant}: ${who} ${why} (fact ${at})`)
  return stuck ? [stuck, ...broken] : broken
}

/** Writes down a history that broke a promise, and gives the file. */
function keep(history: RunReport['history']): string {
  const folder = '.tmp'
  mkdirSync(folder, { recursive: true })
  const file = join(mkdtempSync(join(folder, 'processes-')), 'history.jsonl')
  writeFileSync(file, history.map((fact) => `${JSON.stringify(fact)}\n`).join(''))
  return file
}

/** Plays a scenario and expects that every promise is kept. */
async function expectKept(scenario: Scenario): Promise<RunReport> {
  const report = await play(workshop, scenario)
  addTally(total, report.tally)
  const faults = faultsOf(report)
  const { name, steps } = scenario
  const where = faults.length > 0 ? `${name}, ${keep(report.history)}: ${JSON.stringify(steps)}` : ''
  expect(faults, where).toEqual([])
  return report
}

describe('a hub and clients in processes of their own keep every promise', () => {
  it.each(scenarios)('over $name', async ({ happens, never = [], ...scenario }) => {
    const { tally } = await expectKept(scenario)
    expect(happens.filter((name) => !tally[name])).toEqual([])
    expect(never.filter((name) => tally[name])).toEqual([])
  })

  it.each([1, 2, 3])('over the schedule of seed %i', async (seed) => {
    const { tally } = await expectKept(randomScenario(seed))
    expect(tally['delivered']).toBeGreaterThan(0)
  })
})

describe('the checks notice a hub', () => {
  const room = 'a'
  const busy: readonly Step[] = [
    { do: 'listen', client: 0, room },
    { do: 'listen', client: 1, room },
    { do: 'until', what: 'heard' },
    { do: 'publish', client: 0, room, count: 12 },
    { do: 'request', client: 1, room, count: 3, ms: 0 },
    { do: 'until', what: 'settled' },
  ]
  const again = (answer: 'ack' | 'res'): readonly Step[] => [
    ...busy,
    { do: 'arm', client: 0, way: 'down', type: answer, act: 'cut before' },
    answer === 'ack'
      ? { do: 'publish', client: 0, room, count: 3 }
      : { do: 'request', client: 0, room, count: 3, ms: 0 },
    { do: 'until', what: 'settled' },
  ]
  const restart: readonly Step[] = [
    ...busy,
    { do: 'until', what: 'heard' },
    { do: 'kill' },
    { do: 'start' },
    { do: 'publish', client: 0, room, count: 3 },
    { do: 'until', what: 'settled' },
  ]

  const caught: readonly { what: string; sabotage: Sabotage; invariant: number; steps: readonly Step[] }[] = [
    { what: 'that acknowledges what it has lost', sabotage: 'loses', invariant: 8, steps: busy },
    { what: 'that hides an entry and covers its tracks', sabotage: 'hides', invariant: 4, steps: busy },
    { what: 'that applies a resend twice', sabotage: 'applies twice', invariant: 9, steps: again('ack') },
    { what: 'that runs a resent request twice', sabotage: 'runs twice', invariant: 9, steps: again('res') },
    { what: 'that conceals a gap', sabotage: 'conceals', invariant: 4, steps: restart },
    { what: 'that does not answer', sabotage: 'silent', invariant: 10, steps: busy },
  ]

  it.each(caught)('$what', async ({ sabotage, invariant, steps }) => {
    const scenario: Scenario = { name: sabotage, clients: 2, steps, patienceMs: 3_000, sabotage }
    const { violations } = await play(workshop, scenario)
    expect(violations.map((violation) => violation.invariant)).toContain(invariant)
  })

  it.each([busy, again('ack'), again('res'), restart])(
    'and nothing where there is nothing, schedule %$',
    async (...steps) => {
      await expectKept({ name: 'a sound hub', clients: 2, steps })
    },
  )
})

describe('a run', () => {
  it('leaves no process behind, also when it gets stuck with one that stands still, or fails', async () => {
    const stop: readonly Step[] = [
      { do: 'stop', who: 'hub' },
      { do: 'stop', who: 0 },
    ]
    const listen: Step = { do: 'listen', client: 0, room: 'a' }
    const stuck = { name: 'stuck', clients: 1, patienceMs: 300 }
    const report = await play(workshop, {
      ...stuck,
      steps: [...stop, listen, { do: 'until', what: 'heard' }],
    })
    expect([report.stuck, countLiving()]).toEqual([expect.stringContaining('heard: listener 1'), 0])
    const failing = { name: 'failing', clients: 1, steps: [...stop, { ...listen, client: 7 }] }
    await expect(play(workshop, failing)).rejects.toThrow(TypeError)
    expect(countLiving()).toBe(0)
  })

  it('by chance is the same one from the same seed', () => {
    expect(randomScenario(7)).toEqual(randomScenario(7))
    expect(randomScenario(7)).not.toEqual(randomScenario(8))
  })
})

if (minutes > 0) {
  describe('the schedules that go on', () => {
    it(
      'keep every promise',
      async () => {
        const until = Date.now() + minutes * 60_000
        let runs = 0
        for (let seed = chosenSeed; Date.now() < until; seed++) {
          const isLong = seed % 10 === 0
          const patienceMs = 120_000
          const scenario = randomScenario(seed, isLong ? { steps: 80, maxStopMs: 60_000 } : {})
          console.log(`processes: seed ${seed}, ${++runs} runs`)
          await expectKept({ ...scenario, patienceMs })
        }
        console.log(`processes: ${runs} schedules from seed ${chosenSeed}`)
      },
      minutes * 60_000 + 600_000,
    )
  })
}
