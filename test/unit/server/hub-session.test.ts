import { expect, test } from 'vitest'
import { describe as describeSession } from '../../../src/server/hub-session.ts'
import { Memberships } from '../../../src/server/memberships.ts'
import { registry } from '../../support/challenge-registry.ts'
import { readySession } from '../../support/fake-sessions.ts'
import { hubParts } from '../../support/hub-parts.ts'

test('the app knows of a session its id, its user, since when it is there, and what it holds', async () => {
  const parts = hubParts(registry)
  parts.served.add('lobby', {})
  parts.served.add('game', { authorize: () => new Promise(() => {}) })
  const memberships = new Memberships(parts)
  const { session } = readySession(parts.settings)
  await memberships.subscribe(session, ['sub', 1, 'lobby'])
  void memberships.subscribe(session, ['sub', 2, 'game/A'])
  await parts.clock.advance(5_000)
  expect(describeSession(session)).toEqual({
    id: session.id,
    user: { id: 'ann' },
    since: parts.clock.now() - 5_000,
    channels: ['lobby'],
  })
  memberships.unsubscribe(session, ['unsub', 3, 'lobby'])
  expect(describeSession(session).channels).toEqual([])
})
