import { presence } from 'syncline/client'
import { describe, expect, it } from 'vitest'
import { openDatabase } from '../server/database.ts'
import { GameStore } from '../server/game/store.ts'
import { clientHeader } from '../shared/failure.ts'
import { Game, GameChallenge, GameView, Player, SeatView, type Status } from '../shared/game.ts'
import {
  assignment,
  base,
  code,
  hear,
  listed,
  moveClocks,
  requestBody,
  requestBy,
  type Seated,
  type Step,
  sit,
  step,
  stepCall,
} from './game-support.ts'
import { ask, call, connect, refusal, signIn, startApi } from './support.ts'
import { temporaryFile } from './temporary-file.ts'

/** The seeded game with a host, a banker and two players of two teams. */
async function startGame() {
  const api = await startApi()
  const { url } = api
  const [host, banker] = [await sit(url, 'host'), await sit(url, 'banker')]
  const [player, other] = [await sit(url, 'player', 1), await sit(url, 'player', 2)]
  return { ...api, host, banker, player, other }
}

const wrongStatus = { status: 409, code: 'wrong_status' }
const forbidden = { status: 403, code: 'forbidden' }
const notFound = { status: 404, code: 'not_found' }

describe('a game', () => {
  it('is there from the start, for those who join it', async () => {
    const { url, host, player } = await startGame()
    const { token } = player
    const { game, players } = await ask(url, GameView, { to: `GET /api/v2/games/${code}`, token })
    expect(game).toMatchObject({ code, name: 'The Trading Game', paused_at: null })
    expect(players.map(({ role }) => role)).toEqual(['host', 'banker', 'player', 'player'])
    expect(players[0]).toEqual(host.seat)
  })

  it('can be made anew, and then is another one', async () => {
    const { url, host } = await startGame()
    const { token } = host
    const game = await ask(url, Game, { to: 'POST /api/v2/games', token, body: { name: ' Harbour ' } })
    expect(game).toMatchObject({ name: 'Harbour', paused_at: null })
    expect(await refusal(url, { to: `GET /api/v2/games/${game.code}`, token })).toMatchObject(forbidden)
    const body = { name: 'Ada', role: 'host', team_number: 1 }
    const seat = await ask(url, Player, { to: `POST /api/v2/games/${game.code}/join`, token, body })
    const view = await ask(url, GameView, { to: `GET /api/v2/games/${game.code}`, token })
    expect(view).toEqual({ game, players: [seat] })
  })

  it('says to anyone whether they have a seat in it, and nothing else', async () => {
    const { url, player } = await startGame()
    const seatSeenBy = async (token: string) =>
      ask(url, SeatView, { to: `GET /api/v2/games/${code}/seat`, token })
    expect(await seatSeenBy(player.token)).toEqual({
      game: expect.objectContaining({ code }),
      seat: player.seat,
    })
    const stranger = await signIn(url, 'Stranger')
    expect(await seatSeenBy(stranger.token)).toEqual({ game: expect.objectContaining({ code }), seat: null })
    const nowhere = { to: 'GET /api/v2/games/NONE99/seat', token: stranger.token }
    expect(await refusal(url, nowhere)).toMatchObject(notFound)
  })

  it('keeps the seat of whoever joins again, with what they say now, and tells everyone', async () => {
    const { url, host, player } = await startGame()
    const { heard } = await hear(url, host)
    const body = { name: 'Countess', role: 'banker', team_number: 4 }
    const to = `POST /api/v2/games/${code}/join`
    const seat = await ask(url, Player, { to, token: player.token, body })
    expect(seat).toEqual({ ...player.seat, ...body })
    await expect.poll(() => heard).toEqual([{ event: 'player_joined', data: seat, own: false }])
  })

  it.each([
    ['role', { name: 'Ada', role: 'king', team_number: 1 }],
    ['team_number', { name: 'Ada', role: 'player', team_number: 9 }],
    ['name', { name: '', role: 'player', team_number: 1 }],
  ])('refuses a seat with the field that is wrong: %s', async (field, body) => {
    const { url } = await startApi()
    const { token } = await signIn(url)
    const answer = await refusal(url, { to: `POST /api/v2/games/${code}/join`, token, body })
    expect(answer).toMatchObject({ status: 400, code: 'bad_request' })
    expect(answer.message).toContain(`${field}: `)
  })
})

