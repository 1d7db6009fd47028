import type { HubSettings } from 'syncline/server'
import { describe, expect, test } from 'vitest'
import type { HistoryOptions } from '../../../src/protocol/frames.ts'
import { encodeBody } from '../../../src/server/fan-out.ts'
import { Histories } from '../../../src/server/history.ts'
import { Memberships } from '../../../src/server/memberships.ts'
import { SyncError } from '../../../src/shared/errors.ts'
import { registry } from '../../support/challenge-registry.ts'
import { readySession } from '../../support/fake-sessions.ts'
import { hubParts } from '../../support/hub-parts.ts'

interface Answer {
  readonly entries: readonly (readonly [number, string, string, number, string | null, string, unknown])[]
  readonly more: boolean
}

async function setUp(length: number, options: Partial<HubSettings> = {}) {
  const parts = hubParts(registry, options)
  const asked: unknown[] = []
  let isAllowed = true
  parts.served.add('lobby', {
    authorize: ({ action, name }) => {
      asked.push([action, name])
      return isAllowed
    },
  })
  parts.served.add('inbox', {})
  for (let i = 1; i <= length; i++) {
    const body = encodeBody({ time: i, sender: null, name: 'said', data: { text: `text ${i}` } })
    await parts.watched.append('lobby', body)
  }
  const histories = new Histories(parts)
  const { session, socket } = readySession(parts.settings)
  const read = async (of: HistoryOptions, name = 'lobby') => {
    await histories.read(session, ['history', 7, name, of])
    return socket.frames.at(-1)!
  }
  const subscribe = () => new Memberships(parts).subscribe(session, ['sub', 1, 'lobby'])
  const forbid = () => {
    isAllowed = false
  }
  return { ...parts, asked, session, socket, read, subscribe, forbid }
}

const offsets = (frame: unknown) => {
  const [, , { entries, more }] = frame as [string, number, Answer]
  return [entries.map(([offset]) => offset), more]
}

describe('a history', () => {
  test('holds the entries as they are in the log, oldest first, and says where the log stood', async () => {
    const { read, broadcaster } = await setUp(2)
    const { entries, top } = await broadcaster.read('lobby', { after: 0 })
    const [first, second] = entries.map(({ offset, tag, previous }) => [offset, tag, previous])
    expect(await read({ limit: 10 })).toEqual([
      'res',
      7,
      {
        entries: [
          [...first!, 1, null, 'said', { text: 'text 1' }],
          [...second!, 2, null, 'said', { text: 'text 2' }],
        ],
        more: false,
      },
      [top.epoch, 2, top.tag],
    ])
  })

  test.each<[HistoryOptions, number[], boolean]>([
    [{ limit: 1 }, [5], true],
    [{ limit: 4 }, [2, 3, 4, 5], true],
    [{ limit: 5 }, [1, 2, 3, 4, 5], false],
    [{ limit: 9_000 }, [1, 2, 3, 4, 5], false],
    [{ limit: 2, before: 4 }, [2, 3], true],
    [{ limit: 3, before: 4 }, [1, 2, 3], false],
    [{ limit: 3, before: 1 }, [], false],
    [{ limit: 3, before: 0 }, [], false],
    [{ limit: 1, before: 9_000 }, [5], true],
  ])('of five entries with %j', async (of, wanted, more) => {
    const { read } = await setUp(5)
    expect(offsets(await read(of))).toEqual([wanted, more])
  })

  test('of an empty log is empty', async () => {
    const { read } = await setUp(0)
    expect(offsets(await read({ limit: 5 }))).toEqual([[], false])
  })

  test('holds no more than the hub allows at once, and says that there is more', async () => {
    const { read } = await setUp(5, { maxHistory: 2 })
    expect(offsets(await read({ limit: 100 }))).toEqual([[4, 5], true])
  })
})

describe('whoever asks for a history', () => {
  test('may where they may subscribe, which is asked unless they hold the channel', async () => {
    const { read, asked, forbid, subscribe } = await setUp(1)
    await read({ limit: 1 })
    expect(asked).toEqual([['subscribe', undefined]])
    await subscribe()
    forbid()
    expect(offsets(await read({ limit: 1 }))).toEqual([[1], false])
    expect(asked).toHaveLength(2)
  })

  test.each<[string, string, HistoryOptions]>([
    ['forbidden', 'inbox/bob', { limit: 1 }],
    ['forbidden', 'game/A', { limit: 1 }],
    ['unknown_channel', 'nowhere', { limit: 1 }],
    ['bad_payload', 'lobby', { limit: 0 }],
  ])('is refused with %s on %s with %j, and nothing is read', async (code, name, of) => {
    const { read, watched, noted, errors } = await setUp(1)
    expect(await read(of, name)).toEqual(['err', 7, code, expect.any(String)])
    expect(watched.calls.filter((call) => call.startsWith('read'))).toEqual([])
    expect(noted).toMatchObject([{ type: 'refuse', action: 'history', channel: name, code }])
    expect(errors).toEqual([])
  })

  test('is refused where the app does not let them subscribe', async () => {
    const { read, forbid } = await setUp(1)
    forbid()
    expect(await read({ limit: 1 })).toEqual(['err', 7, 'forbidden', expect.any(String)])
  })

  test.each([
    ['unavailable', new SyncError('unavailable', 'engine gone')],
    ['internal', new Error('hunter2')],
  ])('hears %s when the log cannot be read, and it is reported once', async (code, failure) => {
    const { read, watched, errors, socket } = await setUp(1)
    watched.failNext('read', failure)
    expect(await read({ limit: 1 })).toEqual(['err', 7, code, expect.any(String)])
    expect(errors).toMatchObject([{ code, stage: 'deliver', channel: 'lobby' }])
    expect(socket.messages.join()).not.toContain('hunter2')
  })
})
