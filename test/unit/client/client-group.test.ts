import { channel, defineRegistry } from 'syncline'
import { type ConnectionStatus, createClient, createClientGroup, type GroupMember } from 'syncline/client'
import { manualClock } from 'syncline/testing'
import { describe, expect, expectTypeOf, onTestFinished, test } from 'vitest'
import * as z from 'zod'
import { fakeSockets } from '../../support/fake-sockets.ts'

const progress = defineRegistry({
  learner: channel('learner/:id', { events: { task_completed: z.object({ xp: z.number() }) } }),
})
const notifications = defineRegistry({
  inbox: channel('inbox', { events: { achievement_unlocked: z.object({ name: z.string() }) } }),
})

function setUp() {
  const clock = manualClock()
  const errors: [from: string, code: string, stage: string][] = []
  const start = <R extends typeof progress | typeof notifications>(name: string, registry: R) => {
    const sockets = fakeSockets()
    const client = createClient(registry, {
      url: `http://hub/${name}`,
      clock,
      socket: sockets.factory,
      onError: ({ code }, { stage }) => void errors.push([name, code, stage]),
    })
    return { client, sockets }
  }
  const one = start('progress', progress)
  const other = start('notifications', notifications)
  const group = createClientGroup({ progress: one.client, notifications: other.client })
  onTestFinished(() => group.close())
  const states = () => Object.values(group.status).map(({ state }) => state)
  return { group, clock, errors, states, sockets: { progress: one.sockets, notifications: other.sockets } }
}

/** A client that counts its listeners. */
function fakeMember() {
  const listeners = new Set<(status: ConnectionStatus) => void>()
  const calls: string[] = []
  const member: GroupMember = {
    status: { state: 'disconnected', attempt: 0, nextAttemptAt: undefined, cause: undefined },
    onStatus: (listener) => {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
        calls.push('undo')
      }
    },
    connect: () => calls.push('connect'),
    disconnect: () => calls.push('disconnect'),
    close: () => calls.push('close'),
  }
  return { member, listeners, calls }
}

describe('the clients of a group', () => {
  test('keep the types of their own registries, and send and hear by name', () => {
    const { group, sockets } = setUp()
    const heard: number[] = []
    group.clients.progress.channel('learner', { id: '7' }).on('task_completed', ({ xp }) => {
      expectTypeOf(xp).toEqualTypeOf<number>()
      heard.push(xp)
    })
    // @ts-expect-error: of the other registry
    expect(() => group.clients.progress.channel('inbox')).toThrow('no channel "inbox"')
    // @ts-expect-error: no client of that name
    expect(group.clients.chat).toBeUndefined()
    sockets.progress.last.welcome()
    const [, ref] = sockets.progress.last.sent.find((frame) => frame[0] === 'sub')!
    sockets.progress.last.receive('subscribed', ref, 1, { position: ['e', 0, ''], recovered: null })
    sockets.progress.last.receive('ev', 1, 1, 'aaaaaa', '', 0, null, 'task_completed', { xp: 50 })
    expect(heard).toEqual([50])
    expect(sockets.notifications.all).toEqual([])
  })

  test('cannot be changed through the group', () => {
    const { group } = setUp()
    expect(Object.isFrozen(group.clients)).toBe(true)
  })

  test('are connected, let go and closed together', () => {
    const { group, sockets, states, clock } = setUp()
    group.connect()
    expect(states()).toEqual(['connecting', 'connecting'])
    sockets.progress.last.welcome()
    expect(group.isConnected).toBe(false)
    sockets.notifications.last.welcome()
    expect(group.isConnected).toBe(true)
    group.disconnect()
    expect(states()).toEqual(['disconnected', 'disconnected'])
    expect(group.isConnected).toBe(false)
    group.connect()
    expect(states()).toEqual(['connecting', 'connecting'])
    group.close()
    group.close()
    group.connect()
    expect(states()).toEqual(['disconnected', 'disconnected'])
    expect([...sockets.progress.open, ...sockets.notifications.open]).toEqual([])
    expect(clock.pending).toBe(0)
  })

  test('are all closed, though closing one of them throws', () => {
    const [one, broken, other] = [fakeMember(), fakeMember(), fakeMember()]
    broken.member.close = () => {
      throw new Error('broken')
    }
    const members = { one: one.member, broken: broken.member, other: other.member }
    const group = createClientGroup(members)
    group.onStatus(() => {})
    expect(() => group.close()).toThrow('broken')
    expect([one.calls, other.calls]).toEqual([
      ['close', 'undo'],
      ['close', 'undo'],
    ])
    expect([one, broken, other].map(({ listeners }) => listeners.size)).toEqual([0, 0, 0])
  })

  test('are each told of once, also one with two names', () => {
    const { member, listeners, calls } = fakeMember()
    const group = createClientGroup({ chat: member, feed: member })
    group.onStatus(() => {})
    group.connect()
    expect(listeners.size).toBe(1)
    expect(calls).toEqual(['connect'])
    expect(group.status).toEqual({ chat: member.status, feed: member.status })
  })
})

