import { type Beginning, type EventMeta, rewind, since } from 'syncline/client'
import { describe, expect, test } from 'vitest'
import type { WirePosition } from '../../../src/protocol/frames.ts'
import { entry, roomClient } from '../../support/room-client.ts'

type Subject = ReturnType<typeof roomClient>

const at = (offset: number, epoch = 'epoch') => ({ epoch, offset, tag: offset === 0 ? '' : `tag ${offset}` })
const rename = (offset: number) => entry(offset, 'renamed', { title: `${offset}` })

/** Answers the newest history with these offsets of the log of `entry`. */
function tellPast(
  { sent, sockets }: Subject,
  offsets: readonly number[],
  top: WirePosition = ['epoch', 9, 'tag 9'],
) {
  const [, ref] = sent('history').at(-1)!
  const entries = offsets.map((offset) => rename(offset).slice(2))
  sockets.last.receive('res', ref, { entries, more: (offsets[0] ?? 1) > 1 }, top)
}

/** A room on which titles are heard from some place on; accepted at the position 5. */
async function listening(from: Beginning, isLive = false) {
  const all = roomClient()
  const heard: string[] = []
  all.room.on('gap', ({ reason, position }) => heard.push(`gap ${reason} ${position.offset}`))
  const listen = () =>
    all.room.on('renamed', ({ title }, { replayed }) => heard.push(replayed ? `past ${title}` : title), from)
  all.online()
  let undo = () => {}
  if (!isLive) undo = listen()
  all.accept()
  if (isLive) undo = listen()
  await all.clock.settle()
  return { ...all, all, heard, undo, receive: all.sockets.last.receive, settle: all.clock.settle }
}

describe.each([
  ['before the channel is accepted', false],
  ['on a channel that is live', true],
])('a listener that rewinds, %s,', (_name, isLive) => {
  test('hears the past up to where the channel stands, then what came meanwhile, then what comes', async () => {
    const { all, heard, receive, sent, settle } = await listening(rewind(3), isLive)
    expect(sent('history').map(([, , ...asked]) => asked)).toEqual([['room/1', { limit: 3, before: 6 }]])
    receive(...rename(6))
    tellPast(all, [3, 4, 5])
    receive(...rename(7))
    expect(heard).toEqual([])
    await settle()
    receive(...rename(8))
    expect(heard).toEqual(['past 3', 'past 4', 'past 5', '6', '7', '8'])
  })

  test('keeps nobody else waiting, and gives nobody else the past', async () => {
    const { all, room, receive, settle, heard } = await listening(rewind(3), isLive)
    const others: string[] = []
    room.on('renamed', ({ title }) => others.push(title))
    receive(...rename(6))
    expect(others).toEqual(['6'])
    tellPast(all, [5])
    await settle()
    expect([others, heard]).toEqual([['6'], ['past 5', '6']])
  })

  test('hears no past, once its undo was called', async () => {
    const { all, heard, undo, receive, settle } = await listening(rewind(3), isLive)
    undo()
    receive(...rename(6))
    tellPast(all, [5])
    await settle()
    expect(heard).toEqual([])
  })

  test.each<[string, readonly number[], WirePosition | undefined]>([
    ['does not reach the position', [3, 4], undefined],
    ['is of another log', [3, 4, 5], ['other', 9, 'tag 9']],
    ['is none', [], undefined],
  ])('hears no past that %s, and what comes', async (_title, offsets, top) => {
    const { all, heard, receive, settle } = await listening(rewind(3), isLive)
    tellPast(all, offsets, top)
    await settle()
    receive(...rename(6))
    expect(heard).toEqual(['6'])
  })

  test('hears what comes where the hub refuses the past, which is reported', async () => {
    const { sockets, sent, errors, heard, receive, settle } = await listening(rewind(3), isLive)
    receive(...rename(6))
    sockets.last.receive('err', sent('history')[0]![1], 'overloaded', 'No')
    await settle()
    expect(heard).toEqual(['6'])
    expect(errors).toEqual([{ code: 'overloaded', stage: 'subscribe', event: 'renamed' }])
  })

  test('begins anew after a gap: nothing of before it is heard after it', async () => {
    const { all, heard, receive, sent, settle } = await listening(rewind(3), isLive)
    receive(...rename(6))
    receive('gap', 1, ['epoch', 8, 'tag 8'], 'retention')
    await settle()
    tellPast(all, [7, 8])
    await settle()
    receive(...rename(9))
    expect(sent('history').at(-1)![3]).toEqual({ limit: 3, before: 9 })
    expect(heard).toEqual(['gap retention 8', 'past 7', 'past 8', '9'])
  })

  test('has the past asked for again after an interruption, and hears nothing twice', async () => {
    const { all, heard, cut, online, sent, sockets, settle } = await listening(rewind(3), isLive)
    sockets.last.receive(...rename(6))
    cut()
    online()
    const [[, ref, , options]] = sent('sub') as [['sub', number, string, { since: WirePosition }]]
    expect(options.since).toEqual(['epoch', 6, 'tag 6'])
    sockets.last.receive('subscribed', ref, 1, { position: ['epoch', 7, 'tag 7'], recovered: true })
    sockets.last.receive(...rename(7))
    sockets.last.receive('live', 1)
    tellPast(all, [4, 5])
    await settle()
    expect(heard).toEqual(['past 4', 'past 5', '6', 'past 7'])
  })
})

