import type { Broadcaster, Claim, ClaimRequest } from '../../src/broadcasters/broadcaster.ts'
import { SyncError } from '../../src/shared/errors.ts'
import type { Break, Broken } from './broken-broadcasters.ts'

const later = () => new Promise<void>((resolve) => setImmediate(resolve))

const claiming =
  (change: (claim: Claim, request: ClaimRequest) => Claim): Break =>
  (inner) => ({ claim: async (request) => change(await inner.claim(request), request) })

/** Who has a claim now. */
async function holderOf(inner: Broadcaster, key: string): Promise<string | undefined> {
  const claim = await inner.claim({ key, owner: 'a looker' })
  if (claim.state === 'granted') await inner.release(key, 'a looker')
  return claim.state === 'held' ? claim.owner : undefined
}

/** Looks who has it, and takes it later, as two steps. */
const inTwoSteps: Break = () => {
  const owners = new Map<string, string>()
  return {
    async claim({ key, owner }) {
      const holder = owners.get(key)
      await later()
      if (holder !== undefined) return { state: 'held', owner: holder }
      owners.set(key, owner)
      return { state: 'granted' }
    },
  }
}

/** Keeps the last result, whoever gives it. */
const lastResult: Break = (inner) => {
  const results = new Map<string, string>()
  return {
    claim: async (request) => {
      const result = results.get(request.key)
      return result === undefined ? inner.claim(request) : { state: 'settled', result }
    },
    settle: async (key, _owner, result) => void results.set(key, result),
  }
}

const settledAnew: Break = (inner) => {
  const results = new Map<string, string>()
  return {
    claim: claiming((claim, { key }) =>
      claim.state === 'settled' ? { ...claim, result: results.get(key) ?? claim.result } : claim,
    )(inner).claim!,
    settle: async (key, owner, result) => {
      results.set(key, result)
      await inner.settle(key, owner, result)
    },
  }
}

/** Forgets a result when its owner releases. */
const releasesResults: Break = (inner) => {
  const released = new Set<string>()
  return {
    claim: (request) =>
      released.delete(request.key) ? Promise.resolve({ state: 'granted' }) : inner.claim(request),
    release: async (key, owner) => {
      released.add(key)
      await inner.release(key, owner)
    },
  }
}

const first = 'a claim is granted to the first, and all who ask later hear who has it'
const concurrent = 'concurrent claims are granted to exactly one, and the others hear who it is'
const settled = 'a claim that was settled gives its result to all who ask later, as it was given'
const foreign = 'who does not have a claim neither settles nor releases it'
const old = 'a claim of what is as old as the window and not known is indeterminate, and not granted'

export const brokenClaims: Broken = {
  'grants a claim to everyone': { caughtBy: first, wrong: claiming(() => ({ state: 'granted' })) },
  'grants a claim to its owner again': {
    caughtBy: first,
    wrong: claiming((claim, { owner }) =>
      claim.state === 'held' && claim.owner === owner ? { state: 'granted' } : claim,
    ),
  },
  'names whoever asks as the one who has it': {
    caughtBy: first,
    wrong: claiming((claim, { owner }) => (claim.state === 'held' ? { ...claim, owner } : claim)),
  },
  'takes all keys for one': {
    caughtBy: first,
    wrong: (inner) => ({ claim: (request) => inner.claim({ ...request, key: 'one' }) }),
  },
  'looks who has it in one step, and grants in the next': { caughtBy: concurrent, wrong: inTwoSteps },
  'keeps no result': { caughtBy: settled, wrong: () => ({ settle: async () => {} }) },
  'trims results': {
    caughtBy: settled,
    wrong: (inner) => ({ settle: (key, owner, result) => inner.settle(key, owner, result.trim()) }),
  },
  'gives a result to its owner only': {
    caughtBy: settled,
    wrong: claiming((claim, { owner }) =>
      claim.state === 'settled' && owner !== 'a' ? { state: 'held', owner: 'a' } : claim,
    ),
  },
  'takes an empty result for none': {
    caughtBy: 'a claim may be settled with an empty result',
    wrong: (inner) => ({
      settle: async (key, owner, result) => {
        if (result) await inner.settle(key, owner, result)
      },
    }),
  },
  'settles what is settled anew': {
    caughtBy: 'a result stays as it is, whoever settles or releases later',
    wrong: settledAnew,
  },
  'forgets a result with a release': {
    caughtBy: 'a result stays as it is, whoever settles or releases later',
    wrong: releasesResults,
  },
  'never gives a claim back': {
    caughtBy: 'a claim that was released is granted again',
    wrong: () => ({ release: async () => {} }),
  },
  'settles what nobody has claimed': { caughtBy: foreign, wrong: lastResult },
  'settles for anyone': {
    caughtBy: foreign,
    wrong: (inner) => ({
      settle: async (key, owner, result) => inner.settle(key, (await holderOf(inner, key)) ?? owner, result),
    }),
  },
  'releases for anyone': {
    caughtBy: foreign,
    wrong: (inner) => ({
      release: async (key, owner) => inner.release(key, (await holderOf(inner, key)) ?? owner),
    }),
  },
  'grants a claim of any age': {
    caughtBy: old,
    wrong: (inner) => ({ claim: ({ key, owner }) => inner.claim({ key, owner }) }),
  },
  'grants a claim that it refuses': {
    caughtBy: old,
    wrong: (inner) => ({
      claim: (request) =>
        inner.claim(request).catch(async (error) => {
          await inner.claim({ key: request.key, owner: request.owner })
          throw error
        }),
    }),
  },
}

const methods = ['append', 'recall', 'subscribe', 'read', 'claim', 'settle', 'release'] as const

/** One for each method: it rejects with another code. */
export const brokenCloses: Broken = Object.fromEntries(
  methods.map((method) => [
    `refuses ${method} with another code once it is closed`,
    {
      caughtBy: 'everything that is asked after a close rejects with unavailable',
      wrong: (inner: Broadcaster) => ({
        [method]: (...of: unknown[]) =>
          (inner[method] as (...of: unknown[]) => Promise<unknown>)(...of).catch(() =>
            Promise.reject(new SyncError('closed', 'The end')),
          ),
      }),
    },
  ]),
)
