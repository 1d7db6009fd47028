import { memory } from 'syncline/server'
import { manualClock, seededRandom } from 'syncline/testing'
import { expect, test } from 'vitest'

const windowMs = 600_000
/** A record is kept for so much longer, as what comes may have been on its way for so long. */
const keepMs = windowMs + 15_000

function setUp() {
  const clock = manualClock()
  const broadcaster = memory({ clock, random: seededRandom(1) })
  const publish = (n: number, id = 's') => broadcaster.append('c', String(n), { sender: { id, n, base: n } })
  return { clock, broadcaster, publish }
}

test('a sender that goes on keeps no other from being forgotten in its time', async () => {
  const { clock, publish } = setUp()
  for (const id of ['a', 'b']) await publish(1, id)
  await clock.advance(keepMs - 1)
  await publish(2, 'a')
  await clock.advance(1)
  expect(await publish(2, 'a')).toMatchObject({ duplicate: true })
  expect(await publish(1, 'b')).not.toHaveProperty('duplicate')
})

test('a look neither prolongs what is known of a sender, nor asks for the order', async () => {
  const { clock, broadcaster, publish } = setUp()
  const look = (n: number) => broadcaster.recall('c', { id: 's', n, base: 1 })
  await publish(1)
  await clock.advance(keepMs - 1)
  expect([await look(1), await look(9)]).toMatchObject([{ duplicate: true }, undefined])
  await clock.advance(1)
  expect(await look(1)).toBeUndefined()
})

test('of a claim that was released nothing is known', async () => {
  const { clock, broadcaster } = setUp()
  await clock.advance(windowMs)
  const claim = (ageMs?: number) => broadcaster.claim({ key: 'k', owner: 'o', ageMs })
  await claim()
  await broadcaster.release('k', 'o')
  await expect(claim(windowMs)).rejects.toMatchObject({ code: 'indeterminate' })
  expect(await claim(windowMs - 1)).toEqual({ state: 'granted' })
})
