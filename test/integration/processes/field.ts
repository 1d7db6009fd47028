import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Fact, Violation } from '../../../src/testing/facts.ts'
import { checkHistory } from '../../../src/testing/history.ts'
import { type Actor, startClientProcess, startHubProcess, startLogProcess, type Workshop } from './actors.ts'
import { FactReader, isForChecker, type NewFact, now, type ProcessFact } from './facts.ts'
import { Ledger } from './ledger.ts'
import type { ClientOrder, HubOrder, LogOrder } from './orders.ts'
import { FaultProxy } from './proxy.ts'
import type { Condition, Scenario, Step, Who } from './scenario.ts'
import { tallyOf } from './tally.ts'

/** How a run went. */
export interface RunReport {
  readonly violations: readonly Violation[]
  /** What a step has waited for in vain. */
  readonly stuck: string | undefined
  readonly history: readonly Fact[]
  /** How often each thing happened. */
  readonly tally: Readonly<Record<string, number>>
}

interface Station {
  readonly name: string
  readonly actor: Actor<ClientOrder>
  readonly proxy: FaultProxy
  readonly listeners: string[]
}

class Stuck extends Error {}

/** How long a process may take to start, in milliseconds. */
const startingMs = 30_000

/** How long a process may take to end once it has nothing left to do, in milliseconds. */
const endingMs = 10_000

/** Plays a scenario with real processes; none of them is left, however it ends. */
export async function play(workshop: Workshop, scenario: Scenario): Promise<RunReport> {
  const field = new Field(workshop, scenario)
  try {
    return await field.play()
  } finally {
    await field.clear()
  }
}

class Field {
  readonly #workshop: Workshop
  readonly #scenario: Scenario
  readonly #folder: string
  readonly #ledger = new Ledger()
  readonly #readers: FactReader[] = []
  readonly #facts: ProcessFact[] = []
  readonly #stations: Station[] = []
  readonly #rooms: readonly string[]
  #hub: Actor<HubOrder> | undefined
  #log: Actor<LogOrder> | undefined
  #lastId = 0
  #lastListener = 0

  constructor(workshop: Workshop, scenario: Scenario) {
    this.#workshop = workshop
    this.#scenario = scenario
    this.#folder = mkdtempSync(join(workshop.folder, 'run-'))
    this.#rooms = [...new Set(scenario.steps.flatMap((step) => ('room' in step ? [step.room] : [])))]
  }

  async play(): Promise<RunReport> {
    let stuck: string | undefined
    try {
      await this.#open()
      for (const step of this.#scenario.steps) await this.#step(step)
      await this.#settle()
    } catch (error) {
      if (!(error instanceof Stuck)) throw error
      stuck = error.message
    }
    this.#note({ kind: 'quiet' })
    await this.#end()
    this.#read()
    const facts = this.#facts.sort((a, b) => a.at - b.at)
    const history = facts.filter(isForChecker)
    return { violations: checkHistory(history), stuck, history, tally: tallyOf(facts) }
  }

  async clear(): Promise<void> {
    const actors = [this.#hub, this.#log, ...this.#stations.map(({ actor }) => actor)]
    await Promise.all(actors.map((actor) => actor?.isAlive && actor.kill()))
    await Promise.all(this.#stations.map(({ proxy }) => proxy.close()))
    for (const reader of this.#readers) reader.close()
  }

  async #open(): Promise<void> {
    if (this.#scenario.isLogApart) await this.#startLog()
    await this.#start()
    for (let i = 0; i < this.#scenario.clients; i++) {
      const proxy = new FaultProxy(this.#ledger.port, (fault) => this.#note({ kind: 'fault', fault }))
      await proxy.open()
      const name = `client ${i}`
      const facts = this.#follow(name)
      const actor = startClientProcess(this.#workshop, {
        facts,
        url: `ws://127.0.0.1:${proxy.port}/sync`,
        client: name,
      })
      this.#stations.push({ name, actor, proxy, listeners: [] })
    }
  }

  /** A file for the facts of a process, which is read from now on. */
  #follow(name: string): string {
    const path = join(this.#folder, `${name.replace(' ', '-')}.jsonl`)
    this.#readers.push(new FactReader(path))
    return path
  }

  async #startLog(): Promise<void> {
    const { maxEntries = 256 } = this.#scenario
    this.#log = startLogProcess(this.#workshop, { facts: this.#follow('log'), maxEntries })
    await this.#wait(() => (this.#ledger.logPort ? '' : 'a log that listens'), startingMs)
  }

  async #start(): Promise<void> {
    if (this.#hub) return
    const { listens, port, logPort } = this.#ledger
    const { pingMs = 400, pongMs = 400, maxEntries = 256, sabotage } = this.#scenario
    const facts = this.#follow(`hub ${listens}`)
    const setup = { facts, port, logPort, pingMs, pongMs, maxEntries, sabotage }
    this.#hub = startHubProcess(this.#workshop, setup)
    await this.#wait(() => (this.#ledger.listens > listens ? '' : 'a hub that listens'), startingMs)
  }

  async #kill(): Promise<void> {
    if (!this.#hub) return
    await this.#hub.kill()
    this.#hub = undefined
    this.#read()
    this.#ledger.hubEnded()
    this.#note({ kind: 'fault', fault: 'kill -9 of the hub' })
    if (this.#log) return
    for (const room of this.#rooms) this.#note({ kind: 'lost', channel: `room/${room}` })
  }

  async #step(step: Step): Promise<void> {
    if (step.do === 'kill') await this.#kill()
    else if (step.do === 'start') await this.#start()
    else if (step.do === 'rest') await wait(step.ms)
    else if (step.do === 'until') await this.#until(step.what, step.client)
    else if (step.do === 'stop') this.#stop(step.who)
    else if (step.do === 'go on') this.#goOn(step.who)
    else if (step.do === 'say') this.#say(step.room, step.count)
    else this.#stepOf(this.#stations[step.client]!, step)
    this.#read()
  }

  #say(room: string, count: number): void {
    if (!this.#hub) return
    const ids = this.#ids(count)
    this.#ledger.toSay(ids)
    this.#hub.tell({ do: 'say', room, ids })
  }

  /** What is about one client. */
  #stepOf(station: Station, step: Extract<Step, { client: number; do: Exclude<Step['do'], 'until'> }>): void {
    const { name, actor, proxy, listeners } = station
    if (step.do === 'listen') {
      const listener = `listener ${++this.#lastListener}`
      listeners.push(listener)
      this.#ledger.toListen(listener, name, `room/${step.room}`)
      actor.tell({ do: 'listen', room: step.room, listener })
    } else if (step.do === 'leave') {
      const listener = listeners.shift()
      if (listener) actor.tell({ do: 'leave', listener })
    } else if (step.do === 'publish' || step.do === 'request') {
      const ids = this.#ids(step.count)
      this.#ledger.toSend(name, ids)
      actor.tell({ ...step, ids })
    } else if (step.do === 'connect') actor.tell({ do: 'connect' })
    else if (step.do === 'cut') proxy.cut(step.how)
    else if (step.do === 'swallow') proxy.swallow(step.way)
    else if (step.do === 'slow') proxy.slow(step.pace)
    else if (step.do === 'arm') proxy.arm(step)
    else proxy[step.do]()
  }

  #stop(who: Who): void {
    const actor = this.#actorOf(who)
    if (!actor || actor.isStopped) return
    if (who !== 'hub') this.#note({ kind: 'froze', client: this.#stations[who]!.name })
    actor.stop()
    this.#note({ kind: 'fault', fault: `SIGSTOP of ${who === 'hub' ? 'the hub' : 'a client'}` })
  }

  #goOn(who: Who): void {
    const actor = this.#actorOf(who)
    if (!actor?.isStopped) return
    // Before whatever it does next.
    if (who !== 'hub') this.#note({ kind: 'thawed', client: this.#stations[who]!.name })
    actor.goOn()
  }

  #actorOf(who: Who): Actor<unknown> | undefined {
    return who === 'hub' ? this.#hub : this.#stations[who]!.actor
  }

