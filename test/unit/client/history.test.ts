import { history } from 'syncline/client'
import { describe, expect, test } from 'vitest'
import { roomClient } from '../../support/room-client.ts'

/** The client has asked once; what `answer` gives is what the hub says. */
function asked(options?: Parameters<typeof history>[1]) {
  const all = roomClient()
  all.online()
  const outcome = history(all.room, options)
  outcome.catch(() => {})
  const [frame] = all.sent('history')
  const answer = (data: unknown, position: [string, number, string] | undefined = ['epoch', 9, 'tag 9']) =>
    all.sockets.last.receive('res', frame![1], data, position)
  return { ...all, outcome, frame: frame!, answer }
}

const said = (offset: number, data: unknown, { name = 'said', sender = 'me' } = {}) => [
  offset,
  `tag ${offset}`,
  `tag ${offset - 1}`,
  1_000 + offset,
  sender,
  name,
  data,
]

describe('a history', () => {
  test('is asked for as the protocol says, without the channel being subscribed', () => {
    const { frame, sent } = asked({ limit: 2, before: 9 })
    expect(frame).toEqual(['history', expect.any(Number), 'room/1', { limit: 2, before: 9 }])
    expect(sent('sub')).toEqual([])
    expect(asked().frame[3]).toEqual({ limit: 100 })
  })

  test('resolves to the outputs of the schemas, each with what came with it, and says where older ones end', async () => {
    const { answer, outcome } = asked()
    answer({
      entries: [said(7, { text: 'a', more: 1 }), said(8, { title: 'b' }, { name: 'renamed', sender: 'ada' })],
      more: true,
    })
    expect(await outcome).toEqual({
      entries: [
        {
          event: 'said',
          data: { text: 'a' },
          meta: {
            channel: 'room/1',
            sender: 'me',
            own: true,
            time: 1_007,
            replayed: true,
            position: { epoch: 'epoch', offset: 7, tag: 'tag 7' },
          },
        },
        expect.objectContaining({
          event: 'renamed',
          meta: expect.objectContaining({ own: false, sender: 'ada' }),
        }),
      ],
      before: 7,
    })
  })

  test('says that no older ones are retained', async () => {
    const { answer, outcome } = asked()
    answer({ entries: [said(1, { text: 'a' })], more: false })
    expect((await outcome).before).toBeUndefined()
  })

  test('leaves out what does not fit or is not known, reports what does not fit, and goes on before it', async () => {
    const { answer, outcome, errors } = asked()
    answer({
      entries: [said(4, { text: 1 }), said(5, {}, { name: 'of-later' }), said(6, { text: 'x' })],
      more: true,
    })
    const { entries, before } = await outcome
    expect([entries.map(({ meta }) => meta.position.offset), before]).toEqual([[6], 4])
    expect(errors).toEqual([{ code: 'bad_payload', stage: 'payload', event: 'said' }])
  })

  test('reports a name that the registry does not know where the app wants to hear of it', async () => {
    const all = roomClient({ unknownEvents: 'error' })
    all.online()
    const outcome = history(all.room)
    all.sockets.last.receive(
      'res',
      all.sent('history')[0]![1],
      { entries: [said(5, {}, { name: 'of-later' })], more: false },
      ['epoch', 5, 'tag 5'],
    )
    expect((await outcome).entries).toEqual([])
    expect(all.errors).toEqual([{ code: 'unknown_event', stage: 'payload', event: 'of-later' }])
  })
})

describe('a history rejects', () => {
  test.each<[string, unknown]>([
    ['nothing', null],
    ['no entries', { more: false }],
    ['an entry that is none', { entries: [said(1, { text: 'a' }).slice(0, 6)], more: false }],
    ['an offset that is none', { entries: [said(-1, { text: 'a' })], more: false }],
  ])('with bad_frame for an answer with %s', async (_name, data) => {
    const { answer, outcome } = asked()
    answer(data)
    await expect(outcome).rejects.toMatchObject({ code: 'bad_frame' })
  })

  test('with bad_frame for an answer without a position', async () => {
    const { sockets, frame, outcome } = asked()
    sockets.last.receive('res', frame[1], { entries: [], more: false })
    await expect(outcome).rejects.toMatchObject({ code: 'bad_frame' })
  })

  test.each(['forbidden', 'unavailable', 'of_a_later_version'])(
    'with the code of the hub: %s',
    async (code) => {
      const { sockets, frame, outcome } = asked()
      sockets.last.receive('err', frame[1], code, 'No')
      await expect(outcome).rejects.toMatchObject({ code })
    },
  )

  test.each([{ limit: 0 }, { limit: 1.5 }, { limit: Number.NaN }, { before: -1 }, { before: 0.5 }])(
    'with bad_options for %j, and nothing is sent',
    async (options) => {
      const { room, online, sent } = roomClient()
      online()
      await expect(history(room, options)).rejects.toMatchObject({ code: 'bad_options' })
      expect(sent('history')).toEqual([])
    },
  )

  test('with aborted when its signal is, and with indeterminate at its deadline', async () => {
    const abort = new AbortController()
    const { outcome } = asked({ signal: abort.signal })
    abort.abort()
    await expect(outcome).rejects.toMatchObject({ code: 'aborted' })
    const late = asked({ timeoutMs: 500 })
    await late.clock.advance(500)
    await expect(late.outcome).rejects.toMatchObject({ code: 'indeterminate' })
  })
})

test('a history that is under way when the connection breaks is asked for again on the next one', async () => {
  const { cut, online, sent, sockets, outcome, frame } = asked()
  cut()
  online()
  expect(sent('history')).toEqual([frame])
  sockets.last.receive('res', frame[1], { entries: [], more: false }, ['epoch', 0, ''])
  expect(await outcome).toEqual({ entries: [], before: undefined })
})
