import { Dices, Landmark, PersonStanding } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { Role } from '../../../shared/game.ts'
import { person } from '../person/person.ts'
import { usePerson } from '../person/use-person.ts'
import { useAction } from '../ui/use-action.ts'
import { joinGame } from './api.ts'

const roles = [
  { role: 'player', label: 'Player', hint: 'asks for buildings and works for them', Icon: PersonStanding },
  { role: 'host', label: 'Host', hint: 'gives challenges, pauses the game', Icon: Dices },
  { role: 'banker', label: 'Banker', hint: 'gives challenges, too', Icon: Landmark },
] as const

export interface JoinFormProps {
  readonly code: string
  readonly onJoined: () => void
}

/** Takes a seat in a game. */
export function JoinForm({ code, onJoined }: JoinFormProps) {
  const current = usePerson()
  const { pending, run } = useAction()
  const [role, setRole] = useState<Role>('player')
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    run(async () => {
      const name = String(form.get('name')).trim()
      // Nobody is called one thing here and another there.
      if (name !== current?.name) await person.rename(name)
      await joinGame(code, {
        name,
        role: Role.parse(form.get('role')),
        team_number: Number(form.get('team') ?? 1),
      })
      onJoined()
    })
  }
  return (
    <form className="panel form" onSubmit={submit} key={current?.id}>
      <label className="field">
        Your name
        <input name="name" required maxLength={40} defaultValue={current?.name} autoComplete="nickname" />
      </label>
      <fieldset className="roles">
        <legend>Your role</legend>
        {roles.map(({ role: one, label, hint, Icon }) => (
          <label key={one} className="role">
            <input
              type="radio"
              name="role"
              value={one}
              checked={role === one}
              onChange={() => setRole(one)}
            />
            <Icon size={20} aria-hidden="true" />
            <span className="role-name">{label}</span>
            <span className="role-hint">{hint}</span>
          </label>
        ))}
      </fieldset>
      {role === 'player' && (
        <label className="field field-narrow">
          Team
          <select name="team" defaultValue={1}>
            {[1, 2, 3, 4].map((team) => (
              <option key={team} value={team}>
                Team {team}
              </option>
            ))}
          </select>
        </label>
      )}
      <div className="form-end">
        <button type="submit" className="button" aria-disabled={pending}>
          Take the seat
        </button>
      </div>
    </form>
  )
}
