import { act, cleanup, type RenderOptions, render } from '@testing-library/react'
import type { ReactNode } from 'react'
import { channel, defineRegistry } from 'syncline'
import { type ClientOptions, createClient, type SocketFactory } from 'syncline/client'
import { createHooks } from 'syncline/react'
import { type Broadcaster, createHub, type HubOptions, memory } from 'syncline/server'
import { createNetwork, manualClock } from 'syncline/testing'
import { expect, onTestFinished } from 'vitest'
import * as z from 'zod'
import type { ClientFrame } from '../../src/protocol/frames.ts'
import { registry as smaller } from '../support/challenge-registry.ts'

/** With a channel that has everything that a hook can use. */
export const registry = defineRegistry({
  ...smaller.channels,
  table: channel('table/:id', {
    events: { dealt: z.object({ card: z.string() }) },
    requests: { double: { input: z.object({ of: z.number() }), output: z.object({ is: z.number() }) } },
    messages: {
      typing: z.object({ isTyping: z.boolean() }),
      cursor: z.object({ x: z.number(), y: z.number() }),
    },
    presence: z.object({ name: z.string() }),
  }),
})

export const hooks = createHooks(registry)
export const { SyncProvider, useClient, useChannel, useConnection, useEvent } = hooks

export interface WorldOptions {
  readonly hub?: HubOptions
  readonly client?: Partial<ClientOptions>
  /** How far the client's machine is ahead of the hub's, in milliseconds. */
  readonly aheadMs?: number
  /** Answers the request `double` of a table. Default: it doubles. */
  readonly double?: (input: { of: number }) => { is: number } | Promise<{ is: number }>
}

/** A hub and a client of it, both real, joined in memory on a clock that stands still until it is moved. */
export function startWorld(options: WorldOptions = {}) {
  const clock = manualClock()
  const { broadcaster, followed } = watched(memory({ clock }))
  const errors: string[] = []
  const onError = ({ code }: { code: string }) => void errors.push(code)
  const hub = createHub(registry, { clock, broadcaster, onError, ...options.hub })
  for (const key of ['lobby', 'game', 'inbox'] as const) hub.serve(key, {})
  const { double = ({ of }) => ({ is: 2 * of }) } = options
  hub.serve('table', { requests: { double: ({ input }) => double(input) } })
  const network = createNetwork(hub, { clock })
  const sent: ClientFrame[] = []
  const { aheadMs = 0 } = options
  const clientOptions = {
    url: 'ws://hub/sync',
    clock: { now: () => clock.now() + aheadMs, after: clock.after },
    socket: recorded(network.socket, sent),
    onError,
    ...options.client,
  } satisfies ClientOptions
  const newClient = () => {
    const client = createClient(registry, clientOptions)
    onTestFinished(() => client.close())
    return client
  }
  const client = newClient()
  /** Moves the clock, and lets React finish what came of it. */
  const pass = (ms = 0) => act(() => clock.advance(ms))
  const show = (children: ReactNode, options?: RenderOptions) => {
    const view = render(<SyncProvider client={client}>{children}</SyncProvider>, options)
    const rerender = (next: ReactNode) => view.rerender(<SyncProvider client={client}>{next}</SyncProvider>)
    onTestFinished(cleanup)
    const replaceClient = (next: typeof client) =>
      view.rerender(<SyncProvider client={next}>{children}</SyncProvider>)
    return { ...view, rerender, replaceClient }
  }
  return {
    clock,
    hub,
    network,
    client,
    newClient,
    /** What a client of the hub is made with. */
    clientOptions,
    /** What the client has sent, as `hello`, or with the channel as `sub lobby`. */
    get sent() {
      return sent.map(([type, , name]) => (typeof name === 'string' ? `${type} ${name}` : type))
    },
    /** The channels that the hub follows: those that any session holds. */
    get followed() {
      return [...followed]
    },
    /** The codes of what either side could not throw to anyone. */
    errors,
    pass,
    show,
    say: (text: string) => act(() => publish(hub.channel('lobby').publish('said', { text }), clock)),
    move: (code: string, step: number) =>
      act(() => publish(hub.channel('game', { code }).publish('moved', { step }), clock)),
  }
}

export type World = ReturnType<typeof startWorld>

async function publish(published: Promise<unknown>, clock: { advance(ms: number): Promise<void> }) {
  await published
  await clock.advance(0)
}

/** The same log, telling which channels are followed. */
function watched(log: Broadcaster): { broadcaster: Broadcaster; followed: ReadonlySet<string> } {
  const followed = new Set<string>()
  const subscribe: Broadcaster['subscribe'] = async (channel, deliver) => {
    const undo = await log.subscribe(channel, deliver)
    followed.add(channel)
    return () => {
      followed.delete(channel)
      undo()
    }
  }
  return { broadcaster: { ...log, subscribe }, followed }
}

/** The same sockets, noting what is sent. */
function recorded(socket: SocketFactory, sent: ClientFrame[]): SocketFactory {
  return (address, listener) => {
    const opened = socket(address, listener)
    return {
      get bufferedBytes() {
        return opened.bufferedBytes
      },
      send: (message) => {
        sent.push(JSON.parse(message))
        opened.send(message)
      },
      close: () => opened.close(),
    }
  }
}

/** Fails unless the hub sees one connection and, on it, each of `channels` once, and after the linger none. */
export async function expectNothingTwice(world: World, channels: readonly string[], unmount: () => void) {
  const subs = channels.map((name) => `sub ${name}`)
  expect(world.sent).toEqual(['hello', ...subs])
  expect(world.hub.connections).toBe(1)
  expect(world.followed).toEqual(channels)
  unmount()
  await world.pass(1_000)
  expect(world.sent).toEqual(['hello', ...subs, ...channels.map((name) => `unsub ${name}`)])
  expect(world.followed).toEqual([])
}