  /** Ends all faults, and waits until everything has come right. */
  async #settle(): Promise<void> {
    this.#goOn('hub')
    await this.#start()
    for (const [i, { name, proxy, actor }] of this.#stations.entries()) {
      this.#goOn(i)
      proxy.heal()
      this.#read()
      // After a fatal close code a client stays away until it is told otherwise.
      if (this.#ledger.stateOf(name) === 'error') actor.tell({ do: 'connect' })
    }
    await this.#until('settled')
    // Whoever has missed something without knowing it stays behind this one.
    for (const room of this.#rooms) this.#say(room, 1)
    await this.#until('heard')
  }

  /** Closes everything: the processes have nothing left to do then, and end by themselves. */
  async #end(): Promise<void> {
    this.#goOn('hub')
    for (const [i, { name, actor, proxy }] of this.#stations.entries()) {
      this.#goOn(i)
      actor.tell({ do: 'close' })
      // A WebSocket waits for 30 s for the end of the other side, and keeps the process for as long.
      proxy.bury()
      await this.#expectEnd(name, actor)
    }
    if (this.#hub) {
      this.#hub.tell({ do: 'close' })
      await this.#expectEnd('hub', this.#hub)
    }
    if (this.#log) {
      this.#log.tell({ do: 'close' })
      await this.#expectEnd('log', this.#log)
    }
  }

  async #expectEnd(name: string, actor: Actor<unknown>): Promise<void> {
    const code = await Promise.race([actor.ended, wait(endingMs, undefined, { ref: false })])
    const leftOver = (what: string) => this.#note({ kind: 'left over', what: `${name}: ${what}`, count: 1 })
    if (code === undefined) leftOver('it goes on after everything is closed')
    else if (code !== 0) leftOver(`it ended with ${code}`)
    if (actor.output) leftOver(`it printed ${actor.output}`)
  }

  #until(what: Condition, client?: number): Promise<void> {
    const stations = client === undefined ? this.#stations : [this.#stations[client]!]
    const names = stations.map(({ name }) => name)
    const armed = () =>
      stations.flatMap(({ proxy }) => proxy.armed.map(({ act, way, type }) => `${act} ${way} ${type}`))
    if (what === 'sprung') return this.#wait(() => armed().join(', '))
    return this.#wait(() => {
      const missing = this.#ledger.missing(what, names)
      return missing && `${what}: ${missing}`
    })
  }

  /** Until `missing` names nothing any more. */
  async #wait(missing: () => string, patienceMs = this.#scenario.patienceMs ?? 30_000): Promise<void> {
    const until = now() + patienceMs
    for (this.#read(); missing(); this.#read()) {
      if (now() > until) throw new Stuck(`waited ${patienceMs} ms in vain for ${missing()}`)
      await wait(10)
    }
  }

  #ids(count: number): number[] {
    return Array.from({ length: count }, () => ++this.#lastId)
  }

  #read(): void {
    for (const reader of this.#readers) for (const fact of reader.read()) this.#keep(fact)
  }

  #note(fact: NewFact): void {
    this.#keep({ at: now(), ...fact })
  }

  #keep(fact: ProcessFact): void {
    this.#facts.push(fact)
    this.#ledger.hear(fact)
  }
}
