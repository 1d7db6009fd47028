import { act } from '@testing-library/react'
import { StrictMode } from 'react'
import { cursors, presence, typing } from 'syncline/client'
import { describe, expect, test } from 'vitest'
import { htmlOf, parts, shown, table } from './every-hook.tsx'
import { hydrate } from './hydrate.ts'
import { hooks, SyncProvider, startWorld, type World } from './support.tsx'

/** Somebody else at the table, who is there, types and points. */
async function grace(world: World) {
  const client = world.newClient()
  const channel = client.channel('table', table)
  await Promise.all([presence(channel).enter({ name: 'Grace' }), world.pass(200)])
  const pointing = cursors(channel, 'cursor')
  const writing = typing(channel, 'typing')
  return () => {
    writing.press()
    pointing.move({ x: 3, y: 4 })
  }
}

test('every hook of the package is among those that are rendered here', async () => {
  const { createHooks: _, ...exported } = await import('syncline/react')
  const all = [...Object.keys(exported), ...Object.keys(hooks)].filter((name) => name.startsWith('use'))
  const elsewhere = ['useClient', 'useChannel', 'useEvent']
  expect(all.filter((name) => !(name in parts) && !elsewhere.includes(name))).toEqual([])
})

describe.each(Object.keys(parts))('%s', (name) => {
  const Part = parts[name]!
  const page = (
    <p>
      <Part />
    </p>
  )

  test.each(['new', 'connected', 'made by the provider'])(
    'hydrated complains of nothing, and goes on: a client that is %s',
    async (kind) => {
      const world = startWorld({ aheadMs: 5_000 })
      const { client, clientOptions } = world
      const speak = await grace(world)
      if (kind === 'connected') {
        client.connect()
        await world.pass()
        // So that the members are known before the page begins.
        presence(client.channel('table', table)).on('change', () => {})
        await world.pass()
      }
      const given = <SyncProvider client={client}>{page}</SyncProvider>
      const made = <SyncProvider options={clientOptions}>{page}</SyncProvider>
      const tree = <StrictMode>{kind === 'made by the provider' ? made : given}</StrictMode>
      const { complaints, container } = hydrate(htmlOf(name), tree)
      await world.pass()
      act(speak)
      await world.pass(300)
      expect(container.textContent).toBe(shown[name]![1])
      expect(complaints).toEqual([])
    },
  )
})
