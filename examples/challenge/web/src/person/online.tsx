import { usePresence } from 'syncline/react'
import { useChannel, useConnection } from '../sync.ts'
import { Initials } from '../ui/initials.tsx'
import { usePerson } from './use-person.ts'

const shownAtMost = 4

/** How many people have this app open, and who. */
export function Online() {
  const person = usePerson()
  const isLive = useConnection(({ state }) => state === 'connected')
  const { members, count } = usePresence(useChannel('challenges'), {
    state: person && { name: person.name },
  })
  if (!isLive || count.users === 0) return null
  const people = new Map(members.map(({ user, state }) => [user, state.name]))
  const names = [...people.values()]
  return (
    <p className="online" title={names.join(', ')}>
      <span className="online-people" aria-hidden="true">
        {[...people].slice(0, shownAtMost).map(([user, name]) => (
          <Initials key={user} name={name} />
        ))}
      </span>
      {count.users} online
    </p>
  )
}
