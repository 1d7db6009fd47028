import type { Undo } from '../shared/disposer.ts'
import { toSyncError } from '../shared/errors.ts'
import { Listeners } from '../shared/listeners.ts'
import type { UntypedChannel } from './channel.ts'
import type { MessageMeta } from './subscription.ts'

/** What another client said last. */
export interface Told<Data> {
  /** The public id of the client, as in {@link PresenceMember.client}. */
  readonly client: string
  readonly data: Data
}

export interface LatestToldOptions<Data> {
  /** The message's name. */
  readonly message: string
  /** How long after its last message a client is forgotten, in milliseconds: messages travel at most once, the one that says "gone" too. */
  readonly expireMs: number
  /** Whether a message says that its client is to be kept; else it is forgotten at once. */
  readonly keeps: (data: Data) => boolean
}

/** The latest message of each other client of a channel, while anyone listens. */
export class LatestTold<Data> {
  /** In the order in which the clients were first heard of; the same array until something changes. */
  values: readonly Told<Data>[] = nobody
  readonly #channel: UntypedChannel
  readonly #options: LatestToldOptions<Data>
  readonly #byClient = new Map<string, Told<Data>>()
  /** Cancels the forgetting of each. */
  readonly #stops = new Map<string, Undo>()
  readonly #listeners: Listeners
  #count = 0
  #unlisten: Undo | undefined

  constructor(channel: UntypedChannel, options: LatestToldOptions<Data>) {
    this.#channel = channel
    this.#options = options
    this.#listeners = new Listeners((error) =>
      channel.link.report(toSyncError(error, 'listener_failed'), {
        stage: 'listener',
        channel: channel.name,
      }),
    )
  }

  /** Hears after each change, until the undo is called. Bound: it can be handed on as it is. */
  readonly onChange = (listener: () => void): Undo => {
    const undo = this.#listeners.on('change', listener)
    if (this.#count++ === 0) {
      this.#unlisten = this.#channel.on(this.#options.message, (data: Data, { sender }: MessageMeta) => {
        if (sender !== null) this.#heard(sender, data)
      })
    }
    let isHeld = true
    return () => {
      if (!isHeld) return
      isHeld = false
      undo()
      if (--this.#count === 0) this.#end()
    }
  }

  #heard(client: string, data: Data): void {
    const { keeps, expireMs } = this.#options
    this.#stops.get(client)?.()
    if (keeps(data)) {
      this.#stops.set(
        client,
        this.#channel.link.clock.after(expireMs, () => this.#forget(client)),
      )
      this.#byClient.set(client, { client, data })
      this.#changed()
    } else this.#forget(client)
  }

  #forget(client: string): void {
    this.#stops.delete(client)
    if (this.#byClient.delete(client)) this.#changed()
  }

  #changed(): void {
    this.values = [...this.#byClient.values()]
    this.#listeners.emit('change')
  }

  #end(): void {
    this.#unlisten!()
    for (const stop of this.#stops.values()) stop()
    this.#stops.clear()
    this.#byClient.clear()
    this.values = nobody
  }
}

const nobody: readonly never[] = Object.freeze([])
