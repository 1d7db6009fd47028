import { channel, defineRegistry } from 'syncline'
import * as z from 'zod'

const numbered = z.object({ id: z.number() })

/** What the processes speak of: everything bears a number, which is used once in a run. */
export const registry = defineRegistry({
  room: channel('room/:id', {
    events: { ticked: numbered },
    clientEvents: { wrote: numbered },
    requests: { count: { input: numbered.extend({ ms: z.number() }), output: numbered } },
  }),
})

/** The number that an event's data holds. */
export function idOf(data: unknown): number {
  return numbered.parse(data).id
}
