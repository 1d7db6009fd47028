import type { Position } from '../shared/position.ts'

/** When it happened, in milliseconds on the clock of whoever records. */
interface Timed {
  readonly at: number
}

/** What the log really did, as the engine that keeps it knows. */
export type LogFact = Timed & { readonly channel: string } & (
    | {
        /** The log took an entry. */
        readonly kind: 'appended'
        readonly position: Position
        /** The tag of the entry before it. */
        readonly previous: string
        /** What the entry's payload is known by: of a publication, the number of its send. */
        readonly id: number
      }
    /** Entries below the offset `first` cannot be read any more. */
    | { readonly kind: 'trimmed'; readonly first: number }
    /** A fault: the log ends at this position again, as if what came after had never been. */
    | { readonly kind: 'rolled back'; readonly position: Position }
    /** A fault: the log is gone; the next one has another epoch. */
    | { readonly kind: 'lost' }
  )

/** What an app sees of one of its listeners. */
export type ReaderFact = Timed & { readonly listener: string } & (
    | {
        /** It was added; the facts below name it. */
        readonly kind: 'listening'
        readonly client: string
        readonly channel: string
      }
    | { readonly kind: 'subscribed'; readonly position: Position; readonly recovered: boolean | null }
    | { readonly kind: 'gap'; readonly position: Position; readonly reason: string }
    | {
        readonly kind: 'delivered'
        readonly position: Position
        readonly id: number
        /** Whether it came as something missed. */
        readonly replayed: boolean
      }
    /** A volatile message. */
    | { readonly kind: 'told'; readonly id: number }
    /** It was taken back. */
    | { readonly kind: 'left' }
  )

/** What happens to a client as a whole. */
export type ClientFact = Timed & { readonly client: string } & (
    | { readonly kind: 'offline' }
    /** The hub has refused the channel, or has taken it back. */
    | { readonly kind: 'refused'; readonly channel: string; readonly code: string }
    /** Its process stands still, and its timers with it. */
    | { readonly kind: 'froze' | 'thawed' }
    /** Its process has ended: nobody there waits for anything any more. */
    | { readonly kind: 'gone' }
  )

/** What becomes of what a client sends. */
export type SendFact = Timed & { readonly send: number } & (
    | {
        readonly kind: 'sent'
        readonly what: 'publication' | 'request'
        readonly client: string
        readonly channel: string
        /** Whether its handler may run again. */
        readonly idempotent?: boolean
        /** When it must have been answered, in milliseconds. */
        readonly endsBy: number
      }
    /**
     * Its promise has settled. `applied`: resolved, with a position if there is one. `refused`: it was not applied, or its handler has refused.
     * `unknown`: it may have been applied.
     */
    | {
        readonly kind: 'answered'
        readonly outcome: 'applied' | 'refused' | 'unknown'
        readonly code?: string
        readonly position?: Position
      }
    /** The handler of a request has begun. */
    | { readonly kind: 'ran' }
  )

/** What the whole run tells. */
export type RunFact = Timed &
  (
    | { readonly kind: 'fault'; readonly fault: string }
    /** Faults have ended, and everything had time to settle. */
    | { readonly kind: 'quiet' }
    /** Something is there that should not be: a timer after the end, an error that nothing explains, more than a limit allows. */
    | { readonly kind: 'left over'; readonly what: string; readonly count: number }
    /** The engine has lost claims of requests: what has run may run again, or be refused as if it had not. */
    | { readonly kind: 'claims lost' }
  )

/** One thing that happened in a run, in the order in which it happened. Names are unique to a run. */
export type Fact = LogFact | ReaderFact | ClientFact | SendFact | RunFact

/** The invariants that a history is judged by. */
export const invariants = {
  1: 'continuity: between signals, each delivery is the next entry',
  2: 'no duplicates: nothing reaches a listener twice',
  3: 'order: deliveries follow the log',
  4: 'no silent fork: who holds what the log does not is told before anything newer',
  5: 'the tail arrives: once all is quiet, every listener is at the top',
  6: 'a claimed recovery is one, and after a failed one nothing is replayed',
  7: 'no gap without need',
  8: 'what was acknowledged is in the log where its acknowledgement says',
  9: 'once: a send has one effect at most',
  10: 'every send is answered once and in time, and a refused one has no effect',
  11: 'the publications of a client take effect in their order',
  12: 'nothing reaches a listener that has left, nor from a subscription that has ended',
  15: 'nothing is left over',
} as const

export type Invariant = keyof typeof invariants

/** What a run promised and did not keep. */
export interface Violation {
  readonly invariant: Invariant
  /** The listener, the send or whatever it is about. */
  readonly who: string
  readonly why: string
  /** The fact's index in the history. */
  readonly at: number
}

/** Takes down a violation at the present fact. */
export type Blame = (invariant: Invariant, who: string, why: string) => void
