import { fanOut, tellGap } from '../../src/server/fan-out.ts'
import { Rooms, type RoomsParts } from '../../src/server/rooms.ts'
import { fakeSettings } from './fake-sessions.ts'

/** Rooms over a broadcaster that tell their sessions as a hub's do, without a check of the tail unless the test's settings ask for one. */
export function roomsOver(
  broadcaster: RoomsParts['broadcaster'],
  { settings = fakeSettings().settings, ...parts }: Partial<RoomsParts> = {},
): Rooms {
  return new Rooms({
    broadcaster,
    settings,
    deliver: fanOut,
    lost: tellGap,
    unheld: () => {},
    failed: (_room, error) => {
      throw error
    },
    ...parts,
  })
}
