import { count, data, flag, list, nullable, record, text, tuple } from '../protocol/checks.ts'
import type { HistoryOptions } from '../protocol/frames.ts'
import { validate } from '../registry/validate.ts'
import { SyncError, toSyncError } from '../shared/errors.ts'
import { ownEntry } from '../shared/own-entry.ts'
import type { UntypedChannel } from './channel.ts'
import type { EventMeta } from './subscription.ts'

/** A retained entry as the answer to `history` holds it: the `ev` frame without its head. */
export type PastEntry = [
  offset: number,
  tag: string,
  previous: string,
  time: number,
  sender: string | null,
  name: string,
  data: unknown,
]

/** What a hub has retained of a log, oldest first. */
export interface Past {
  readonly epoch: string
  readonly entries: readonly PastEntry[]
  /** Whether older ones are retained. */
  readonly more: boolean
}

/** An entry as listeners hear it. */
export interface PastEvent {
  readonly event: string
  /** The output of its schema. */
  readonly data: unknown
  readonly meta: EventMeta
}

const page = record<{ entries: PastEntry[]; more: boolean }>({
  entries: list(tuple<PastEntry>(count, text, text, count, nullable(text), text, data)),
  more: flag,
})

/** Throws `bad_options`: a hub takes a frame with any other number for no frame, and closes for good. */
export function requireCount(name: string, value: number | undefined, least: number): void {
  if (!count(value) || value < least)
    throw new SyncError('bad_options', `"${name}" has ${value}: give a whole number from ${least}`)
}

export interface ReadOptions {
  readonly signal?: AbortSignal | undefined
  readonly timeoutMs?: number | undefined
}

/** Asks the hub. Rejects as a request does, and with `bad_frame` for an answer that is none. */
export function readPast(
  { name: channel, link }: UntypedChannel,
  query: HistoryOptions,
  options: ReadOptions,
): Promise<Past> {
  const draft = {
    kind: 'request',
    channel,
    name: 'history',
    data: null,
    frame: (ref: number) => ['history', ref, channel, query] as ['history', number, string, HistoryOptions],
    read: ({ data, position }: { data: unknown; position: { epoch: string } | undefined }): Past => {
      if (position && page(data)) return { ...data, epoch: position.epoch }
      throw new SyncError('bad_frame', 'The answer holds no history')
    },
  } as const
  return link.send(draft, options)
}

/** What listeners hear of an entry; nothing where it does not fit its schema, which is reported, or is of a name that the registry does not know. */
export function eventOf(
  { name: channel, definition, link }: UntypedChannel,
  [offset, tag, , time, sender, event, input]: PastEntry,
  epoch: string,
): PastEvent | undefined {
  const { id, unknownEvents } = link.client
  const { events, clientEvents } = definition.spec
  const schema = ownEntry(events, event) ?? ownEntry(clientEvents, event)
  try {
    if (schema) {
      const own = sender !== null && sender === id
      const position = { epoch, offset, tag }
      const meta = { channel, sender, own, position, time, replayed: true }
      return { event, data: validate(schema, input), meta }
    }
    if (unknownEvents === 'error') throw new SyncError('unknown_event', 'Not in the registry')
  } catch (error) {
    link.report(toSyncError(error, 'bad_payload'), { stage: 'payload', channel, event })
  }
  return undefined
}
