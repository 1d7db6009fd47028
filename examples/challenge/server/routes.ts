import { type Request, Router } from 'express'
import type { HubChannel } from 'syncline/server'
import { ChallengeInput, ToggleInput } from '../shared/challenge.ts'
import type { registry } from '../shared/registry.ts'
import { read, readId, windowOf } from './http.ts'
import type { Identity } from './identity.ts'
import type { ChallengeStore, Change, Membership } from './store.ts'
import type { Tell } from './tell.ts'
import { noChallenge, type ToggleChallenge } from './toggle.ts'

export interface RouteDeps {
  readonly store: ChallengeStore
  readonly identity: Identity
  readonly toggle: ToggleChallenge
  readonly channel: Pick<HubChannel<typeof registry, 'challenges'>, 'publish'>
  readonly tell: Tell
}

/** The HTTP side of the toggles; the README lists it. */
export function challengeRoutes(deps: RouteDeps): Router {
  const { store, identity, toggle, channel, tell } = deps
  const router = Router()
  router.get('/challenges', (_req, res) => {
    // A stored copy would show an old state as the present one.
    res.set('Cache-Control', 'no-store').json({ challenges: store.list() })
  })
  router.patch('/challenges/:id/toggle', async (req, res) => {
    const by = identity.sender(req)
    const wanted = read(ToggleInput.pick({ is_active: true }), req.body)
    res.json(await toggle({ id: readId(req.params.id), ...wanted }, { by, from: windowOf(req) }))
  })
  router.post('/challenges', async (req, res) => {
    const by = identity.requireSender(req)
    const challenge = store.create(read(ChallengeInput, req.body))
    await tell(`challenge ${challenge.id}`, () =>
      channel.publish('challenge_created', { challenge, by }, { from: windowOf(req) }),
    )
    res.status(201).json(challenge)
  })
  router.delete('/challenges/:id', async (req, res) => {
    const by = identity.requireSender(req)
    const id = readId(req.params.id)
    if (!store.remove(id)) throw noChallenge(id)
    const deleted = { challenge_id: id, by }
    await tell(`the end of challenge ${id}`, () =>
      channel.publish('challenge_deleted', deleted, { from: windowOf(req) }),
    )
    res.json(deleted)
  })
  router.put('/challenges/:id/join', async (req, res) => res.json(await move(req, store.join)))
  router.delete('/challenges/:id/join', async (req, res) => res.json(await move(req, store.leave)))
  return router

  /** The sender joins or leaves; who has done so already changes nothing, and nobody hears of it. */
  async function move(req: Request, step: (membership: Membership) => Change | undefined) {
    const by = identity.requireSender(req)
    const id = readId(String(req.params['id']))
    const change = step({ id, person: by.id })
    if (!change) throw noChallenge(id)
    const { challenge, changed } = change
    if (changed) {
      const telling = () => channel.publish('challenge_joined', { challenge, by }, { from: windowOf(req) })
      await tell(`who joined challenge ${id}`, telling)
    }
    return challenge
  }
}
