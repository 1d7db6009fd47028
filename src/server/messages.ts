import type { TellFrame } from '../protocol/frames.ts'
import { toWire } from '../registry/to-wire.ts'
import { SyncError } from '../shared/errors.ts'
import { ownEntry } from '../shared/own-entry.ts'
import { type Report, toAnswer } from './refusals.ts'
import type { Room } from './rooms.ts'
import type { Served } from './served.ts'
import type { Session } from './session.ts'

/** Above this much unsent, in bytes, a session is not sent messages: they may be dropped, what is logged may not wait for them. */
const congestedBytes = 65_536

export interface MessageParts {
  readonly served: Served
  readonly report: Report
}

/** What clients tell each other, unlogged: at most once, and never answered. */
export class Messages {
  readonly #parts: MessageParts

  constructor(parts: MessageParts) {
    this.#parts = parts
  }

  /** Hands a `tell` frame on to the other sessions of its channel. Never rejects; what is refused is dropped and taken down. */
  async tell(session: Session, frame: TellFrame): Promise<void> {
    const [, channel, name] = frame
    try {
      await session.work(() => this.#tell(session, frame))
    } catch (cause) {
      this.#parts.report(toAnswer(cause), { session, action: 'tell', channel, name })
    }
  }

  async #tell(session: Session, [, name, message, data]: TellFrame): Promise<void> {
    const { served } = this.#parts
    const channel = served.find(name)
    const schema = ownEntry(channel.definition.spec.messages ?? {}, message)
    if (!schema)
      throw new SyncError('unknown_event', `This channel has no message "${message.slice(0, 100)}"`)
    if (!session.held.get(name)?.isGranted)
      throw new SyncError('forbidden', 'Only who holds the channel may speak there')
    const sent = toWire(schema, data)
    const check = served.authorize({ session, channel, action: 'tell', name: message })
    if (check) await check
    const room = session.held.get(name)?.room
    if (room) tellRoom(room, { name: message, data: sent, sender: session.id }, (other) => other !== session)
  }
}

/** A message as it travels. */
export interface OutgoingMessage {
  readonly name: string
  /** What travels, already reduced to what the schema lets through. */
  readonly data: unknown
  readonly sender: string | null
}

/** Sends a message to those sessions of a room who are to have it, encoded once; a congested one does without. Returns to how many. */
export function tellRoom(
  { cid, sessions }: Room,
  { name, data, sender }: OutgoingMessage,
  isMeant: (session: Session) => boolean,
): number {
  const message = { text: JSON.stringify(['told', cid, name, data, sender]) }
  let count = 0
  for (const session of sessions) {
    if (session.bufferedBytes >= congestedBytes || !isMeant(session)) continue
    session.sendShared(message)
    count++
  }
  return count
}
