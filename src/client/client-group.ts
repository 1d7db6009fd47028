import { Disposer, type Undo } from '../shared/disposer.ts'
import type { ConnectionStatus } from './connection-states.ts'
import type { Client } from './create-client.ts'

/** What a group needs of a client, of whichever registry. */
export type GroupMember = Pick<Client<never>, 'status' | 'onStatus' | 'connect' | 'disconnect' | 'close'>

/** The status of each client of a group, by its name. */
export type GroupStatus<Clients> = { readonly [Name in keyof Clients]: ConnectionStatus }

/** Several clients that an app opens, shows and closes together. */
export interface ClientGroup<Clients extends Readonly<Record<string, GroupMember>>> {
  /** The clients by name, each with the types of its own registry. */
  readonly clients: Readonly<Clients>
  /** All connections now. Frozen, and the same object until one of them changes. */
  readonly status: GroupStatus<Clients>
  /**
   * Hears of each new status of any client. Bound: it can be handed on as it is. What a listener throws goes to the
   * `onError` of the client that has changed.
   */
  readonly onStatus: (listener: (status: GroupStatus<Clients>) => void) => Undo
  /** Whether all are connected. */
  readonly isConnected: boolean
  /** Connects all now, as {@link Client.connect} does. */
  connect(): void
  /** Lets go of all connections until `connect`. */
  disconnect(): void
  /** Closes all clients for good, and ends all listening to the group. */
  close(): void
}

/** Joins clients under names, such as one for each of the hubs that an app talks to. */
export function createClientGroup<Clients extends Readonly<Record<string, GroupMember>>>(
  clients: Clients,
): ClientGroup<Clients> {
  return new Group(clients)
}

class Group<Clients extends Readonly<Record<string, GroupMember>>> implements ClientGroup<Clients> {
  readonly clients: Readonly<Clients>
  /** A client with two names is told of once. */
  readonly #members: ReadonlySet<GroupMember>
  readonly #listening = new Set<Undo>()
  readonly #end = new Disposer()
  #status: GroupStatus<Clients>

  constructor(clients: Clients) {
    this.clients = Object.freeze({ ...clients })
    this.#members = new Set(Object.values(clients))
    this.#status = this.#look()
    // Last-first: the listeners hear of the ends, and are let go then.
    this.#end.own(() => {
      for (const undo of this.#listening) undo()
    })
    for (const member of this.#members) this.#end.own(() => member.close())
  }

  // Compared when it is read, so that it is right though nobody listens, and a group by itself holds nothing.
  get status(): GroupStatus<Clients> {
    const names: readonly (keyof Clients)[] = Object.keys(this.clients)
    const isSame = names.every((name) => this.#status[name] === this.clients[name]!.status)
    if (!isSame) this.#status = this.#look()
    return this.#status
  }

  get isConnected(): boolean {
    return [...this.#members].every(({ status }) => status.state === 'connected')
  }

  readonly onStatus = (listener: (status: GroupStatus<Clients>) => void): Undo => {
    if (this.#end.disposed) return () => {}
    // Each client guards its own listeners, so that one that throws starves nobody.
    const undos = [...this.#members].map((member) => member.onStatus(() => listener(this.status)))
    const undo = () => {
      this.#listening.delete(undo)
      for (const each of undos) each()
    }
    this.#listening.add(undo)
    return undo
  }

  connect(): void {
    for (const member of this.#members) member.connect()
  }

  disconnect(): void {
    for (const member of this.#members) member.disconnect()
  }

  close(): void {
    this.#end.dispose()
  }

  #look(): GroupStatus<Clients> {
    const entries = Object.entries(this.clients).map(([name, { status }]) => [name, status] as const)
    return Object.freeze(Object.fromEntries(entries)) as GroupStatus<Clients>
  }
}
