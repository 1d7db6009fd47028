import type { Hub, SessionSocket } from 'syncline/server'
import type { Broadcaster } from '../../../src/broadcasters/broadcaster.ts'
import type { registry } from './registry.ts'

export type Sabotage = 'none' | 'loses' | 'hides' | 'applies twice' | 'runs twice' | 'conceals' | 'silent'

interface Plan {
  /** Stands between the hub and its log. */
  readonly wrap: (log: Broadcaster) => Broadcaster
  /** What it says instead. */
  readonly say?: (text: string) => string
}

/** Hubs that break a promise each, in ways that no client can see by itself. */
export const sabotages: Readonly<Record<Sabotage, Plan>> = {
  none: { wrap: (log) => log },
  /** Every fifth publication of a client is acknowledged with the top, and is in no log. */
  loses: {
    wrap(log) {
      let count = 0
      return {
        ...log,
        append: async (channel, body, once) =>
          once?.sender && ++count % 5 === 0
            ? (await log.read(channel)).top
            : log.append(channel, body, once && unnumbered(once)),
      }
    },
  },
  /** An entry of every seven is told to nobody, and those after it as if it had never been. */
  hides: {
    wrap: (log) => ({
      ...log,
      subscribe(channel, deliver) {
        let count = 0
        let hidden: { previous: string } | undefined
        return log.subscribe(channel, (entry, epoch) => {
          if (++count % 7 === 0) hidden = entry
          else {
            deliver(hidden ? { ...entry, offset: entry.offset - 1, previous: hidden.previous } : entry, epoch)
            hidden = undefined
          }
        })
      },
    }),
  },
  /** What was sent again is appended again. */
  'applies twice': {
    wrap: (log) => ({
      ...log,
      recall: async () => undefined,
      append: (channel, body, once) => log.append(channel, body, once && unnumbered(once)),
    }),
  },
  /** Whoever asks for a request may run it. */
  'runs twice': { wrap: (log) => ({ ...log, claim: async () => ({ state: 'granted' }) }) },
  /** Whoever was away has missed nothing, whatever there was. */
  conceals: {
    wrap: (log) => log,
    say: (text) => text.replace(/"recovered":false,"reason":"\w+"/, '"recovered":true'),
  },
  /** Every ninth publication of a client is never answered. */
  silent: {
    wrap(log) {
      let count = 0
      return {
        ...log,
        append: (channel, body, once) =>
          once?.sender && ++count % 9 === 0 ? new Promise(() => {}) : log.append(channel, body, once),
      }
    },
  },
}

/** A hub that says something else than it would. */
export function saying(
  hub: Hub<typeof registry>,
  say: (text: string) => string,
): Pick<typeof hub, 'settings' | 'isTakingSessions' | 'refused' | 'accept'> {
  const through = (socket: SessionSocket): SessionSocket => ({
    get bufferedBytes() {
      return socket.bufferedBytes
    },
    send: (text) => socket.send(say(text)),
    close: (code, reason) => socket.close(code, reason),
    terminate: () => socket.terminate?.(),
  })
  return {
    settings: hub.settings,
    isTakingSessions: true,
    refused() {},
    accept: (socket, request) => hub.accept(through(socket), request),
  }
}

/** So that the log below takes it whatever its number is. */
const unnumbered = (_: object) => undefined
