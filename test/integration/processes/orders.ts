import type { Sabotage } from './sabotage.ts'

/** With what a hub's process begins. */
export interface HubSetup {
  /** The file that its facts go into. */
  readonly facts: string
  /** 0: any. */
  readonly port: number
  readonly pingMs: number
  readonly pongMs: number
  /** How many entries a log keeps. */
  readonly maxEntries: number
  /** Where the log listens that outlives this process; `undefined`: the log is in this process. */
  readonly logPort: number | undefined
  /** What is wrong with it, so that the checks can be seen to notice. */
  readonly sabotage?: Sabotage | undefined
}

/** What a hub's process can be told to do. */
export type HubOrder =
  | { readonly do: 'say'; readonly room: string; readonly ids: readonly number[] }
  /** Closes everything; the process then has nothing left to do, and ends. */
  | { readonly do: 'close' }

/** With what the process of a log begins. */
export interface LogSetup {
  readonly facts: string
  readonly maxEntries: number
}

/** Closes everything; the process then has nothing left to do, and ends. */
export interface LogOrder {
  readonly do: 'close'
}

/** With what a client's process begins. */
export interface ClientSetup {
  readonly facts: string
  readonly url: string
  /** Its name. */
  readonly client: string
}

/** What a client's process can be told to do. */
export type ClientOrder =
  | { readonly do: 'listen'; readonly room: string; readonly listener: string }
  | { readonly do: 'leave'; readonly listener: string }
  | { readonly do: 'publish'; readonly room: string; readonly ids: readonly number[] }
  /** `ms`: how long the handler takes. */
  | { readonly do: 'request'; readonly room: string; readonly ids: readonly number[]; readonly ms: number }
  | { readonly do: 'connect' }
  | { readonly do: 'close' }
