import type { ClientFrame, HubFrame } from '../protocol/frames.ts'
import type { AnyRegistry } from '../registry/registry.ts'
import type { ErrorHandler } from '../shared/report.ts'
import type { ChannelLink } from './channel.ts'
import type { ConnectionSettings } from './connection-settings.ts'
import type { Client } from './create-client.ts'
import type { ClientOptions, ClientSettings } from './options.ts'
import type { OutboxOwner } from './pending-sends.ts'

/**
 * What passes between the parts of a client. What is to stand between them puts its own function in the place of one, and
 * calls that: the parts look them up at each call.
 */
export interface Wires {
  readonly client: Pick<Client<AnyRegistry>, 'registry' | 'isOff' | 'connect' | 'close'> & OutboxOwner
  /** As the app gave them. */
  readonly options: ClientOptions
  readonly settings: Omit<ClientSettings, 'url' | 'auth'> & {
    auth?: ConnectionSettings['auth']
    hello: ConnectionSettings['hello']
  }
  readonly facts: { received(frame: HubFrame): void }
  readonly link: {
    send(frame: ClientFrame): void
    nextRef(): number
    readonly report: ErrorHandler
  }
  readonly handles: { send: ChannelLink['send'] }
}

/** Keeps what a client has to send over a reload: made by `persisted`. */
export type Persist = (wires: Wires) => void
