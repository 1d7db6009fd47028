import type { Claim } from '../client/persist-claim.ts'
import { isSyncError, type SyncError } from '../shared/errors.ts'
import type { ErrorContext } from '../shared/report.ts'
import type { Fact, Violation } from './facts.ts'
import { AnswerLost } from './faulty-broker.ts'
import { checkHistory } from './history.ts'
import { keptOn, OnPurpose, type Registry, registry, serveApp } from './scenario-app.ts'
import { outbox, People, requestTimeoutMs } from './scenario-people.ts'
import { faults, ordinary } from './scenario-steps.ts'
import { seededRandom } from './seeded-random.ts'
import { createWorld, type World } from './world.ts'
import type { Page } from './world-parts.ts'

export interface ScenarioOptions {
  /** How many things happen, one after the other. Default 60. */
  readonly steps?: number
  /** Which of them do, by index. Default: all. */
  readonly only?: ReadonlySet<number>
  /** Which kinds of faults may happen. Default: all. */
  readonly faults?: readonly string[]
  /** What the hubs' messages become on their way to a client; for showing that a fault is caught. */
  readonly tamper?: (message: string) => readonly string[]
}

/** One thing that happens, and the chance that it has. */
export interface ScenarioStep {
  readonly name: string
  readonly seed: number
}

/** How a run went. */
export interface ScenarioReport {
  readonly history: readonly Fact[]
  readonly violations: readonly Violation[]
  /** How often each thing happened: a run in which nothing happens proves nothing. */
  readonly counts: Readonly<Record<string, number>>
}

/** What happens under a seed, whatever comes of it. */
export function planOf(seed: number, options: ScenarioOptions = {}): ScenarioStep[] {
  const random = seededRandom(seed)
  const bag = bagOf(options.faults)
  return Array.from({ length: options.steps ?? 60 }, () => ({
    name: bag[Math.floor(random() * bag.length)]!,
    seed: Math.floor(random() * 2 ** 32),
  }))
}

/** What must have come of many runs beside what was done to them. */
const outcomes = [
  'delivered',
  'told',
  'ran',
  'recovered',
  'gap: retention',
  'gap: epoch',
  'gap: rollback',
  'resend',
  'duplicate publication',
  'duplicate request',
  'indeterminate',
]

/** The names of all faults. */
export const faultNames: readonly string[] = Object.keys(faults)

/** What has never happened in many runs, and should have: without it they prove little. */
export function missingFrom(counts: Readonly<Record<string, number>>): string[] {
  return [...Object.keys(ordinary), ...faultNames, ...outcomes].filter((name) => !counts[name])
}

let lastBag: { readonly some: readonly string[]; readonly bag: readonly string[] } | undefined

/** The names of what may happen, each as often as it weighs; for the same faults, the same. */
function bagOf(some: readonly string[] = faultNames): readonly string[] {
  if (lastBag && lastBag.some === some) return lastBag.bag
  const among = Object.entries(faults).filter(([name]) => some.includes(name))
  const kinds = [...Object.entries(ordinary), ...among]
  const bag = kinds.flatMap(([name, { weight }]) => Array<string>(weight).fill(name))
  lastBag = { some, bag }
  return bag
}

/** Runs one history, and judges it. */
export async function runScenario(seed: number, options: ScenarioOptions = {}): Promise<ScenarioReport> {
  const scenario = new Scenario(seed, options)
  const plan = planOf(seed, options)
  for (const [i, step] of plan.entries()) if (options.only?.has(i) ?? true) await scenario.step(step)
  return scenario.end()
}

/** After the end of all faults: time for a reconnect, a check of the tail, and the last deadline. */
const settleMs = 90_000

class Scenario {
  readonly #world: World<Registry>
  readonly #people: People
  readonly #feeds = ['one', 'two']
  readonly #counts: Record<string, number> = {}
  readonly #unexpected: string[] = []
  #hasFaults = true

