import { type Request, Router } from 'express'
import * as z from 'zod'
import { AssignInput, type GameChallenge, JoinInput, NewGame, RequestInput } from '../../shared/game.ts'
import { read, readId, windowOf } from '../http.ts'
import type { Identity } from '../identity.ts'
import type { Play, Turn } from './play.ts'

export interface GameRouteDeps {
  readonly play: Play
  readonly identity: Pick<Identity, 'requireSender'>
}

const ListQuery = z.object({ include_time_remaining: z.enum(['true', 'false']).default('false') })

/** The HTTP side of the game; the README lists it. Everything needs a token. */
export function gameRoutes({ play, identity }: GameRouteDeps): Router {
  const turnOf = (req: Request): Turn => ({
    code: String(req.params['code']),
    by: identity.requireSender(req),
    from: windowOf(req),
  })
  const challengeTurnOf = (req: Request) => ({ ...turnOf(req), id: readId(String(req.params['id'])) })
  const router = Router()
  router.use((_req, res, next) => {
    res.set('Cache-Control', 'no-store')
    next()
  })
  router.post('/games', (req, res) => {
    identity.requireSender(req)
    res.status(201).json(play.create(read(NewGame, req.body).name))
  })
  router.get('/games/:code', (req, res) => void res.json(play.view(turnOf(req))))
  router.post('/games/:code/join', async (req, res) => {
    res.json(await play.join(turnOf(req), read(JoinInput, req.body)))
  })
  router.get('/games/:code/seat', (req, res) => void res.json(play.lookIn(turnOf(req))))
  for (const act of ['pause', 'resume'] as const) {
    router.post(`/games/:code/${act}`, async (req, res) => {
      res.json(await play[act](turnOf(req)))
    })
  }
  router.post('/challenges/:code/request', async (req, res) => {
    res.status(201).json(await play.request(turnOf(req), read(RequestInput, req.body)))
  })
  router.post('/challenges/:code/:id/assign', async (req, res) => {
    res.json(await play.assign(challengeTurnOf(req), read(AssignInput, req.body)))
  })
  for (const act of ['complete', 'cancel'] as const) {
    router.post(`/challenges/:code/:id/${act}`, async (req, res) => {
      res.json(await play[act](challengeTurnOf(req)))
    })
  }
  for (const which of ['active', 'history'] as const) {
    router.get(`/challenges/:code/${which}`, (req, res) => {
      const turn = turnOf(req)
      const { include_time_remaining } = read(ListQuery, req.query)
      const challenges = play.list(turn, which)
      const withTime = (row: GameChallenge) => ({ ...row, time_remaining_seconds: play.secondsLeft(row) })
      res.json({ challenges: include_time_remaining === 'true' ? challenges.map(withTime) : challenges })
    })
  }
  return router
}
