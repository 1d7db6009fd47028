import type { Pace } from './lane.ts'
import type { CutKind, Trap, Way } from './proxy.ts'
import type { Sabotage } from './sabotage.ts'

/** Who a step is about: the hub, or a client by its number from 0. */
export type Who = 'hub' | number

/**
 * What a step can wait for. `settled`: every send has an answer. `heard`: every listener is at the top of its log. `running`: the handler of a
 * request has begun, and its client has no answer. `connected`, `offline`: every client is. `sprung`:
 * no trap is armed any more.
 */
export type Condition = 'settled' | 'heard' | 'running' | 'sprung' | 'connected' | 'offline'

/** One thing that is done, or waited for. */
export type Step =
  | { readonly do: 'listen'; readonly client: number; readonly room: string }
  /** Takes back the oldest listener of the client, if there is one. */
  | { readonly do: 'leave'; readonly client: number }
  | { readonly do: 'publish'; readonly client: number; readonly room: string; readonly count: number }
  /** `ms`: how long the handler takes. */
  | {
      readonly do: 'request'
      readonly client: number
      readonly room: string
      readonly count: number
      readonly ms: number
    }
  /** The hub publishes by itself; nothing where it does not run. */
  | { readonly do: 'say'; readonly room: string; readonly count: number }
  | { readonly do: 'connect'; readonly client: number }
  /** Of the hub, by `kill -9`. */
  | { readonly do: 'kill' }
  /** Another process on the same port; nothing where one runs. */
  | { readonly do: 'start' }
  | { readonly do: 'stop'; readonly who: Who }
  | { readonly do: 'go on'; readonly who: Who }
  | { readonly do: 'cut'; readonly client: number; readonly how: CutKind }
  | { readonly do: 'swallow'; readonly client: number; readonly way: Way }
  | { readonly do: 'hold' | 'release'; readonly client: number }
  | { readonly do: 'slow'; readonly client: number; readonly pace: Pace | undefined }
  | ({ readonly do: 'arm'; readonly client: number } & Trap)
  /** For so long nothing is done: what is stopped, or slow, or half-open, is so for a time. */
  | { readonly do: 'rest'; readonly ms: number }
  /** `client`: of that one alone. */
  | { readonly do: 'until'; readonly what: Condition; readonly client?: number }

/** A run as data: the same one can be tried again. */
export interface Scenario {
  readonly name: string
  readonly clients: number
  readonly steps: readonly Step[]
  /** Whether the log is in a process of its own, which outlives hubs that are killed. Default false. */
  readonly isLogApart?: boolean
  /** How many entries a log keeps. Default 256. */
  readonly maxEntries?: number
  /** Default 400 and 400, so that who hangs is noticed soon. */
  readonly pingMs?: number
  readonly pongMs?: number
  readonly sabotage?: Sabotage
  /** How long a condition may take, in milliseconds. Default 30,000. */
  readonly patienceMs?: number
}
