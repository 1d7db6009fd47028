import type { EventMeta } from 'syncline/client'
import { createClient } from 'syncline/client'
import { onTestFinished } from 'vitest'
import { startServer } from '../server/app.ts'
import { Challenge, type ChallengeToggled } from '../shared/challenge.ts'
import { registry } from '../shared/registry.ts'
import { temporaryFile } from './temporary-file.ts'

/** The example's server without its page, on a free port, until the test ends. */
export async function startApi(dbFile = temporaryFile()) {
  const log: string[] = []
  const server = await startServer({ dbFile, port: 0, page: 'none', log: (line) => log.push(line) })
  onTestFinished(() => server.close())
  return { ...server, dbFile, log }
}

/** Asks the server to toggle a challenge, and gives the row that it answers. */
export async function toggle(url: string, id: number, headers: HeadersInit = {}): Promise<Challenge> {
  const response = await fetch(`${url}/challenges/${id}/toggle`, { method: 'PATCH', headers })
  return Challenge.parse(await response.json())
}

interface Heard {
  readonly event: ChallengeToggled
  readonly meta: EventMeta
}

/** A client that hears every toggle from here on; `onEvent` runs inside the listener. */
export async function listen(url: string, onEvent: (event: ChallengeToggled) => void = () => {}) {
  const client = createClient(registry, { url: `${url}/sync` })
  onTestFinished(() => client.close())
  const heard: Heard[] = []
  const channel = client.channel('challenges')
  channel.on('challenge_toggled', (event, meta) => {
    heard.push({ event, meta })
    onEvent(event)
  })
  await new Promise((resolve) => channel.on('subscribed', resolve))
  return { client, heard }
}
