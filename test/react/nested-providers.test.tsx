import { act, cleanup, render } from '@testing-library/react'
import type { ReactNode } from 'react'
import { renderToString } from 'react-dom/server'
import { channel, defineRegistry } from 'syncline'
import { createClient } from 'syncline/client'
import { createHooks } from 'syncline/react'
import { createHub } from 'syncline/server'
import { createNetwork, manualClock } from 'syncline/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import * as z from 'zod'

/** Two apps with a channel of the same name each, and a hub and a client for each. */
function startTwo() {
  const clock = manualClock()
  const start = (of: string) => {
    const registry = defineRegistry({
      news: channel('news', { events: { said: z.object({ of: z.string() }) } }),
    })
    const hub = createHub(registry, { clock })
    hub.serve('news', {})
    const { socket } = createNetwork(hub, { clock })
    const client = createClient(registry, { url: 'ws://hub/sync', clock, socket })
    onTestFinished(() => client.close())
    return { hooks: createHooks(registry), client, say: () => hub.channel('news').publish('said', { of }) }
  }
  return { clock, shop: start('shop'), chat: start('chat') }
}

type App = ReturnType<typeof startTwo>['shop']

const provided = ({ hooks: { SyncProvider }, client }: App, children: ReactNode) => (
  <SyncProvider client={client}>{children}</SyncProvider>
)

/** A component that notes the client that it was given and what it hears through its own hooks. */
function listenerOf({ hooks: { useChannel, useClient, useEvent } }: App) {
  const clients: unknown[] = []
  const heard: string[] = []
  function Listener() {
    clients.push(useClient())
    useEvent(useChannel('news'), 'said', ({ of }) => void heard.push(of))
    return null
  }
  return { Listener, clients, heard }
}

describe('the providers of two registries', () => {
  test.each(['shop', 'chat'] as const)('serve the hooks of their own, %s outermost', async (outermost) => {
    const { clock, shop, chat } = startTwo()
    const inShop = listenerOf(shop)
    const inChat = listenerOf(chat)
    const [outer, inner] = outermost === 'shop' ? [shop, chat] : [chat, shop]
    const page = [<inShop.Listener key="shop" />, <inChat.Listener key="chat" />]
    onTestFinished(cleanup)
    render(provided(outer, provided(inner, page)))
    await act(() => clock.advance(0))
    expect(inShop.clients.every((client) => client === shop.client)).toBe(true)
    expect(inChat.clients.every((client) => client === chat.client)).toBe(true)
    await act(async () => {
      await shop.say()
      await chat.say()
      await clock.advance(0)
    })
    expect(inShop.heard).toEqual(['shop'])
    expect(inChat.heard).toEqual(['chat'])
  })

  test('do not stand in for each other', () => {
    const { shop, chat } = startTwo()
    const { Listener } = listenerOf(chat)
    const error = expect.objectContaining({ name: 'SyncError', code: 'no_provider' })
    expect(() => renderToString(provided(shop, <Listener />))).toThrow(error)
  })

  test('of one registry give the client of the nearest', () => {
    const { shop } = startTwo()
    const { Listener, clients } = listenerOf(shop)
    const nearer = createClient(shop.client.registry, { url: 'ws://hub/sync' })
    onTestFinished(() => nearer.close())
    renderToString(provided(shop, provided({ ...shop, client: nearer }, <Listener />)))
    expect(clients[0]).toBe(nearer)
  })
})
