import { type Check, count, data, optional, position, record, type Shapes, text, tuple } from './checks.ts'
import type {
  ClientFrame,
  HelloOptions,
  HistoryOptions,
  ReqOptions,
  SubOptions,
  WireRegistry,
} from './frames.ts'

const helloOptions = record<HelloOptions>({
  registry: tuple<WireRegistry>(count, text),
  // A guessable secret would let one session take another over.
  session: ((value) => text(value) && /^[\w-]{22,64}$/.test(value)) as Check<string>,
  token: optional(text),
})
const subOptions = record<SubOptions>({ since: optional(position), rewind: optional(count) })
const reqOptions = record<ReqOptions>({ ageMs: optional(count), timeoutMs: optional(count) })
const historyOptions = record<HistoryOptions>({ limit: count, before: optional(count) })

/** How a hub checks what clients send. */
export const clientShapes: Shapes<ClientFrame> = {
  hello: [helloOptions],
  sub: [count, text, optional(subOptions)],
  unsub: [count, text],
  pub: [count, count, text, text, data, optional(count)],
  tell: [text, text, data],
  req: [count, text, text, data, optional(reqOptions)],
  cancel: [count],
  enter: [count, text, data],
  leave: [count, text],
  history: [count, text, historyOptions],
  auth: [count, text],
  ping: [optional(count)],
  pong: [optional(count), optional(count)],
}
