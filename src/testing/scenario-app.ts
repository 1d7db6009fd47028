import { persisted } from '../client/persist.ts'
import type { Claim } from '../client/persist-claim.ts'
import { localStorageStorage } from '../client/persist-storage.ts'
import type { Persist } from '../client/wires.ts'
import { channel } from '../registry/channel.ts'
import { defineRegistry } from '../registry/registry.ts'
import type { Schema } from '../registry/schema.ts'
import type { Hub } from '../server/create-hub.ts'
import { SyncError } from '../shared/errors.ts'
import type { Random } from '../shared/random.ts'
import type { Fact } from './facts.ts'
import type { Untimed } from './faulty-broker.ts'
import type { SimulatedProcess } from './simulated-process.ts'

/** Takes everything: the worlds try the delivery, not the schemas. */
const anything: Schema<{ id: number }> = {
  '~standard': { version: 1, vendor: 'syncline', validate: (value) => ({ value: value as { id: number } }) },
}

/** What the app of the scenarios speaks: events of the server and of clients, messages, and requests of both kinds. */
export const registry = defineRegistry({
  feed: channel('feed/:name', {
    events: { tick: anything },
    clientEvents: { post: anything },
    messages: { wave: anything },
    requests: {
      add: { input: anything, output: anything },
      put: { input: anything, output: anything, idempotent: true },
    },
  }),
})

export type Registry = typeof registry

interface AppParts {
  readonly random: Random
  readonly record: (fact: Untimed<Fact>) => void
  /** Whether anything may go wrong. */
  readonly hasFaults: () => boolean
}

/** Where something that is thrown on purpose is told from a failure. */
export class OnPurpose extends Error {}

const never = () => new Promise<never>(() => {})

/** The server's half: it takes its time over everything, refuses now and then, and its handlers fail as handlers do. */
export function serveApp({ random, record, hasFaults }: AppParts) {
  return (hub: Hub<Registry>, process: SimulatedProcess): void => {
    const pause = (mostMs: number) =>
      new Promise<void>((resolve) => void process.clock.after(Math.floor(random() * mostMs), resolve))

    const authorize = async ({ action }: { readonly action: string }): Promise<boolean> => {
      if (random() < 0.5) await pause(action === 'subscribe' ? 200 : 40)
      if (hasFaults() && random() < 0.03) throw new SyncError('overloaded', 'On purpose')
      return true
    }

    const handle = async (send: number): Promise<{ id: number }> => {
      // Its process has ended while it was decided.
      if (!process.isRunning) return never()
      record({ kind: 'ran', send })
      const dice = hasFaults() ? random() : 0
      if (dice > 0.93) return never()
      if (dice > 0.86) throw new SyncError('not_found', 'On purpose')
      if (dice > 0.82) throw new OnPurpose()
      if (dice > 0.5) await pause(4_000)
      return { id: send }
    }

    hub.serve('feed', {
      authorize,
      requests: { add: ({ input }) => handle(input.id), put: ({ input }) => handle(input.id) },
    })
  }
}

/** Keeps what a page has to send, and where its channels stand, on its device. */
export function keptOn(device: Map<string, string>, claim: Claim): Persist {
  const area = {
    get length() {
      return device.size
    },
    key: (index: number) => [...device.keys()][index] ?? null,
    getItem: (key: string) => device.get(key) ?? null,
    setItem: (key: string, text: string) => void device.set(key, text),
    removeItem: (key: string) => void device.delete(key),
  }
  return persisted({ user: 'somebody', storage: localStorageStorage(area), claim, tab: area })
}
