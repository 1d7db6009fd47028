import type { EventMeta } from 'syncline/client'
import { createClient } from 'syncline/client'
import { onTestFinished, vi } from 'vitest'
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

export interface Heard {
  readonly event: ChallengeToggled
  readonly meta: EventMeta
}

/** The seeded challenge that {@link listen} toggles to learn that it is subscribed. */
export const probeId = 8

/** A client that certainly hears toggles; `onEvent` runs inside the listener. */
export async function listen(url: string, onEvent: (heard: Heard) => void = () => {}) {
  const client = createClient(registry, { url: `${url}/sync` })
  onTestFinished(() => client.close())
  const heard: Heard[] = []
  client.channel('challenges').on('challenge_toggled', (event, meta) => {
    heard.push({ event, meta })
    if (event.challenge_id !== probeId) onEvent({ event, meta })
  })
  await vi.waitFor(async () => {
    await toggle(url, probeId)
    if (heard.length === 0) throw new Error('The client is not subscribed yet')
  })
  const heardOf = (id: number) => heard.filter(({ event }) => event.challenge_id === id)
  return { client, heardOf }
}