  constructor(seed: number, { tamper, faults: some }: ScenarioOptions) {
    const random = seededRandom(seed ^ 0x5eed)
    this.#hasFaults = some?.length !== 0
    const isKept = random() < 0.5
    this.#world = createWorld<Registry>({
      registry,
      seed,
      nodes: random() < 0.5 ? 1 : 2,
      memory: { maxEntries: random() < 0.5 ? 8 : 64, windowMs: random() < 0.5 ? 30_000 : 600_000 },
      hub: { handlerTimeoutMs: 5_000 },
      client: (page, device) => ({
        outbox,
        requestTimeoutMs,
        ...(isKept && { persist: keptOn(device, this.#claim(page, device)) }),
      }),
      serve: serveApp({
        random: seededRandom(seed ^ 0xa99),
        record: (fact) => this.#world.record(fact),
        hasFaults: () => this.#hasFaults,
      }),
      onError: (error, context, who) => this.#error(error, context, who),
      ...(tamper && { tamper }),
    })
    this.#people = new People(this.#world, isKept)
    for (let i = 0; i < 3; i++) this.#follow(this.#world.openPage())
  }

  /** One thing happens, and then some time passes. */
  async step({ name, seed }: ScenarioStep): Promise<void> {
    const world = this.#world
    const random = seededRandom(seed)
    const isFault = name in faults
    const { run } = (ordinary[name] ?? faults[name])!
    const before = world.pages.length
    if (isFault) world.record({ kind: 'fault', fault: name })
    const hasRun = await run({ world, people: this.#people, feeds: this.#feeds, random })
    if (hasRun !== false) this.#count(name)
    if (world.pages.length > before) this.#follow(world.pages.at(-1)!)
    await world.advance(Math.floor(random() * 600))
  }

  /** Ends all faults, gives everything the time to come right, closes all, and judges. */
  async end(): Promise<ScenarioReport> {
    const world = this.#world
    this.#hasFaults = false
    world.heal()
    await world.advance(settleMs)
    world.record({ kind: 'quiet' })
    for (const [what, count] of Object.entries(await world.close())) {
      world.record({ kind: 'left over', what, count })
    }
    for (const what of this.#unexpected) world.record({ kind: 'left over', what, count: 1 })
    for (const { kind } of world.history) this.#count(kind)
    const { publications, requests } = world.broker.duplicates
    this.#count('duplicate publication', publications)
    this.#count('duplicate request', requests)
    return { history: world.history, violations: checkHistory(world.history), counts: this.#counts }
  }

  #follow({ client }: Page<Registry>): void {
    client.onDiagnostic((diagnostic) => {
      const { type } = diagnostic
      if (type === 'gap') this.#count(`gap: ${diagnostic.reason}`)
      else if (type === 'sent' && diagnostic.isResend) this.#count('resend')
      else if (type === 'recovered' || type === 'indeterminate') this.#count(type)
    })
  }

  /** As the locks of a browser: they go with their page, however it ends. */
  #claim(page: string, device: Map<string, string>): Claim {
    return async (name) => {
      const key = `lock ${name}`
      const holder = device.get(key)
      if (holder !== page && this.#world.pages.some((other) => other.name === holder)) return undefined
      device.set(key, page)
      return () => void (device.get(key) === page && device.delete(key))
    }
  }

  /** What nobody made happen must not be reported. */
  #error(error: SyncError, { stage }: ErrorContext, who: string): void {
    if (isExplained(error)) this.#count(`reported: ${error.code}`)
    else this.#unexpected.push(`${error.code} (${whyOf(error)}) in ${stage} of ${who}`)
  }

  #count(name: string, times = 1): void {
    if (times > 0) this.#counts[name] = (this.#counts[name] ?? 0) + times
  }
}

/** What a broken link, a broker that fails, or a throw on purpose leads to. */
const explained = ['unavailable', 'overloaded', 'indeterminate', 'out_of_order', 'timeout', 'not_found']

function whyOf({ message, cause }: SyncError): string {
  return cause instanceof Error ? `${message}: ${cause.message}` : message
}

function isExplained(error: SyncError): boolean {
  const { code, cause } = error
  if (explained.includes(code) || cause instanceof OnPurpose || cause instanceof AnswerLost) return true
  return isSyncError(cause) && isExplained(cause)
}
