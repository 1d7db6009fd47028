import { attachWebSocket } from 'syncline/server'
import { createNetwork, manualClock } from 'syncline/testing'
import { describe, expect, test, vi } from 'vitest'
import { type Socket, type SocketFactory, webSocket } from '../../src/client/socket.ts'
import { type Accepted, fakeHub } from '../support/fake-hub.ts'
import { patience, startHttp } from '../support/hub-server.ts'

interface Transport {
  readonly factory: SocketFactory
  readonly url: string
  /** The connections that reached the other side. */
  readonly accepted: readonly Accepted[]
  /** Lets what is under way arrive. */
  step(): Promise<unknown>
  /** From now on nobody listens. */
  refuse(): Promise<void>
  /** Breaks every connection. */
  cut(): void
}

type OnReceived = Parameters<typeof fakeHub>[0]

const transports: Readonly<Record<string, (onReceived?: OnReceived) => Promise<Transport>>> = {
  'the network in memory': async (onReceived) => {
    const clock = manualClock()
    const hub = fakeHub(onReceived)
    const network = createNetwork(hub, { clock, latencyMs: () => 5 })
    return {
      factory: network.socket,
      url: 'ws://hub/sync?a=1',
      accepted: hub.all,
      step: () => clock.advance(5),
      refuse: async () => {
        network.hub = undefined
      },
      cut: () => {
        for (const link of network.links) link.cut()
      },
    }
  },
  'a WebSocket over ws': async (onReceived) => {
    const hub = fakeHub(onReceived)
    const http = await startHttp()
    attachWebSocket(hub, http.server, { path: '/sync' })
    return {
      factory: webSocket,
      url: `ws://127.0.0.1:${http.port}/sync?a=1`,
      accepted: hub.all,
      step: async () => {},
      refuse: http.stop,
      cut: http.cut,
    }
  },
}

/** What a hub sends is frames, so that a transport may join them: an array of one text each here. */
const frame = (text: string) => JSON.stringify([text])

/** The texts of a message, which is a frame or a batch of them. */
function textsIn(message: string): string[] {
  const value = JSON.parse(message)
  return Array.isArray(value[0]) ? value.flat() : value
}

/** Opens one, and records what it tells in order; `react` runs within each. */
function open({ factory, url }: Transport, react: (event: string, socket: Socket) => void = () => {}) {
  const events: string[] = []
  const ends: { code: number; reason: string }[] = []
  const tell = (event: string) => {
    events.push(event)
    react(event, socket)
  }
  const socket: Socket = factory(
    { url, protocol: 'syncline.1' },
    {
      opened: (protocol) => tell(`opened ${protocol}`),
      received: (message) => textsIn(message).forEach(tell),
      closed: (code, reason) => {
        ends.push({ code, reason })
        tell(`closed ${code}`)
      },
    },
  )
  return { socket, events, ends }
}