describe('a challenge of a game', () => {
  it('is requested, assigned and completed, each told to everyone as it was committed', async () => {
    const { url, host, player, other } = await startGame()
    const { heard } = await hear(url, other)
    const requested = await requestBy(url, player)
    expect(requested).toMatchObject({
      status: 'requested',
      player_id: player.seat.id,
      player_name: 'player',
      challenge_type: null,
      assigned_at: null,
      ends_at: null,
      remaining_ms: null,
    })
    expect(await listed(url, other, 'active')).toEqual([{ ...requested, time_remaining_seconds: null }])
    const assigned = await step(url, host, ['assign', requested.id])
    expect(assigned).toMatchObject({ ...assignment, status: 'assigned', remaining_ms: null })
    expect(assigned.ends_at).toBe(Date.parse(assigned.assigned_at!) + 10_000)
    const completed = await step(url, player, ['complete', requested.id])
    expect(completed).toMatchObject({ status: 'completed', ends_at: null, remaining_ms: null })
    expect(completed.ended_at).not.toBeNull()
    expect(assigned.version).toBeGreaterThan(requested.version)
    expect(completed.version).toBeGreaterThan(assigned.version)
    await expect
      .poll(() => heard)
      .toEqual([
        { event: 'challenge_requested', data: requested, own: false },
        { event: 'challenge_assigned', data: assigned, own: false },
        { event: 'challenge_completed', data: completed, own: false },
      ])
    expect(await listed(url, other, 'active')).toEqual([])
    expect(await listed(url, other, 'history')).toEqual([{ ...completed, time_remaining_seconds: null }])
  })

  it('can be read from the database file by whoever hears of it', async () => {
    const { url, dbFile, host, player } = await startGame()
    const read: (Status | undefined)[] = []
    const { channel } = await hear(url, player)
    channel.onAny(({ data }) => {
      const db = openDatabase({ file: dbFile })
      read.push(new GameStore(db).challenge(code, (data as GameChallenge).id)?.status)
      db.close()
    })
    const { id } = await requestBy(url, player)
    await step(url, host, ['assign', id])
    await step(url, player, ['cancel', id])
    await expect.poll(() => read).toEqual(['requested', 'assigned', 'cancelled'])
  })

  it('is one of several that a player has at a time; what is over is history, the newest first', async () => {
    const { url, host, player } = await startGame()
    const ids = []
    for (let made = 0; made < 4; made += 1) ids.push((await requestBy(url, player)).id)
    const [first, second, third, fourth] = ids as [number, number, number, number]
    for (const id of [first, second, third]) await step(url, host, ['assign', id])
    await step(url, player, ['complete', second])
    await step(url, host, ['cancel', first])
    const active = await listed(url, player, 'active')
    expect(active.map(({ id, status }) => [id, status])).toEqual([
      [third, 'assigned'],
      [fourth, 'requested'],
    ])
    expect(active[0]!.time_remaining_seconds).toBeGreaterThan(0)
    const history = await listed(url, player, 'history')
    expect(new Set(history.map(({ id }) => id))).toEqual(new Set([first, second]))
    const plain = await call(url, { to: `GET ${base}/active`, token: player.token })
    expect(JSON.stringify(plain.body)).not.toContain('time_remaining_seconds')
  })

  it('is own to the window that did it, and to no other', async () => {
    const { url, host, player } = await startGame()
    const [mine, theirs] = [await hear(url, player), await hear(url, host)]
    const headers = { [clientHeader]: mine.client.id! }
    const { token } = player
    await ask(url, GameChallenge, { to: `POST ${base}/request`, token, headers, body: requestBody(player) })
    await expect.poll(() => mine.heard.map(({ own }) => own)).toEqual([true])
    await expect.poll(() => theirs.heard.map(({ own }) => own)).toEqual([false])
  })

  it('has ten minutes when the assignment does not say how long', async () => {
    const { url, host, player } = await startGame()
    const { id } = await requestBy(url, player)
    const { time_limit_seconds: _left, ...body } = assignment
    const { token } = host
    const assigned = await ask(url, GameChallenge, { to: `POST ${base}/${id}/assign`, token, body })
    expect(assigned.time_limit_seconds).toBe(600)
  })
})

