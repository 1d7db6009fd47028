import type { Fact, Violation } from './facts.ts'
import { ReadersJudge } from './judge-readers.ts'
import { SendsJudge } from './judge-sends.ts'
import { TrueLogs } from './true-logs.ts'

export type { Fact, Violation } from './facts.ts'

/**
 * Judges a recorded history by the invariants of `facts.ts`, and knows nothing of how it came about. Each broken promise is reported once, as
 * the first invariant that it breaks.
 */
export function checkHistory(history: readonly Fact[]): Violation[] {
  const violations: Violation[] = []
  let at = 0
  const judge = new Judge((invariant, who, why) => violations.push({ invariant, who, why, at }))
  for (const fact of history) {
    judge.hear(fact)
    at++
  }
  return violations
}

class Judge {
  readonly #logs = new TrueLogs()
  readonly #readers: ReadersJudge
  readonly #sends: SendsJudge
  readonly #blame: ConstructorParameters<typeof ReadersJudge>[1]

  constructor(blame: ConstructorParameters<typeof ReadersJudge>[1]) {
    this.#blame = blame
    this.#readers = new ReadersJudge(this.#logs, blame)
    this.#sends = new SendsJudge(this.#logs, blame)
  }

  hear(fact: Fact): void {
    if ('listener' in fact) this.#readers.hear(fact)
    else if ('send' in fact) this.#sends.hear(fact)
    else if ('client' in fact) {
      this.#readers.hearClient(fact)
      this.#sends.hearClient(fact)
    } else if ('channel' in fact) {
      if (fact.kind === 'appended') this.#sends.appended(fact)
      this.#logs.hear(fact)
    } else if (fact.kind === 'quiet') {
      this.#readers.quiet()
      this.#sends.quiet()
    } else if (fact.kind === 'claims lost') this.#sends.claimsLost()
    else if (fact.kind === 'left over' && fact.count > 0) {
      this.#blame(15, fact.what, `${fact.count} are left over`)
    }
  }
}
