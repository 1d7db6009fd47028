import type { HelloOptions } from '../protocol/frames.ts'
import type { AnyRegistry } from '../registry/registry.ts'
import { isSyncError, SyncError } from '../shared/errors.ts'
import type { Directory } from './directory.ts'
import type { Authenticate, HubSettings, HubUser } from './options.ts'
import type { Session } from './session.ts'

export interface HandshakeParts {
  readonly registry: AnyRegistry
  readonly settings: HubSettings
  readonly authenticate: Authenticate<HubUser> | undefined
  readonly directory: Directory
}

/** Turns a session that said hello into a ready one, or closes it. Resolves to whether the hub knew it, once it is ready. */
export async function shakeHands(
  session: Session,
  hello: HelloOptions,
  parts: HandshakeParts,
): Promise<{ readonly resumed: boolean } | undefined> {
  const { registry, directory, settings } = parts
  session.id = publicId(hello.session)
  if (hello.registry[0] < registry.minVersion) {
    session.close(4502, `the registry must be at version ${registry.minVersion} or later`)
    return undefined
  }
  directory.asking.add(session)
  const user = await identify(session, hello.token, parts)
  directory.asking.delete(session)
  session.request = undefined
  if (!user || session.machine.state !== 'authenticating') return undefined
  if (session.awayUsers?.has(user.id)) {
    session.close(4503, 'sent away')
    return undefined
  }
  const older = directory.get(session.id)
  if (older && older.user?.id !== user.id) {
    session.close(4503, 'this session belongs to another user')
    return undefined
  }
  // Admitted before, and yet the newer one: it took longer to find out who this is.
  if (older && older.arrival > session.arrival) {
    session.close(4506, 'the session has a newer connection')
    return undefined
  }
  older?.close(4506, 'the session has a newer connection')
  const { maxSessionsPerUser } = settings
  if (directory.ofUser(user.id).length >= maxSessionsPerUser) {
    session.close(4504, `the user has ${maxSessionsPerUser} sessions already`)
    return undefined
  }
  session.user = user
  directory.add(session)
  session.machine.send('admitted')
  welcome(session, older !== undefined, parts)
  return { resumed: older !== undefined }
}

function welcome(session: Session, resumed: boolean, { registry, settings }: HandshakeParts): void {
  session.send([
    'welcome',
    {
      client: session.id,
      resumed,
      pingMs: settings.pingMs,
      pongMs: settings.pongMs,
      maxBytes: settings.maxMessageBytes,
      time: settings.clock.now(),
      registry: [registry.version, registry.hash],
    },
  ])
}

/** Asks the app who it is. Closes the session where that is nobody. */
async function identify(
  session: Session,
  token: string | undefined,
  parts: HandshakeParts,
): Promise<HubUser | undefined> {
  if (!parts.authenticate) return { id: session.id }
  try {
    const user = await parts.authenticate({ token, request: session.request ?? noRequest })
    if (user) return withId(user)
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

/** One without an id would be the same as all others without; an id that is no text would reach clients in what presence tells, which drop it. */
function withId(user: HubUser): HubUser {
  if (typeof user.id === 'string' && user.id !== '') return user
  throw new TypeError('`authenticate` gave a user whose `id` is no text')
}

const noRequest = Object.freeze({ url: '/', headers: Object.freeze({}) })

/** The id under which others see a session; every hub derives the same, and none can go back to the secret. */
function publicId(secret: string): string {
  // Not imported: `syncline/testing`, whose worlds have hubs, is used in pages too, which have no such module.
  return process.getBuiltinModule('node:crypto').hash('sha256', secret, 'base64url').slice(0, 16)
}
