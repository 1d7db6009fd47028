import type { SessionSocket } from '../../src/server/session.ts'
import type { SessionHandlers } from '../../src/server/sessions.ts'
import type { FieldOptions } from './fuzz-field.ts'

type BreakHub = NonNullable<FieldOptions['hub']>

/** A hub of which what a transport is given, or what the hub is given of a transport, is something else. */
const between =
  (
    change: (parts: { handlers: SessionHandlers; socket: SessionSocket }) => Partial<SessionHandlers>,
    wrap: (socket: SessionSocket) => Partial<SessionSocket> = () => ({}),
  ): BreakHub =>
  (hub) => ({
    ...wholeOf(hub),
    accept(socket, request) {
      const broken: SessionSocket = {
        get bufferedBytes() {
          return socket.bufferedBytes
        },
        send: (message) => socket.send(message),
        close: (code, reason) => socket.close(code, reason),
        ...(socket.terminate && { terminate: () => socket.terminate!() }),
        ...wrap(socket),
      }
      const handlers = hub.accept(broken, request)
      return {
        received: (message) => handlers.received(message),
        failed: (error) => handlers.failed(error),
        closed: (code) => handlers.closed(code),
        ...change({ handlers, socket }),
      }
    },
  })

/** A hub's methods are its class's: a spread would lose them. */
function wholeOf(hub: Parameters<BreakHub>[0]): ReturnType<BreakHub> {
  const { settings } = hub
  return {
    settings,
    get isTakingSessions() {
      return hub.isTakingSessions
    },
    accept: (socket, request) => hub.accept(socket, request),
    refused: (request, refusal) => hub.refused(request, refusal),
  } as ReturnType<BreakHub>
}

const reading = (change: (message: string, handlers: SessionHandlers) => void): BreakHub =>
  between(({ handlers }) => ({ received: (message) => change(message, handlers) }))

const sending = (change: (message: string, socket: SessionSocket) => void): BreakHub =>
  between(
    () => ({}),
    (socket) => ({ send: (message) => change(message, socket) }),
  )

/** A hub that keeps 100 kB of each connection. */
export function hoarder(): BreakHub {
  const kept: unknown[] = []
  return (hub) => ({
    ...wholeOf(hub),
    accept(socket, request) {
      kept.push(Array.from({ length: 12_500 }, () => request))
      return hub.accept(socket, request)
    },
  })
}

export interface SabotageCase {
  readonly name: string
  readonly options: FieldOptions
  /** What the fuzzer says of it. */
  readonly message: RegExp
}

/** Ways in which a hub could fail its clients. */
export const sabotages: readonly SabotageCase[] = [
  {
    name: 'a frame that makes the hub throw',
    message: /not handled: .*a leave/s,
    options: {
      hub: reading((message, handlers) => {
        if (message.includes('"leave"')) throw new Error('a leave')
        handlers.received(message)
      }),
    },
  },
  {
    name: 'a frame that leaves a rejection',
    message: /not handled: .*a history/s,
    options: {
      hub: reading((message, handlers) => {
        if (message.includes('"history"')) void Promise.reject(new Error('a history'))
        handlers.received(message)
      }),
    },
  },
  {
    name: 'a close with another code',
    message: /closed with 4003 instead of 4501/,
    options: {
      hub: between(
        () => ({}),
        (socket) => ({ close: (code, reason) => socket.close(code === 4501 ? 4003 : code, reason) }),
      ),
    },
  },
  {
    name: 'a wrong frame that is let through',
    message: /a close with 4501 did not come/,
    options: {
      hub: reading((message, handlers) => {
        if (!message.includes('"__proto__":')) handlers.received(message)
      }),
    },
  },
  {
    name: 'a right frame that is refused',
    message: /closed with 4501, and all that it said was right/,
    options: {
      hub: reading((message, handlers) => handlers.received(message.includes('"enter"') ? 'no' : message)),
    },
  },
  {
    name: 'a frame that is not answered',
    message: /every answer did not come.*not answered: ref/s,
    options: {
      hub: reading((message, handlers) => {
        if (!message.includes('"auth"')) handlers.received(message)
        else handlers.received('["ping",4242]')
      }),
    },
  },
  {
    name: 'a frame that is answered twice',
    message: /was answered \d+ times/,
    options: {
      hub: sending((message, socket) => {
        socket.send(message)
        if (message.startsWith('["nak"')) socket.send(message)
      }),
    },
  },
  {
    name: 'an entry that is lost',
    message: /citizen|heard/,
    options: {
      broadcaster: (inner) => ({
        ...inner,
        async append(channel, body, once) {
          const appended = await inner.append(channel, body, once)
          // Of what an attacker publishes, a citizen pays for it.
          if (body.includes('"said"') && channel === 'room/2')
            await inner.append('room/1', '[0,null,"said",{}]')
          return appended
        },
      }),
    },
  },
  {
    name: 'a connection that is never given up',
    message: /the end of every attacker: it did not come to that/,
    options: { hub: between(() => ({ closed: () => {}, failed: () => {} })) },
  },
  {
    name: 'a timer that is left',
    message: /left over: .*"timers":[1-9]/,
    options: {
      hub: (hub) => ({
        ...wholeOf(hub),
        accept(socket, request) {
          hub.settings.clock.after(1_000_000, () => {})
          return hub.accept(socket, request)
        },
      }),
    },
  },
  {
    name: 'a report that nobody caused',
    message: /reported: deliver connection_lost/,
    options: {
      hub: sending((message, socket) => {
        if (message.includes('"entries"')) throw new Error('no history')
        socket.send(message)
      }),
    },
  },
]