describe.each(Object.entries(transports))('%s', (_name, make) => {
  const until = (transport: Transport, holds: () => void) =>
    vi.waitFor(async () => {
      await transport.step()
      holds()
    }, patience)

  /** Waits until a connection that was opened just now has done all that it does. */
  const later = async (transport: Transport) => {
    const other = open(transport)
    await until(transport, () => expect(other.events).toContain('opened syncline.1'))
    const there = transport.accepted.at(-1)!
    other.socket.send('over')
    await until(transport, () => expect(there.received).toEqual(['over']))
    there.socket.send(frame('and back'))
    await until(transport, () => expect(other.events).toContain('and back'))
    other.socket.close()
  }

  test('tells that it is open, with the protocol that was chosen, before anything is received', async () => {
    const transport = await make((message, { socket }) => socket.send(frame(`answer to ${message}`)))
    const { socket, events } = open(transport)
    expect(events).toEqual([])
    await until(transport, () => expect(events).toEqual(['opened syncline.1']))
    socket.send('hello')
    await until(transport, () => expect(events).toEqual(['opened syncline.1', 'answer to hello']))
  })

  test('tells the hub the path and the query of the request', async () => {
    const transport = await make()
    const { events } = open(transport)
    await until(transport, () => expect(events).toHaveLength(1))
    const asked = new URL(transport.accepted[0]!.request.url, 'ws://hub')
    expect([asked.pathname, asked.search]).toEqual(['/sync', '?a=1'])
  })

  test('keeps messages whole and in order, both ways', async () => {
    const transport = await make((message, { socket }) => socket.send(frame(message)))
    const { socket, events } = open(transport)
    await until(transport, () => expect(events).toHaveLength(1))
    const messages = Array.from({ length: 50 }, (_, i) => `${i} é👩‍👧`.repeat(1 + (i % 3) * 500))
    for (const message of messages) socket.send(message)
    await until(transport, () => expect(events).toHaveLength(51))
    expect(transport.accepted[0]!.received).toEqual(messages)
    expect(events.slice(1)).toEqual(messages)
  })

  test('tells the code and the reason with which the hub closed, after what it sent before', async () => {
    const transport = await make()
    const { events, ends } = open(transport)
    await until(transport, () => expect(events).toHaveLength(1))
    const there = transport.accepted[0]!
    there.socket.send(frame('last'))
    there.socket.close(4503, 'forbidden: no')
    await until(transport, () => expect(ends).toEqual([{ code: 4503, reason: 'forbidden: no' }]))
    expect(events).toEqual(['opened syncline.1', 'last', 'closed 4503'])
    await until(transport, () => expect(there.closedTimes).toBe(1))
  })

  test('is silent as soon as it is let go of, and the hub hears of the end once', async () => {
    const transport = await make((message, { socket }) => {
      // Each in a turn of its own, or they would be one message.
      const say = (part: number) => {
        socket.send(frame(`${message} ${part}`))
        if (part < 3) setImmediate(say, part + 1)
      }
      say(1)
    })
    const { socket, events } = open(transport, (event, self) => {
      if (event === 'answer 1') self.close()
    })
    await until(transport, () => expect(events).toHaveLength(1))
    socket.send('answer')
    const there = transport.accepted[0]!
    await until(transport, () => expect(there.closedTimes).toBe(1))
    await later(transport)
    expect(events).toEqual(['opened syncline.1', 'answer 1'])
    expect(there.closedTimes).toBe(1)
  })

  test('tells nothing when it is let go of before it is open', async () => {
    const transport = await make()
    const { socket, events } = open(transport)
    socket.close()
    await later(transport)
    expect(events).toEqual([])
  })

  test('ends with 1006, once and without having been open, when nobody listens', async () => {
    const transport = await make()
    await transport.refuse()
    const { events, ends } = open(transport)
    await until(transport, () => expect(events).toEqual(['closed 1006']))
    const second = open(transport)
    await until(transport, () => expect(second.events).toEqual(['closed 1006']))
    expect(ends).toHaveLength(1)
  })

  test('tells both sides once when the connection breaks, and nothing after it', async () => {
    const transport = await make()
    const { events } = open(transport)
    await until(transport, () => expect(events).toHaveLength(1))
    const there = transport.accepted[0]!
    transport.cut()
    await until(transport, () => {
      expect(events).toEqual(['opened syncline.1', 'closed 1006'])
      expect(there.closedTimes).toBe(1)
    })
    there.socket.send('too late')
    there.socket.close(4000, 'too late')
    await later(transport)
    expect(events).toEqual(['opened syncline.1', 'closed 1006'])
    expect(there.closedTimes).toBe(1)
  })

  test('keeps connections apart', async () => {
    const transport = await make((message, { socket }) => socket.send(frame(`to ${message}`)))
    const [a, b] = [open(transport), open(transport)]
    await until(transport, () => expect([a.events.length, b.events.length]).toEqual([1, 1]))
    a.socket.send('a')
    b.socket.send('b')
    await until(transport, () => expect([a.events[1], b.events[1]]).toEqual(['to a', 'to b']))
    a.socket.close()
    b.socket.send('b again')
    await until(transport, () => expect(b.events[2]).toBe('to b again'))
  })
})
