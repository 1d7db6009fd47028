import { type ClientOptions, createClient, type EventMeta } from 'syncline/client'
import { onTestFinished } from 'vitest'
import type * as z from 'zod'
import { type ServerOptions, startServer } from '../server/app.ts'
import { Challenge, ChallengeList, type ChallengeToggled } from '../shared/challenge.ts'
import { Failure } from '../shared/failure.ts'
import { Session } from '../shared/identity.ts'
import { registry } from '../shared/registry.ts'
import { temporaryFile } from './temporary-file.ts'

/** The example's server without its page, on a free port, until the test ends. */
export async function startApi(dbFile = temporaryFile(), options: Partial<ServerOptions> = {}) {
  const log: string[] = []
  const fixed = { dbFile, port: 0, page: 'none', log: (line: string) => log.push(line) } as const
  const server = await startServer({ ...fixed, ...options })
  onTestFinished(() => server.close())
  return { ...server, dbFile, log }
}

export interface Call {
  /** Method and path, for example `PUT /challenges/1/join`. */
  readonly to: string
  readonly token?: string | undefined
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** Sends one request, JSON both ways. */
export async function call(url: string, { to, token, body, headers = {} }: Call) {
  const [method, path] = to.split(' ') as [string, string]
  const response = await fetch(url + path, {
    method,
    headers: {
      ...headers,
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  return { status: response.status, body: (await response.json()) as unknown }
}

/** Sends a request that must succeed, and gives its answer as the schema reads it. */
export async function ask<S extends z.ZodType>(url: string, schema: S, request: Call): Promise<z.output<S>> {
  const { status, body } = await call(url, request)
  if (status >= 300) throw new Error(`${request.to} was answered ${status}: ${JSON.stringify(body)}`)
  return schema.parse(body)
}

/** Sends a request that must be refused, and gives the status with the code and message of the refusal. */
export async function refusal(url: string, request: Call) {
  const { status, body } = await call(url, request)
  return { status, ...Failure.parse(body).error }
}

/** A new person with their token. */
export async function signIn(url: string, name = 'Ada') {
  const { token, person } = await ask(url, Session, { to: 'POST /session', body: { name } })
  return { token, person }
}

export async function list(url: string): Promise<readonly Challenge[]> {
  return (await ask(url, ChallengeList, { to: 'GET /challenges' })).challenges
}

/** Asks the server to toggle a challenge, and gives the row that it answers. */
export function toggle(url: string, id: number, more: Omit<Call, 'to'> = {}): Promise<Challenge> {
  return ask(url, Challenge, { to: `PATCH /challenges/${id}/toggle`, ...more })
}

/** A live client until the test ends: of the person with this token, or of a new one. */
export async function connect(url: string, token?: string, options: Partial<ClientOptions> = {}) {
  const own = token ?? (await signIn(url)).token
  const client = createClient(registry, { url: `${url}/sync`, auth: () => own, ...options })
  onTestFinished(() => client.close())
  return client
}

/** Resolves when the hub has accepted the subscription. */
export function subscribed(channel: {
  on(event: 'subscribed', listener: () => void): unknown
}): Promise<unknown> {
  return new Promise<void>((resolve) => channel.on('subscribed', resolve))
}

interface Heard {
  readonly event: ChallengeToggled
  readonly meta: EventMeta
}

/** A client that hears every toggle from here on; `onEvent` runs inside the listener. */
export async function listen(url: string, onEvent: (event: ChallengeToggled) => void = () => {}) {
  const client = await connect(url)
  const heard: Heard[] = []
  const channel = client.channel('challenges')
  channel.on('challenge_toggled', (event, meta) => {
    heard.push({ event, meta })
    onEvent(event)
  })
  await subscribed(channel)
  return { client, heard }
}
