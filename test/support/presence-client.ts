import { type ClientOptions, createClient, presence } from 'syncline/client'
import { manualClock } from 'syncline/testing'
import { onTestFinished } from 'vitest'
import type { ClientFrame, HubFrame, WireMember } from '../../src/protocol/frames.ts'
import { fakeSockets } from './fake-sockets.ts'
import { registry } from './presence-registry.ts'

/** A client whose sockets and clock are the test's, and who is present in a room, as it knows them. */
export function presenceClient(options: Partial<ClientOptions> = {}) {
  const clock = manualClock()
  const sockets = fakeSockets()
  const errors: { code: string; stage: string; channel: string | undefined }[] = []
  const client = createClient(registry, {
    url: 'ws://hub',
    clock,
    socket: sockets.factory,
    onError: ({ code }, { stage, channel }) => void errors.push({ code, stage, channel }),
    ...options,
  })
  onTestFinished(() => client.close())
  const room = client.channel('room', { id: 1 })
  const who = presence(room)
  const told: string[] = []
  const receive = (...frame: HubFrame) => sockets.last.receive(...frame)
  const sent = () =>
    sockets.last.sent.filter(([type]) => type === 'enter' || type === 'leave') as Extract<
      ClientFrame,
      readonly ['enter' | 'leave', ...unknown[]]
    >[]
  return {
    clock,
    sockets,
    errors,
    client,
    room,
    who,
    receive,
    /** What `hear` has heard, in short. */
    told,
    hear: () => {
      const undos = [
        who.on('join', ({ client, own }) => told.push(`join ${client}${own ? ' (own)' : ''}`)),
        who.on('leave', ({ client }) => told.push(`leave ${client}`)),
        who.on('change', (members) => told.push(`now ${members.map(shown)}`)),
      ]
      return () => {
        for (const undo of undos) undo()
      }
    },
    /** The frames `enter` and `leave` on the newest connection. */
    sent,
    /** Answers the newest of them. */
    answer: () => receive('res', sent().at(-1)![1], null),
    refuse: (code: string) => receive('err', sent().at(-1)![1], code, 'No'),
    online: () => {
      client.connect()
      sockets.last.welcome()
    },
    cut: () => sockets.last.listener.closed(1006, ''),
    /** How often the channel was asked for on the newest connection. */
    subs: () => sockets.last.sent.filter(([type]) => type === 'sub').length,
    /** Accepts the newest subscription, and says who is present. */
    accept: (version: number, ...members: WireMember[]) => {
      const sub = sockets.last.sent.filter((frame) => frame[0] === 'sub').at(-1)!
      receive('subscribed', sub[1] as number, 1, { position: ['epoch', 0, ''], recovered: null })
      receive('live', 1)
      receive('members', 1, version, members)
    },
    diff: (version: number, entered: WireMember[], left: string[] = []) =>
      receive('diff', 1, version, entered, left),
  }
}

/** A member of this client id, whose mark and user are named after it. */
export const member = (client: string, name = client, mark = `mark of ${client}`): WireMember => [
  mark,
  client,
  `user of ${client}`,
  { name },
]

const shown = ({ client, state }: { client: string; state: { name: string } }) => `${client}=${state.name}`
