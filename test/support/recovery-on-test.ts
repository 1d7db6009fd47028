import { channel, defineRegistry } from 'syncline'
import { type Broadcaster, memory } from 'syncline/server'
import { manualClock } from 'syncline/testing'
import * as z from 'zod'
import type { Appended, Deliver } from '../../src/broadcasters/broadcaster.ts'
import type { SubOptions } from '../../src/protocol/frames.ts'
import { encodeBody } from '../../src/server/fan-out.ts'
import { Memberships } from '../../src/server/memberships.ts'
import { readySession } from './fake-sessions.ts'
import { hubParts } from './hub-parts.ts'
import { roomsOver } from './rooms-over.ts'

const registry = defineRegistry({ feed: channel('feed', { events: { tick: z.number() } }) })

/** What happens around the look into the log that a recovery takes. */
export interface AroundLook {
  beforeLook: () => Promise<unknown> | unknown
  afterLook: () => Promise<unknown> | unknown
}

/** The real memberships and rooms over a log that keeps `retained` entries, with appends where the test wants them. */
export function recoveryOnTest(
  retained: number,
  wrap: (inner: Broadcaster) => Broadcaster = (inner) => inner,
) {
  const inner = memory({ clock: manualClock(), maxEntries: retained })
  const around: AroundLook = { beforeLook: () => {}, afterLook: () => {} }
  const lag = laggard(inner)
  const engine: Broadcaster = {
    ...inner,
    subscribe: lag.subscribe,
    async read(name, query) {
      if (query?.after === undefined) return inner.read(name)
      await around.beforeLook()
      const read = await inner.read(name, query)
      await around.afterLook()
      return read
    },
  }
  const broadcaster = wrap(engine)
  const parts = hubParts(registry)
  parts.served.add('feed', {})
  const rooms = roomsOver(broadcaster, { settings: parts.settings })
  const memberships = new Memberships({ ...parts, rooms })
  /** All that was ever appended, in order. */
  const log: Appended[] = []
  const append = async (count = 1) => {
    for (let i = 0; i < count; i++) {
      const body = encodeBody({ time: 0, sender: null, name: 'tick', data: log.length + 1 })
      log.push(await inner.append('feed', body))
    }
  }
  const join = (id: string) => {
    const { session, socket } = readySession(parts.settings, { id })
    const sub = (ref: number, options: SubOptions = {}) =>
      memberships.subscribe(session, ['sub', ref, 'feed', options])
    return { session, socket, sub }
  }
  return { ...parts, rooms, log, append, join, around, lag, top: async () => (await inner.read('feed')).top }
}

/** Delivers at once, or, while it lags, when it is told to: as an engine whose entries can be read before they are delivered. */
function laggard(inner: Broadcaster) {
  const due: (() => void)[] = []
  const lag = {
    isLagging: false,
    catchUp: () => {
      lag.isLagging = false
      for (const deliver of due.splice(0)) deliver()
    },
    subscribe: (name: string, deliver: Deliver) =>
      inner.subscribe(name, (entry, epoch) => {
        if (lag.isLagging) due.push(() => deliver(entry, epoch))
        else deliver(entry, epoch)
      }),
  }
  return lag
}