describe.each([
  ['before the channel is accepted', false],
  ['on a channel that is live', true],
])('a listener since a position, %s,', (_name, isLive) => {
  test('hears at once what comes, where nothing was missed, and asks for nothing', async () => {
    const { heard, receive, sent } = await listening(since(at(5)), isLive)
    receive(...rename(6))
    expect([heard, sent('history')]).toEqual([['6'], []])
  })

  test('hears first what was missed', async () => {
    const { all, heard, receive, sent, settle } = await listening(since(at(2)), isLive)
    expect(sent('history')[0]![3]).toEqual({ limit: 3, before: 6 })
    receive(...rename(6))
    tellPast(all, [3, 4, 5])
    await settle()
    expect(heard).toEqual(['past 3', 'past 4', 'past 5', '6'])
  })

  test('that is ahead of the channel hears what comes after it, once the log has proven to hold it', async () => {
    const { all, heard, receive, sent, settle } = await listening(since(at(7)), isLive)
    expect(sent('history')[0]![3]).toEqual({ limit: 1, before: 8 })
    receive(...rename(6))
    tellPast(all, [7])
    await settle()
    receive(...rename(7))
    receive(...rename(8))
    expect(heard).toEqual(['8'])
  })

  test.each<[string, ReturnType<typeof at>, string]>([
    ['of another log', at(5, 'other'), 'epoch'],
    ['of another entry at the same place', { ...at(5), tag: 'other' }, 'rollback'],
  ])('%s is told of a gap at once, and hears what comes', async (_title, from, reason) => {
    const { heard, receive, sent } = await listening(since(from), isLive)
    receive(...rename(6))
    expect([heard, sent('history')]).toEqual([[`gap ${reason} 5`, '6'], []])
  })

  test.each<[string, { from: ReturnType<typeof at>; past: readonly number[]; reason: string }]>([
    ['after which nothing is kept', { from: at(2), past: [], reason: 'retention' }],
    ['after which not all is kept', { from: at(2), past: [4, 5], reason: 'overflow' }],
    ['that is not the one before', { from: { ...at(2), tag: 'other' }, past: [3, 4, 5], reason: 'rollback' }],
    ['whose log ends elsewhere', { from: at(2), past: [3, 4], reason: 'rollback' }],
    ['from the future', { from: at(9), past: [8], reason: 'rollback' }],
    ['of a future of its own', { from: { ...at(9), tag: 'other' }, past: [9], reason: 'rollback' }],
  ])('%s is told of a gap, and hears what comes after it', async (_title, { from, past, reason }) => {
    const { all, heard, receive, settle } = await listening(since(from), isLive)
    receive(...rename(6))
    tellPast(all, past)
    await settle()
    receive(...rename(7))
    expect(heard).toEqual([`gap ${reason} 6`, '7'])
  })

  test('is told of a gap where the hub refuses the past, which is reported', async () => {
    const { sockets, sent, errors, heard, receive, settle } = await listening(since(at(2)), isLive)
    sockets.last.receive('err', sent('history')[0]![1], 'forbidden', 'No')
    await settle()
    receive(...rename(6))
    expect(heard).toEqual(['gap retention 5', '6'])
    expect(errors).toEqual([{ code: 'forbidden', stage: 'subscribe', event: 'renamed' }])
  })

  test('goes on with all others after a gap of the channel, whatever its past would have been', async () => {
    const { all, heard, receive, settle } = await listening(since(at(7)), isLive)
    receive('gap', 1, ['epoch', 2, 'tag 2'], 'rollback')
    tellPast(all, [7])
    await settle()
    receive(...rename(3))
    expect(heard).toEqual(['gap rollback 2', '3'])
  })
})

