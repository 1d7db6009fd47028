import type { AnyRegistry } from 'syncline'
import type { HubSettings } from 'syncline/server'
import { Diagnostics, type HubDiagnostic } from '../../src/server/diagnostics.ts'
import { Presence } from '../../src/server/presence.ts'
import { reporter } from '../../src/server/refusals.ts'
import { Served } from '../../src/server/served.ts'
import { fakeSettings } from './fake-sessions.ts'
import { roomsOver } from './rooms-over.ts'
import { watchedBroadcaster } from './watched-broadcaster.ts'

/** The real parts of a hub on a manual clock, as `createHub` joins them. `errors` is what they reported, `noted` all diagnostics. */
export function hubParts(registry: AnyRegistry, options: Partial<HubSettings> = {}) {
  const { clock, settings, errors } = fakeSettings(options)
  const watched = watchedBroadcaster(clock)
  const diagnostics = new Diagnostics(clock.now, (error) => {
    throw error
  })
  const noted: HubDiagnostic[] = []
  diagnostics.on((diagnostic) => noted.push(diagnostic))
  const rooms = roomsOver(watched.broadcaster, { settings, unheld: (name) => presence.unheld(name) })
  const presence: Presence = new Presence({ settings, diagnostics, roomOf: (name) => rooms.get(name) })
  return {
    clock,
    errors,
    noted,
    settings,
    watched,
    broadcaster: watched.broadcaster,
    diagnostics,
    rooms,
    presence,
    served: new Served(registry, settings),
    report: reporter(settings, diagnostics),
    registry,
  }
}
