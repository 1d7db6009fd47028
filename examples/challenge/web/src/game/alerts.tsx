import { Bell, BellOff } from 'lucide-react'
import { useSyncExternalStore } from 'react'
import { toast } from 'sonner'
import type { GameChallenge, Player } from '../../../shared/game.ts'
import { useChannel, useEvent } from '../sync.ts'
import { sound } from './sound.ts'

/** Says what concerns this seat: to those who assign, each request; to a player, what becomes of theirs. */
export function useAlerts(code: string, seat: Player): void {
  const channel = useChannel('game', { code })
  const isMine = (row: GameChallenge) => row.player_id === seat.id
  useEvent(channel, 'challenge_requested', (row, { own }) => {
    if (seat.role === 'player' || own) return
    sound.play()
    toast(`${row.player_name} asks for a challenge`, {
      description: `${row.building_name}, team ${row.team_number}`,
    })
  })
  useEvent(channel, 'challenge_assigned', (row) => {
    if (!isMine(row)) return
    sound.play()
    toast(`New challenge: ${row.challenge_description}`, { description: `For your ${row.building_name}` })
  })
  useEvent(channel, 'challenge_completed', (row) => {
    if (isMine(row)) toast.success(`Done! Your team can build the ${row.building_name}.`)
  })
  useEvent(channel, 'challenge_cancelled', (row, { own }) => {
    if (isMine(row) && !own) toast(`The challenge for your ${row.building_name} was cancelled.`)
  })
  useEvent(channel, 'challenge_expired', (row) => {
    if (isMine(row)) toast.warning(`Time is up for your ${row.building_name}. Ask again when you are ready.`)
  })
}

/** Switches the chime off and on. */
export function SoundButton() {
  const isOn = useSyncExternalStore(sound.subscribe, () => sound.isOn)
  return (
    <button type="button" className="chip" aria-pressed={isOn} onClick={() => sound.set(!isOn)}>
      {isOn ? <Bell size={15} aria-hidden="true" /> : <BellOff size={15} aria-hidden="true" />}
      Sound
    </button>
  )
}
