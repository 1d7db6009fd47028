import type { HubUser } from './options.ts'
import type { Session } from './session.ts'

/** One connected client, at the moment of asking. */
export interface HubSession<User extends HubUser = HubUser> {
  /** Its public id. */
  readonly id: string
  readonly user: User
  /** Since when it is connected, in milliseconds since 1970. */
  readonly since: number
  /** The names of the channels that it holds. */
  readonly channels: readonly string[]
}

/** Which sessions: all of a user's, or the one with this public id. */
export type SessionChoice = { readonly user: string | number } | { readonly session: string }

/** What the app may know of a session. */
export function describe<User extends HubUser>({ id, user, since, held }: Session): HubSession<User> {
  const channels = [...held].filter(([, { isGranted }]) => isGranted).map(([name]) => name)
  return { id, user: user as User, since, channels }
}
