import { type ClientOptions, createClient } from 'syncline/client'
import { manualClock } from 'syncline/testing'
import { onTestFinished } from 'vitest'
import type { ClientFrame, EvFrame, WelcomeOptions } from '../../src/protocol/frames.ts'
import { fakeSockets } from './fake-sockets.ts'
import { registry } from './room-registry.ts'

type FrameOf<Type extends ClientFrame[0]> = Extract<ClientFrame, readonly [Type, ...unknown[]]>

/** A client whose sockets and clock are the test's, and a room on it. */
export function roomClient(options: Partial<ClientOptions> = {}) {
  const clock = manualClock()
  const sockets = fakeSockets()
  const errors: { code: string; stage: string; event: string | undefined }[] = []
  const client = createClient(registry, {
    url: 'ws://hub',
    clock,
    socket: sockets.factory,
    onError: ({ code }, { stage, event }) => void errors.push({ code, stage, event }),
    ...options,
  })
  onTestFinished(() => client.close())
  const room = client.channel('room', { id: 1 })
  return {
    clock,
    sockets,
    errors,
    client,
    room,
    /** The frames of one type on the newest connection. */
    sent: <Type extends ClientFrame[0]>(type: Type) =>
      sockets.last.sent.filter((frame): frame is FrameOf<Type> => frame[0] === type),
    online: (welcome?: Partial<WelcomeOptions>) => {
      client.connect()
      sockets.last.welcome(welcome)
    },
    cut: () => sockets.last.listener.closed(1006, ''),
    /** Accepts the newest subscription of the connection as channel number 1, at the position 5. */
    accept: () => {
      const [, ref] = sockets.last.sent.filter((frame) => frame[0] === 'sub').at(-1) as FrameOf<'sub'>
      sockets.last.receive('subscribed', ref, 1, { position: ['epoch', 5, 'tag 5'], recovered: null })
      sockets.last.receive('live', 1)
    },
  }
}

/** The entry at an offset of the log of channel number 1. */
export const entry = (offset: number, name: string, data: unknown): EvFrame => [
  'ev',
  1,
  offset,
  `tag ${offset}`,
  `tag ${offset - 1}`,
  1_000,
  'me',
  name,
  data,
]
