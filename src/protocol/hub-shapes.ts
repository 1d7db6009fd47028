import {
  type Check,
  count,
  data,
  flag,
  list,
  nullable,
  optional,
  position,
  record,
  type Shapes,
  text,
  tuple,
} from './checks.ts'
import type {
  ByeOptions,
  ErrorDetails,
  GapReason,
  HubFrame,
  SubscribedOptions,
  WelcomeOptions,
  WireMember,
  WireRegistry,
} from './frames.ts'

const welcomeOptions = record<WelcomeOptions>({
  client: text,
  resumed: flag,
  pingMs: count,
  pongMs: count,
  maxBytes: count,
  time: count,
  registry: tuple<WireRegistry>(count, text),
})
// Any text: a later version may know other reasons.
const reason = text as Check<GapReason>
const subscribedOptions = record<SubscribedOptions>({
  position,
  recovered: nullable(flag),
  reason: optional(reason),
})
const details = optional(
  record<ErrorDetails>({ issues: optional(list(data)), retryAfterMs: optional(count) }),
)
const members = list(tuple<WireMember>(text, text, text, data))
const byeOptions = record<ByeOptions>({
  message: optional(text),
  afterMs: optional(tuple<[min: number, max: number]>(count, count)),
})

/** How a client checks what the hub sends. */
export const hubShapes: Shapes<HubFrame> = {
  welcome: [welcomeOptions],
  subscribed: [count, count, subscribedOptions],
  live: [count],
  ev: [count, count, text, text, count, nullable(text), text, data],
  told: [count, text, data, nullable(text)],
  gap: [count, position, reason],
  unsubscribed: [nullable(count), nullable(count), optional(text)],
  ack: [text, count, position, optional(flag)],
  nak: [text, count, text, text, details],
  res: [count, data, optional(position)],
  err: [nullable(count), text, text, details],
  members: [count, count, members],
  diff: [count, count, members, list(text)],
  bye: [text, byeOptions],
  ping: [optional(count)],
  pong: [optional(count), optional(count)],
}
