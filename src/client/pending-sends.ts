import type { AnyRegistry } from '../registry/registry.ts'
import type { SyncError } from '../shared/errors.ts'
import type { Client } from './create-client.ts'
import type { SendName } from './diagnostics.ts'
import type { Outbox } from './outbox.ts'

/** A publication or a request of a client that is not settled, or that an earlier page has left and that has failed. */
export interface PendingSend extends SendName {
  readonly data: unknown
  /** When it was made, in milliseconds since 1970. */
  readonly since: number
  /** `waiting`: never sent. `sent`: not answered. `failed`: `error` says why, and it will not be sent again. */
  readonly state: 'waiting' | 'sent' | 'failed'
  readonly error?: SyncError
  /** Settles one that was never sent with `aborted`, or strikes one off that has failed; `false` where it is too late. */
  drop(): boolean
}

/** Clients as this package knows them. */
export interface OutboxOwner {
  readonly outbox: Outbox
}

/** What there is to list beside an outbox: of earlier pages. */
export const besideOf = new WeakMap<Outbox, () => readonly PendingSend[]>()

/**
 * What `client` has to send and does not know the outcome of, in the order in which it is sent, after what is left of
 * earlier pages and has failed, or is sent beside. Made anew at each call; the client's diagnostics say when it may have changed.
 */
export function pendingSends<R extends AnyRegistry>(client: Client<R>): readonly PendingSend[] {
  const { outbox } = client as unknown as OutboxOwner
  // What is answered like a request, and is none, is not for people.
  const open = [...outbox.sends].filter(({ frame }) => !frame)
  return [
    ...(besideOf.get(outbox)?.() ?? []),
    ...open.map((send): PendingSend => {
      const { kind, channel, name, data, createdAt, sentAt } = send
      const drop = () => {
        const isLate = send.isSettled || send.sentAt !== undefined
        if (!isLate) outbox.giveUp(send, ['aborted', 'dropped by the app'])
        return !isLate
      }
      const state = sentAt === undefined ? 'waiting' : 'sent'
      return { kind, channel, name, data, since: createdAt, state, drop }
    }),
  ]
}
