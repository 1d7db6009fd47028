import { createHash } from 'node:crypto'
import type { HelloOptions } from '../protocol/frames.ts'
import type { AnyRegistry } from '../registry/registry.ts'
import { isSyncError, SyncError } from '../shared/errors.ts'
import type { Authenticate, ConnectRequest, HubSettings, HubUser } from './options.ts'
import type { Session } from './session.ts'

export interface HandshakeParts {
  readonly registry: AnyRegistry
  readonly settings: HubSettings
  readonly authenticate: Authenticate<HubUser> | undefined
  /** The ready sessions by their public id. */
  readonly sessions: Map<string, Session>
}

export interface Greeting {
  readonly session: Session
  readonly hello: HelloOptions
  readonly request: ConnectRequest
}

/** Turns a session that said hello into a ready one, or closes it. `true` when it is ready. */
export async function shakeHands(
  { session, hello, request }: Greeting,
  parts: HandshakeParts,
): Promise<boolean> {
  const { registry, settings, sessions } = parts
  session.id = publicId(hello.session)
  if (hello.registry[0] < registry.minVersion) {
    session.close(4502, `the registry must be at version ${registry.minVersion} or later`)
    return false
  }
  const user = await identify({ session, hello, request }, parts)
  if (!user || session.machine.state !== 'authenticating') return false
  const older = sessions.get(session.id)
  if (older && older.user?.id !== user.id) {
    session.close(4503, 'this session belongs to another user')
    return false
  }
  older?.close(4506, 'the session has a newer connection')
  sessions.set(session.id, session)
  session.user = user
  session.machine.send('admitted')
  session.send([
    'welcome',
    {
      client: session.id,
      resumed: older !== undefined,
      pingMs: settings.pingMs,
      pongMs: settings.pongMs,
      maxBytes: settings.maxMessageBytes,
      time: settings.clock.now(),
      registry: [registry.version, registry.hash],
    },
  ])
  return true
}

/** Asks the app who it is. Closes the session where that is nobody. */
async function identify(
  { session, hello, request }: Greeting,
  parts: HandshakeParts,
): Promise<HubUser | undefined> {
  if (!parts.authenticate) return { id: session.id }
  try {
    const user = await parts.authenticate({ token: hello.token, request })
    if (user) return user
    session.close(4500, 'the credentials were not accepted')
  } catch (error) {
    if (isSyncError(error) && error.code === 'token_expired') session.close(4004, 'the token has expired')
    else if (isSyncError(error) && !error.retryable) session.close(4500, 'the credentials were not accepted')
    else {
      session.close(4003, 'the credentials could not be checked')
      const failure = new SyncError('internal', 'The check of the credentials failed', { cause: error })
      parts.settings.onError(failure, { stage: 'authenticate', client: session.id })
    }
  }
  return undefined
}

/** The id under which others see a session; every hub derives the same, and none can go back to the secret. */
function publicId(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url').slice(0, 16)
}
