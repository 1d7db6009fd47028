import { channel, defineRegistry } from 'syncline'
import { createClient } from 'syncline/client'
import { channelName, eventName } from '../payload.mjs'

/** A client whose events have this Standard Schema. */
export const openWith = (schema) => (url, heard) => {
  const registry = defineRegistry({ game: channel(channelName, { events: { [eventName]: schema } }) })
  const client = createClient(registry, { url, onError: fail })
  const game = client.channel('game')
  game.on('gap', fail)
  game.on(eventName, heard)
}

/** Whatever disturbs the run would make its figure mean something else. */
function fail(what) {
  throw what instanceof Error ? what : new Error(`Continuity was lost: ${JSON.stringify(what)}`)
}
