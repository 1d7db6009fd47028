import { json, Router } from 'express'
import type { HubSettings } from 'syncline/server'
import { openDatabase } from './database.ts'
import { Play } from './game/play.ts'
import { gameRoutes } from './game/routes.ts'
import { GameStore } from './game/store.ts'
import { noSuchRoute } from './http.ts'
import { createIdentity, sessionRoutes } from './identity.ts'
import { block, labRoutes } from './lab.ts'
import { asLive, openHub } from './live.ts'
import { peopleStore } from './people.ts'
import { challengeRoutes } from './routes.ts'
import { challengeStore } from './store.ts'
import { createTell } from './tell.ts'
import { createToggle } from './toggle.ts'

export interface BackendOptions {
  readonly dbFile: string
  /** The address that the server listens on. */
  readonly host: string
  readonly log: (line: string) => void
  readonly clock: HubSettings['clock']
}

/** Database, hub and routes, joined: everything behind the port but the page. */
export function openBackend({ dbFile, host, log, clock }: BackendOptions) {
  const db = openDatabase({ file: dbFile, now: clock.now })
  const people = peopleStore(db)
  const identity = createIdentity(people)
  const hub = openHub(identity, { clock, onError: ({ message }, { stage }) => log(`${stage}: ${message}`) })
  const tell = createTell(log)
  const store = challengeStore(db, clock.now)
  const channel = hub.channel('challenges')
  const toggle = createToggle({
    store,
    tell,
    publish: (event, from) => channel.publish('challenge_toggled', event, { from }),
    notify: (ids, notice) => hub.users(ids).publish('inbox', 'notice', notice),
  })
  const gameChannel = (code: string) => hub.channel('game', { code })
  const play = new Play({ store: new GameStore(db), clock, channel: gameChannel, tell, log })

  hub.serve('inbox', {})
  hub.serve('challenges', {
    requests: {
      // The name is read again: it may have changed since the connection was made.
      toggle: ({ input, user, client }) =>
        asLive(() => toggle(input, { by: people.find(user.id) ?? user, from: client })),
    },
  })
  hub.serve('game', {
    authorize: ({ user, params }) => asLive(() => play.seatOf({ code: params.code, by: user }) !== undefined),
  })

  const api = Router().use(json({ limit: '16kb' }), sessionRoutes(identity))
  api.use(challengeRoutes({ store, identity, toggle, tell, channel }), labRoutes({ host, block }))
  api.use('/api/v2', gameRoutes({ play, identity }))
  api.use(['/session', '/challenges', '/api', '/lab'], noSuchRoute)
  const close = () => {
    play.close()
    db.close()
  }
  return { hub, api, close }
}