describe('the status of a group', () => {
  test('is one frozen record by name, and the same until one of the clients changes', () => {
    const { group, sockets } = setUp()
    const first = group.status
    expect(first).toMatchObject({
      progress: { state: 'disconnected' },
      notifications: { state: 'disconnected' },
    })
    expect(Object.isFrozen(first)).toBe(true)
    expect(group.status).toBe(first)
    group.clients.progress.connect()
    const second = group.status
    expect(second).not.toBe(first)
    expect(second.progress).toBe(group.clients.progress.status)
    expect(second.notifications).toBe(first.notifications)
    sockets.progress.last.welcome()
    expect(group.status.progress.state).toBe('connected')
    expect(second.progress.state).toBe('connecting')
  })

  test('is right though nobody listens, after the last has gone, and after the end', () => {
    const { group, states } = setUp()
    group.onStatus(() => {})()
    group.connect()
    expect(states()).toEqual(['connecting', 'connecting'])
    group.close()
    expect(states()).toEqual(['disconnected', 'disconnected'])
  })

  test('reaches its listeners as the record that the group has then, until they are taken back', () => {
    const { group, sockets } = setUp()
    const { onStatus } = group
    const heard: string[][] = []
    const undo = onStatus((status) => {
      expect(status).toBe(group.status)
      heard.push(Object.values(status).map(({ state }) => state))
    })
    group.connect()
    sockets.notifications.last.welcome()
    undo()
    undo()
    sockets.progress.last.welcome()
    expect(heard).toEqual([
      ['connecting', 'disconnected'],
      ['connecting', 'connecting'],
      ['connecting', 'connected'],
    ])
  })

  test('reaches the others when a listener throws, which the client that changed reports', () => {
    const { group, errors } = setUp()
    let heard = 0
    group.onStatus(() => {
      throw new Error('broken')
    })
    group.onStatus(() => heard++)
    group.clients.notifications.connect()
    expect(heard).toBe(1)
    expect(errors).toEqual([['notifications', 'listener_failed', 'listener']])
  })

  test('is told of the end by close, which then holds no listener, nor takes new ones', () => {
    const { group } = setUp()
    group.connect()
    const heard: string[][] = []
    let late = 0
    group.onStatus((status) => {
      heard.push(Object.values(status).map(({ state }) => state))
      group.onStatus(() => late++)
    })
    group.close()
    expect(heard).toHaveLength(2)
    expect(heard.at(-1)).toEqual(['disconnected', 'disconnected'])
    expect(late).toBe(0)
    const { member, listeners, calls } = fakeMember()
    const counted = createClientGroup({ member })
    counted.onStatus(() => {})
    counted.onStatus(() => {})()
    expect(listeners.size).toBe(1)
    counted.close()
    counted.onStatus(() => {})()
    expect(listeners.size).toBe(0)
    // What was taken back before is not kept until the end.
    expect(calls).toEqual(['undo', 'close', 'undo'])
  })
})

test('a group holds no listener of its clients unless somebody listens to it', () => {
  const { member, listeners } = fakeMember()
  const group = createClientGroup({ member })
  expect([group.status.member.state, listeners.size]).toEqual(['disconnected', 0])
})

test('a group of none is connected and does nothing', () => {
  const group = createClientGroup({})
  expect([group.isConnected, group.status]).toEqual([true, {}])
  group.close()
})