describe('each step', () => {
  /** Steps that bring a new challenge to a status. */
  const ways: Partial<Record<Status, readonly Step[]>> = {
    requested: [],
    assigned: ['assign'],
    completed: ['assign', 'complete'],
    cancelled: ['cancel'],
  }
  const possible: Partial<Record<Status, readonly Step[]>> = {
    requested: ['assign', 'cancel'],
    assigned: ['complete', 'cancel'],
  }
  const cases = Object.entries(ways).flatMap(([status, way]) =>
    (['assign', 'complete', 'cancel'] as const).map((name) => ({ status: status as Status, way, name })),
  )

  it.each(cases)('$name is possible from $status or refused with 409, as the table says', async (one) => {
    const { url, host, player } = await startGame()
    const { id } = await requestBy(url, player)
    for (const name of one.way) await step(url, host, [name, id])
    const before = (await call(url, { to: `GET ${base}/active`, token: host.token })).body
    if (possible[one.status]?.includes(one.name)) {
      expect((await step(url, host, [one.name, id])).status).not.toBe(one.status)
      return
    }
    const { heard } = await hear(url, host)
    const answer = await refusal(url, stepCall(host, one.name, id))
    expect(answer).toMatchObject(wrongStatus)
    expect(answer.message).toContain(`Challenge ${id} is ${one.status}; to ${one.name} it, it must be `)
    expect((await call(url, { to: `GET ${base}/active`, token: host.token })).body).toEqual(before)
    await requestBy(url, player)
    await expect.poll(() => heard.map(({ event }) => event)).toEqual(['challenge_requested'])
  })

  it('happens once when two ask for it at once: the other gets 409, and everyone hears of one', async () => {
    const { url, host, banker, player } = await startGame()
    const { heard } = await hear(url, player)
    const { id } = await requestBy(url, player)
    const asking = [host, banker, host, banker].map((who) => call(url, stepCall(who, 'assign', id)))
    const statuses = (await Promise.all(asking)).map(({ status }) => status)
    expect(statuses.sort()).toEqual([200, 409, 409, 409])
    await step(url, player, ['complete', id])
    const events = ['challenge_requested', 'challenge_assigned', 'challenge_completed']
    await expect.poll(() => heard.map(({ event }) => event)).toEqual(events)
  })

  it('has its condition in the statement: of two processes that write, one finds nothing to do', async () => {
    const { url, dbFile, player } = await startGame()
    const { id } = await requestBy(url, player)
    const [one, other] = [openDatabase({ file: dbFile }), openDatabase({ file: dbFile })]
    const moment = { code, id, now: Date.now() }
    expect(new GameStore(one).assign(moment, assignment)?.status).toBe('assigned')
    expect(new GameStore(other).assign(moment, assignment)).toBeUndefined()
    expect(new GameStore(other).cancel(moment)?.status).toBe('cancelled')
    expect(new GameStore(one).complete(moment)).toBeUndefined()
    one.close()
    other.close()
  })

  it.each([
    ['target_number', { ...assignment, target_number: 0 }],
    ['time_limit_seconds', { ...assignment, time_limit_seconds: 2 }],
    ['challenge_description', { ...assignment, challenge_description: ' ' }],
    ['challenge_type', undefined],
  ])('names the field of an assignment that is wrong: %s', async (field, body) => {
    const { url, host, player } = await startGame()
    const { id } = await requestBy(url, player)
    const answer = await refusal(url, { to: `POST ${base}/${id}/assign`, token: host.token, body })
    expect(answer).toMatchObject({ status: 400, code: 'bad_request' })
    expect(answer.message).toContain(`${field}: `)
  })
})

