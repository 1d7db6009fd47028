import { isSyncError } from '../shared/errors.ts'
import type { Rules } from './broadcaster-contract-checks.ts'
import { claimRules } from './broadcaster-contract-claims.ts'
import { deliveryRules } from './broadcaster-contract-delivery.ts'
import { logRules, tooLongRules } from './broadcaster-contract-log.ts'
import { keyRules, senderRules } from './broadcaster-contract-once.ts'
import { type BroadcasterContractOptions, type BroadcasterUnderTest, Trial } from './broadcaster-trial.ts'

/** One rule of the contract. Give `title` and `run` to any test runner. */
export interface ContractCase {
  /** The rule, as a sentence. */
  readonly title: string
  /** Rejects with a plain `Error` that says how the rule was broken. */
  run(): Promise<void>
}

/**
 * The rules of `Broadcaster` as test cases. Each calls `make` for a broadcaster of its own and uses channel names
 * that nobody used before, so engines may be shared and need not be emptied.
 */
export function broadcasterContract(
  make: () => BroadcasterUnderTest | Promise<BroadcasterUnderTest>,
  options: BroadcasterContractOptions = {},
): readonly ContractCase[] {
  const { tooLong } = options
  const all = tooLong === undefined ? rules : { ...rules, ...tooLongRules(tooLong) }
  return Object.entries(all).map(([title, rule]) => ({
    title,
    async run() {
      const made = await make()
      try {
        await rule(new Trial(made, options)).catch(inWords)
      } finally {
        await made.close()
      }
    },
  }))
}

const rules: Rules = { ...logRules, ...deliveryRules, ...senderRules, ...keyRules, ...claimRules }

/** A rule calls what must resolve, so a rejection of the broadcaster's own breaks it too. */
function inWords(error: unknown): never {
  if (!isSyncError(error)) throw error
  throw new Error(`It rejected with ${error.code} where it must not: ${error.message}`, { cause: error })
}
