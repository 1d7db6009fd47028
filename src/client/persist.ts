import { withDefaults } from '../shared/defaults.ts'
import { SyncError } from '../shared/errors.ts'
import type { SendName } from './diagnostics.ts'
import { type Claim, leaseClaims, lockClaims } from './persist-claim.ts'
import { Keeper } from './persist-keeper.ts'
import { rootOf } from './persist-records.ts'
import { indexedDbStorage, type PersistStorage } from './persist-storage.ts'
import type { Persist } from './wires.ts'

/** What is kept, whose it is, and where. */
export interface PersistOptions {
  /** Who is signed in, by id: what one user has left is never sent or seen by another. Not empty. */
  readonly user: string
  /** Default: IndexedDB, in a database `syncline`. */
  readonly storage?: PersistStorage
  /** Keeps what is of this client apart from that of others of the same user. Default: the client's `url`, as it is given. */
  readonly name?: string
  /**
   * Which sends are kept. A request is sent again without anybody who waits for its answer. Default: publications.
   */
  readonly keep?: (send: SendName) => boolean
  /** How long the storage may take before the client goes on without it, in milliseconds. Default 3,000. */
  readonly storageTimeoutMs?: number
  /** Makes a session this page's own. Default: the platform's locks; where it has none, a lease in the storage. */
  readonly claim?: Claim
  /** What remembers which session was this page's over a reload. Default: `sessionStorage`. */
  readonly tab?: Pick<Storage, 'getItem' | 'setItem'>
}

/** What holds where an option is left out. */
export const persistDefaults = {
  keep: ({ kind }: SendName) => kind === 'publication',
  storageTimeoutMs: 3_000,
} satisfies Partial<PersistOptions>

/**
 * Keeps publications that are not acknowledged, and where the channels stand, over a reload, a crash and a restart: give it to
 * `createClient` as `persist`. What may have been sent is sent again under its own number, so that the hub applies it once. Costs its bytes only in
 * apps that import it. Throws `bad_options`.
 */
export function persisted(options: PersistOptions): Persist {
  const {
    user,
    storage = indexedDbStorage(),
    name,
    ...rest
  } = withDefaults({ ...persistDefaults, user: '' }, options)
  if (!user) throw new SyncError('bad_options', 'Not a user: user is empty')
  return (wires) => {
    const { clock, random } = wires.settings
    const locks = (globalThis.navigator as Partial<Navigator> | undefined)?.locks
    const claim = locks ? lockClaims(locks) : leaseClaims(storage, clock, random)
    new Keeper(wires, {
      claim,
      tab: pageTab(),
      ...rest,
      storage,
      root: rootOf(name ?? wires.options.url, user),
    })
  }
}

/** A page may be denied even the sight of it, and elsewhere there is none. */
function pageTab(): PersistOptions['tab'] {
  try {
    return globalThis.sessionStorage
  } catch {
    return undefined
  }
}