describe('who may', () => {
  it('request: a player, for their own seat and team, and nobody for another', async () => {
    const { url, host, player, other } = await startGame()
    const to = `POST ${base}/request`
    const by = ({ token }: Seated, body: unknown) => refusal(url, { to, token, body })
    expect(await by(other, requestBody(player))).toMatchObject(forbidden)
    expect(await by(host, requestBody(player))).toMatchObject(forbidden)
    expect(await by(host, requestBody(host))).toMatchObject(forbidden)
    const answer = await by(player, { ...requestBody(player), team_number: 5 })
    expect(answer).toMatchObject({ status: 400, message: expect.stringContaining('team_number: ') })
    expect(await listed(url, host, 'active')).toEqual([])
  })

  it('assign: host and banker', async () => {
    const { url, host, banker, player, other } = await startGame()
    const { id } = await requestBy(url, player)
    for (const who of [player, other]) {
      expect(await refusal(url, stepCall(who, 'assign', id))).toMatchObject(forbidden)
    }
    await step(url, banker, ['assign', id])
    await step(url, host, ['assign', (await requestBy(url, player)).id])
  })

  it.each(['complete', 'cancel'] as const)('%s: the player whose it is, host and banker', async (name) => {
    const { url, host, banker, player, other } = await startGame()
    for (const who of [player, host, banker]) {
      const { id } = await requestBy(url, player)
      await step(url, host, ['assign', id])
      expect(await refusal(url, stepCall(other, name, id))).toMatchObject(forbidden)
      await step(url, who, [name, id])
    }
  })

  it('pause and resume: the host alone', async () => {
    const { url, host, banker, player } = await startGame()
    for (const act of ['pause', 'resume'] as const) {
      const to = `POST /api/v2/games/${code}/${act}`
      for (const { token } of [banker, player])
        expect(await refusal(url, { to, token })).toMatchObject(forbidden)
      await moveClocks(url, host, act)
    }
  })

  const everything = [
    `GET /api/v2/games/${code}`,
    `POST /api/v2/games/${code}/pause`,
    `POST /api/v2/games/${code}/resume`,
    `GET ${base}/active`,
    `GET ${base}/history`,
    `POST ${base}/1/complete`,
    `POST ${base}/1/cancel`,
    `POST ${base}/1/assign`,
    `POST ${base}/request`,
  ]

  it.each(everything)('%s: nobody without a token, nobody without a seat', async (to) => {
    const { url, player } = await startGame()
    await requestBy(url, player)
    const body = to.endsWith('assign') ? assignment : requestBody(player)
    const sent = to.startsWith('GET') ? {} : { body }
    expect(await refusal(url, { to, ...sent })).toMatchObject({ status: 401, code: 'unauthorized' })
    const { token } = await signIn(url)
    const answer = await refusal(url, { to, token, ...sent })
    expect(answer).toMatchObject({
      ...forbidden,
      message: `You have no seat in the game ${code}; join it first.`,
    })
    const elsewhere = await refusal(url, { to: to.replace(code, 'NOSUCH'), token, ...sent })
    expect(elsewhere).toMatchObject(notFound)
  })

  it('reach a challenge: only those of its own game', async () => {
    const { url, host, player } = await startGame()
    const { id } = await requestBy(url, player)
    const { token } = host
    const game = await ask(url, Game, { to: 'POST /api/v2/games', token, body: { name: 'Other' } })
    const body = { name: 'Ada', role: 'host', team_number: 1 }
    await ask(url, Player, { to: `POST /api/v2/games/${game.code}/join`, token, body })
    const to = `POST /api/v2/challenges/${game.code}/${id}/cancel`
    expect(await refusal(url, { to, token })).toMatchObject(notFound)
    expect(await refusal(url, { to: `POST ${base}/999/cancel`, token })).toMatchObject(notFound)
    expect(await refusal(url, { to: `POST ${base}/0/cancel`, token })).toMatchObject({ status: 400 })
  })

  it('listen and be present: those with a seat, of games that there are', async () => {
    const { url, player, log } = await startGame()
    const refused: string[] = []
    const guest = await connect(url, undefined, {
      onError: ({ code, message }) => refused.push(`${code}: ${message}`),
    })
    const game = guest.channel('game', { code })
    game.on('player_joined', () => {})
    await expect.poll(() => refused).toEqual([expect.stringContaining('forbidden: You have no seat')])
    const state = { id: 1, name: 'Eve', role: 'host', team_number: 1 } as const
    await expect(presence(game).enter(state)).rejects.toMatchObject({ code: 'forbidden' })
    guest.channel('game', { code: 'NOSUCH' }).on('player_joined', () => {})
    await expect.poll(() => refused.at(-1)).toContain('not_found: There is no game NOSUCH')
    const { channel } = await hear(url, player)
    const { user_id: _user, ...shown } = player.seat
    await presence(channel).enter(shown)
    await expect.poll(() => presence(channel).members.map(({ state }) => state)).toEqual([shown])
    expect(log).toEqual([])
  })
})

describe('a seat', () => {
  it('is still there after a restart of the server, with what was requested', async () => {
    const dbFile = temporaryFile()
    const first = await startApi(dbFile)
    const player = await sit(first.url, 'player')
    const requested = await requestBy(first.url, player)
    await first.close()
    const { url } = await startApi(dbFile)
    expect(await listed(url, player, 'active')).toEqual([{ ...requested, time_remaining_seconds: null }])
  })
})
