/** What the variants without a protocol of their own speak: JSON with a type. */
export const eventText = (channel, data) => JSON.stringify({ type: 'event', channel, data })

/** Whom to send what is published on a channel. */
export class Channels {
  #members = new Map()

  of(channel) {
    return this.#members.get(channel) ?? []
  }

  add(channel, member) {
    const members = this.#members.get(channel)
    if (members) members.add(member)
    else this.#members.set(channel, new Set([member]))
  }
}

/** Answers a client's message: `join(channel)` for a subscription, the data again for a request. */
export function answerPlain(text, send, join) {
  const { type, channel, id, data } = JSON.parse(text)
  if (type === 'subscribe') {
    join(channel)
    send(JSON.stringify({ type: 'subscribed', channel }))
  } else send(JSON.stringify({ type: 'reply', id, data }))
}
