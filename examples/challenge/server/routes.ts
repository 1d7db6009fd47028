import type { ErrorRequestHandler, Response } from 'express'
import { Router } from 'express'
import { clientHeader, type Failure } from '../shared/challenge.ts'
import type { ChallengeStore } from './store.ts'
import type { ToggleChallenge } from './toggle.ts'

export interface RouteDeps {
  readonly store: Pick<ChallengeStore, 'list'>
  readonly toggle: ToggleChallenge
  readonly log: (line: string) => void
}

/** The HTTP side: `GET /challenges` and `PATCH /challenges/:id/toggle`; every failure is a coded JSON body. */
export function challengeRoutes({ store, toggle, log }: RouteDeps): Router {
  const router = Router()
  router.get('/challenges', (_req, res) => {
    // A stored copy would show an old state as the present one.
    res.set('Cache-Control', 'no-store').json({ challenges: store.list() })
  })
  router.patch('/challenges/:id/toggle', async (req, res) => {
    const id = toId(req.params.id)
    if (id === undefined) {
      return fail(res, 400, badId(req.params.id))
    }
    const challenge = await toggle(id, req.get(clientHeader))
    if (!challenge) {
      return fail(res, 404, {
        code: 'not_found',
        message: `There is no challenge ${id}; load the list again.`,
      })
    }
    res.json(challenge)
  })
  router.use('/challenges', (req, res) => {
    const message = `${req.method} ${req.originalUrl} is not part of this API; see the README for its routes.`
    fail(res, 404, { code: 'no_such_route', message })
  })
  router.use(failures(log))
  return router
}

function failures(log: (line: string) => void): ErrorRequestHandler {
  // biome-ignore lint/complexity/useMaxParams: Express knows an error handler by its four parameters
  return (error: unknown, req, res, next) => {
    if (res.headersSent) return next(error)
    // Express reports an id that is no valid percent-encoding as a URIError before any route runs.
    if (error instanceof URIError) return fail(res, 400, badId(req.path.split('/')[2] ?? ''))
    log(`${req.method} ${req.originalUrl} failed: ${error instanceof Error ? error.stack : String(error)}`)
    const message = 'The server could not do this and has logged why; try again.'
    fail(res, 500, { code: 'internal', message })
  }
}

function fail(res: Response, status: number, error: Failure['error']): void {
  res.status(status).json({ error } satisfies Failure)
}

function badId(text: string): Failure['error'] {
  return { code: 'bad_id', message: `"${text}" is not an id of a challenge; use a whole number from 1.` }
}

function toId(text: string): number | undefined {
  if (!/^[1-9]\d*$/.test(text)) return undefined
  const id = Number(text)
  return Number.isSafeInteger(id) ? id : undefined
}
