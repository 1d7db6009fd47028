import type { ReactNode } from 'react'
import { useCursors, usePresence, useTyping } from 'syncline/react'
import { hooks, useChannel, useConnection } from './support.tsx'

const { useCountdown, useRequest, useServerClock } = hooks

export const table = { id: 1 }

/** A component for each hook, which shows what it gives. */
export const parts: Readonly<Record<string, () => ReactNode>> = {
  useConnection() {
    return useConnection(({ state }) => state === 'connected') ? 'online' : 'offline'
  },
  usePresence() {
    const { members, count } = usePresence(useChannel('table', table), { state: { name: 'Ada' } })
    return [count.users, ...members.map(({ state }) => state.name).sort()].join(' ')
  },
  useSelectedPresence() {
    return usePresence(useChannel('table', table), { select: ({ count }) => `${count.members} here` })
  },
  useTyping() {
    return `${useTyping(useChannel('table', table), 'typing').typers.length} typing`
  },
  useCursors() {
    const { cursors } = useCursors(useChannel('table', table), 'cursor')
    return cursors.map(({ data: { x, y } }) => `${x}:${y}`).join(' ')
  },
  useRequest() {
    const { pending, data, error } = useRequest(useChannel('table', table), 'double')
    return JSON.stringify({ pending, data, error })
  },
  useServerClock() {
    return `${useServerClock().offsetMs} ms`
  },
  useCountdown() {
    return `${useCountdown(1_700_000_010_000)} left`
  },
}

/** What a server shows of each, and a page at a table where Grace is present, types and points, and whose clock is 5 s ahead of the hub's. */
export const shown: Readonly<Record<string, readonly [server: string, page: string]>> = {
  useConnection: ['offline', 'online'],
  usePresence: ['0', '2 Ada Grace'],
  useSelectedPresence: ['0 here', '1 here'],
  useTyping: ['0 typing', '1 typing'],
  useCursors: ['', '3:4'],
  useRequest: ['{"pending":false}', '{"pending":false}'],
  useServerClock: ['0 ms', '-5000 ms'],
  useCountdown: ['undefined left', '10000 left'],
}

/** What a server sends of it. */
export const htmlOf = (name: string) => `<p>${shown[name]![0].replaceAll('"', '&quot;')}</p>`
