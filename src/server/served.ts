import type { ChannelKey, ParamsOutOf } from '../registry/infer.ts'
import type { AnyRegistry } from '../registry/registry.ts'
import { isSyncError, SyncError } from '../shared/errors.ts'
import type { HubUser } from './options.ts'

/** Who wants to do what on a channel. */
export interface AccessRequest<R extends AnyRegistry, K extends ChannelKey<R>, User extends HubUser> {
  readonly user: User
  /** The channel's parameters, as strings. */
  readonly params: ParamsOutOf<R, K>
  readonly action: 'subscribe'
}

export interface ChannelHandlers<R extends AnyRegistry, K extends ChannelKey<R>, User extends HubUser> {
  /**
   * Whether the user may. A `SyncError` that it throws refuses with its code; anything else that it throws refuses with
   * `internal`. A refusal that may be tried again is reported. Default: everyone who was let in; where the
   * pattern has a parameter `user`, only the user with that id.
   */
  readonly authorize?: (request: AccessRequest<R, K, User>) => boolean | Promise<boolean>
}

interface Attempt {
  readonly key: string
  readonly params: Readonly<Record<string, string>>
  readonly user: HubUser
}

type Authorize = (request: {
  user: HubUser
  params: Readonly<Record<string, string>>
  action: 'subscribe'
}) => boolean | Promise<boolean>

/** The channels that the app serves. One that it does not serve is refused. */
export class Served {
  readonly #authorize = new Map<string, Authorize>()

  add(key: string, authorize: Authorize | undefined): void {
    if (this.#authorize.has(key)) {
      throw new SyncError(
        'bad_options',
        `Channel "${key}" is served already; give all its handlers in one call`,
      )
    }
    this.#authorize.set(key, authorize ?? onlyItsUser)
  }

  /** Throws `forbidden`, what the app refused with, or `internal` with the failure of its check as the cause. */
  async authorize({ key, params, user }: Attempt): Promise<void> {
    const authorize = this.#authorize.get(key)
    if (!authorize) {
      throw new SyncError('forbidden', `Channel "${key}" is not served; call hub.serve("${key}", …)`)
    }
    let isAllowed: boolean
    try {
      isAllowed = await authorize({ user, params, action: 'subscribe' })
    } catch (cause) {
      if (isSyncError(cause)) throw cause
      // The cause's own words stay on this side: they may tell a stranger what they should not know.
      throw new SyncError('internal', 'The check whether the user may subscribe failed', { cause })
    }
    if (!isAllowed) throw new SyncError('forbidden', 'The user may not subscribe to this channel')
  }
}

const onlyItsUser: Authorize = ({ user, params }) => params.user === undefined || params.user === user.id
