import type { Claim } from '../broadcasters/broadcaster.ts'
import { counting, ensureCode, ensureEqual, type Rules } from './broadcaster-contract-checks.ts'
import type { Trial } from './broadcaster-trial.ts'

const granted: Claim = { state: 'granted' }

const heldBy = (owner: string): Claim => ({ state: 'held', owner })

const settledWith = (result: string): Claim => ({ state: 'settled', result })

/** Requires what somebody hears who claims the trial's own key; `ageMs` when it is asked again. */
async function ensureClaim(t: Trial, owner: string, expected: Claim): Promise<void> {
  const claim = await t.broadcaster.claim({ key: t.key, owner })
  // In an order of its own, as an engine may give the fields in another.
  const { state, ...rest } = claim
  ensureEqual({ state, ...rest }, expected, `What ${owner} hears who claims`)
}

/** Requests that are to run once. */
export const claimRules: Rules = {
  'a claim is granted to the first, and all who ask later hear who has it': async (t) => {
    await ensureClaim(t, 'a', granted)
    await ensureClaim(t, 'b', heldBy('a'))
    await ensureClaim(t, 'a', heldBy('a'))
    ensureEqual(
      await t.broadcaster.claim({ key: `${t.key}x`, owner: 'b' }),
      granted,
      'What b hears of another key',
    )
  },

  'concurrent claims are granted to exactly one, and the others hear who it is': async (t) => {
    const owners = counting(1, 20).map((n) => `owner ${n}`)
    const claims = await Promise.all(owners.map((owner) => t.broadcaster.claim({ key: t.key, owner })))
    const winners = owners.filter((_, i) => claims[i]!.state === 'granted')
    ensureEqual(winners.length, 1, 'The number of those who were granted it')
    const others = claims
      .filter(({ state }) => state !== 'granted')
      .map((claim) => ('owner' in claim ? claim.owner : claim.state))
    ensureEqual([...new Set(others)], winners, 'Who has it, as the others heard')
  },

  'a claim that was settled gives its result to all who ask later, as it was given': async (t) => {
    const result = 'res {"é":"漢\\u0000"}\r\n '
    await ensureClaim(t, 'a', granted)
    await t.broadcaster.settle(t.key, 'a', result)
    for (const owner of ['a', 'b']) await ensureClaim(t, owner, settledWith(result))
    const again = await t.broadcaster.claim({ key: t.key, owner: 'b', ageMs: t.windowMs - 1 })
    ensureEqual(again, settledWith(result), 'What b hears who asks again')
  },

  'a claim may be settled with an empty result': async (t) => {
    await ensureClaim(t, 'a', granted)
    await t.broadcaster.settle(t.key, 'a', '')
    await ensureClaim(t, 'b', settledWith(''))
  },

  'a result stays as it is, whoever settles or releases later': async (t) => {
    await ensureClaim(t, 'a', granted)
    await t.broadcaster.settle(t.key, 'a', 'first')
    await t.broadcaster.settle(t.key, 'a', 'second')
    await t.broadcaster.release(t.key, 'a')
    await ensureClaim(t, 'b', settledWith('first'))
  },

  'a claim that was released is granted again': async (t) => {
    await ensureClaim(t, 'a', granted)
    await t.broadcaster.release(t.key, 'a')
    await ensureClaim(t, 'b', granted)
    await ensureClaim(t, 'a', heldBy('b'))
  },

  'who does not have a claim neither settles nor releases it': async (t) => {
    await t.broadcaster.settle(t.key, 'b', 'of nothing')
    await t.broadcaster.release(t.key, 'b')
    await ensureClaim(t, 'a', granted)
    await t.broadcaster.settle(t.key, 'b', 'of another')
    await ensureClaim(t, 'b', heldBy('a'))
    await t.broadcaster.release(t.key, 'b')
    await ensureClaim(t, 'b', heldBy('a'))
    await t.broadcaster.settle(t.key, 'a', 'its own')
    await ensureClaim(t, 'b', settledWith('its own'))
  },

  'a claim of what is as old as the window and not known is indeterminate, and not granted': async (t) => {
    for (const ageMs of [t.windowMs, t.windowMs * 10]) {
      const claim = t.broadcaster.claim({ key: t.key, owner: 'a', ageMs })
      await ensureCode(claim, 'indeterminate', `a claim of ${ageMs} ms`)
    }
    await ensureClaim(t, 'b', granted)
  },

  'everything that is asked after a close rejects with unavailable': async (t) => {
    const { broadcaster, channel, key } = t
    await broadcaster.close()
    const asked: readonly [string, () => Promise<unknown>][] = [
      ['an append', () => broadcaster.append(channel, 'late')],
      ['an append of a sender', () => t.publish({ n: 1, base: 1 })],
      ['an append with a key', () => broadcaster.append(channel, 'late', { key })],
      ['a look', () => broadcaster.recall(channel, { id: t.session, n: 1, base: 1 })],
      ['a subscribe', () => broadcaster.subscribe(channel, () => {})],
      ['a read', () => broadcaster.read(channel, { after: 0 })],
      ['a claim', () => broadcaster.claim({ key, owner: 'a' })],
      ['a settle', () => broadcaster.settle(key, 'a', 'late')],
      ['a release', () => broadcaster.release(key, 'a')],
    ]
    for (const [what, ask] of asked) await ensureCode(ask(), 'unavailable', what)
  },
}