test('several listeners that have lost continuity hear of one gap', async () => {
  const { room, online, accept, clock } = roomClient()
  const gaps: string[] = []
  room.on('gap', ({ reason }) => gaps.push(reason))
  const other = at(5, 'other')
  room.on('renamed', () => {}, since(other))
  room.onAny(() => {}, since(other))
  online()
  accept()
  await clock.settle()
  expect(gaps).toEqual(['epoch'])
})

test('onAny hears the events of the past in the form of the others', async () => {
  const all = roomClient()
  const heard: unknown[] = []
  all.room.onAny(({ event, meta }) => heard.push([event, (meta as EventMeta).position?.offset]), rewind(9))
  all.online()
  all.accept()
  await all.clock.settle()
  all.sockets.last.receive('told', 1, 'cursor', { x: 1 }, null)
  tellPast(all, [4, 5])
  await all.clock.settle()
  all.sockets.last.receive(...rename(6))
  expect(heard).toEqual([
    ['cursor', undefined],
    ['renamed', 4],
    ['renamed', 5],
    ['renamed', 6],
  ])
})

test('once hears the oldest of the past, and no more', async () => {
  const all = roomClient()
  const heard: string[] = []
  all.room.once('renamed', ({ title }) => heard.push(title), rewind(2))
  all.online()
  all.accept()
  await all.clock.settle()
  tellPast(all, [4, 5])
  await all.clock.settle()
  expect(heard).toEqual(['4'])
})

test('a listener that throws on the past is reported, and hears the rest', async () => {
  const all = roomClient()
  const heard: string[] = []
  const listener = ({ title }: { title: string }) => {
    heard.push(title)
    throw new Error('oops')
  }
  all.room.on('renamed', listener, rewind(2))
  all.online()
  all.accept()
  await all.clock.settle()
  tellPast(all, [4, 5])
  await all.clock.settle()
  expect(heard).toEqual(['4', '5'])
  expect(all.errors.map(({ code, event }) => [code, event])).toEqual([
    ['listener_failed', 'renamed'],
    ['listener_failed', 'renamed'],
  ])
})

test('what comes from within a listener is heard after what came before it', async () => {
  const all = roomClient()
  const heard: string[] = []
  all.room.on(
    'renamed',
    ({ title }) => {
      heard.push(title)
      if (title === '4') all.sockets.last.receive(...rename(6))
    },
    rewind(2),
  )
  all.online()
  all.accept()
  await all.clock.settle()
  tellPast(all, [4, 5])
  await all.clock.settle()
  expect(heard).toEqual(['4', '5', '6'])
})

test('a client that is closed while the past is on its way reports nothing', async () => {
  const { client, clock, errors, heard } = await listening(since(at(2)))
  client.close()
  await clock.settle()
  expect([errors, heard]).toEqual([[], []])
})

test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('rewind(%s) throws bad_options', (count) => {
  expect(() => rewind(count)).toThrow(expect.objectContaining({ code: 'bad_options' }))
})

test.each([undefined, null, {}, { ...at(1), offset: -1 }, 'epoch'])(
  'since(%j) throws bad_options',
  (position) => {
    expect(() => since(position as never)).toThrow(expect.objectContaining({ code: 'bad_options' }))
  },
)
