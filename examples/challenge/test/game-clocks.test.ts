import { manualClock } from 'syncline/testing'
import { describe, expect, it } from 'vitest'
import { openDatabase } from '../server/database.ts'
import { createClocks } from '../server/game/clocks.ts'
import { GameStore } from '../server/game/store.ts'
import type { GameChallenge } from '../shared/game.ts'
import {
  code,
  hear,
  listed,
  moveClocks,
  requestBy,
  type Seated,
  sit,
  step,
  stepCall,
} from './game-support.ts'
import { refusal, startApi } from './support.ts'
import { temporaryFile } from './temporary-file.ts'

/** The seeded game on a clock that stands still. The hub would take whoever is silent for 25 s of it for gone. */
async function startTimed(dbFile = temporaryFile()) {
  const clock = manualClock()
  const api = await startApi(dbFile, { clock })
  const [host, player] = [await sit(api.url, 'host'), await sit(api.url, 'player')]
  return { ...api, clock, host, player }
}

async function assigned(
  url: string,
  { host, player }: { host: Seated; player: Seated },
): Promise<GameChallenge> {
  const { id } = await requestBy(url, player)
  return step(url, host, ['assign', id])
}

describe('the time of a challenge', () => {
  it('is over at its end and not before; then it is expired, and everyone hears of it', async () => {
    const { url, clock, ...who } = await startTimed()
    const { id, ends_at, version } = await assigned(url, who)
    const { heard } = await hear(url, who.player)
    expect(ends_at).toBe(clock.now() + 10_000)
    await clock.advance(9_999)
    expect(await listed(url, who.player, 'active')).toMatchObject([{ id, time_remaining_seconds: 0.001 }])
    await clock.advance(1)
    const [expired] = await listed(url, who.player, 'history')
    expect(expired).toMatchObject({ id, status: 'expired', ends_at: null, remaining_ms: null })
    expect(Date.parse(expired!.ended_at!)).toBe(ends_at)
    expect(expired!.version).toBeGreaterThan(version)
    const { time_remaining_seconds: _none, ...data } = expired!
    await expect.poll(() => heard).toEqual([{ event: 'challenge_expired', data, own: false }])
    const answer = await refusal(url, stepCall(who.player, 'complete', id))
    expect(answer).toMatchObject({ status: 409, code: 'wrong_status' })
  })

  it('is over for whoever completes when the timer is late, as after a freeze', async () => {
    const { url, clock, ...who } = await startTimed()
    const { id } = await assigned(url, who)
    const late = manualClock(clock.now() + 10_000)
    // The wall clock goes on, and no timer runs: what a process sees that stood still.
    clock.now = late.now
    const answer = await refusal(url, stepCall(who.player, 'complete', id))
    expect(answer.message).toContain('is expired')
  })

  it('ends for each challenge at its own end, in whatever order they were assigned', async () => {
    const { url, clock, ...who } = await startTimed()
    const { names, heard } = await hear(url, who.host)
    const long = await assigned(url, who)
    await clock.advance(4_000)
    const short = await assigned(url, who)
    const done = await assigned(url, who)
    await step(url, who.player, ['complete', done.id])
    await clock.advance(6_000)
    await clock.advance(4_000)
    await expect.poll(() => names().filter((name) => name === 'challenge_expired')).toHaveLength(2)
    const expired = heard.filter(({ event }) => event === 'challenge_expired')
    expect(expired.map(({ data }) => (data as GameChallenge).id)).toEqual([long.id, short.id])
  })

  it('runs on while no server runs: at the next start, what is over expires, and the rest goes on', async () => {
    const dbFile = temporaryFile()
    const { url, clock, close, ...who } = await startTimed(dbFile)
    const over = await assigned(url, who)
    await clock.advance(5_000)
    const running = await assigned(url, who)
    await close()
    const later = manualClock(clock.now() + 7_000)
    const second = await startApi(dbFile, { clock: later })
    const { names } = await hear(second.url, who.host)
    // Reading over HTTP would expire what is over; the file shows what the start has done.
    const db = openDatabase({ file: dbFile })
    expect(new GameStore(db).history(code)).toMatchObject([
      { id: over.id, status: 'expired', ended_at: new Date(over.ends_at!).toISOString() },
    ])
    db.close()
    await later.advance(3_000)
    await expect.poll(names).toEqual(['challenge_expired'])
    expect((await listed(second.url, who.host, 'history')).map(({ id }) => id)).toEqual([running.id, over.id])
  })

  it('leaves no timer behind when the server has closed', async () => {
    const { url, clock, close, ...who } = await startTimed()
    await assigned(url, who)
    expect(clock.pending).toBeGreaterThan(0)
    await close()
    expect(clock.pending).toBe(0)
  })
})

describe('a pause', () => {
  it('stops all clocks of the game and keeps what is left; resuming gives it back, each in one event', async () => {
    const { url, clock, ...who } = await startTimed()
    const first = await assigned(url, who)
    await clock.advance(2_500)
    const second = await assigned(url, who)
    const waiting = await requestBy(url, who.player)
    const { heard } = await hear(url, who.player)
    await clock.advance(1_500)
    const paused = await moveClocks(url, who.host, 'pause')
    expect(paused.game).toMatchObject({ code, paused_at: clock.now() })
    expect(paused.challenges).toMatchObject([
      { id: first.id, ends_at: null, remaining_ms: 6_000, status: 'assigned' },
      { id: second.id, ends_at: null, remaining_ms: 8_500, status: 'assigned' },
    ])
    await clock.advance(9_000)
    expect(await listed(url, who.player, 'active')).toMatchObject([
      { id: first.id, time_remaining_seconds: 6 },
      { id: second.id, time_remaining_seconds: 8.5 },
      { id: waiting.id, time_remaining_seconds: null },
    ])
    const resumed = await moveClocks(url, who.host, 'resume')
    expect(resumed.game.paused_at).toBeNull()
    expect(resumed.game.version).toBeGreaterThan(paused.game.version)
    expect(resumed.challenges).toMatchObject([
      { id: first.id, ends_at: clock.now() + 6_000, remaining_ms: null },
      { id: second.id, ends_at: clock.now() + 8_500, remaining_ms: null },
    ])
    await expect
      .poll(() => heard)
      .toEqual([
        { event: 'game_paused', data: paused, own: false },
        { event: 'game_resumed', data: resumed, own: false },
      ])
    await clock.advance(5_999)
    expect(await listed(url, who.player, 'history')).toEqual([])
    await clock.advance(1)
    expect(await listed(url, who.player, 'history')).toMatchObject([{ id: first.id, status: 'expired' }])
  })

  it('is refused with 409 when the game is paused already, and so is resuming one that runs', async () => {
    const { url, clock, ...who } = await startTimed()
    const call = (act: string) => ({ to: `POST /api/v2/games/${code}/${act}`, token: who.host.token })
    const wrong = { status: 409, code: 'wrong_status' }
    expect(await refusal(url, call('resume'))).toMatchObject({
      ...wrong,
      message: 'The game ABC123 is running already.',
    })
    await assigned(url, who)
    const { remaining_ms } = (await moveClocks(url, who.host, 'pause')).challenges[0]!
    await clock.advance(1_000)
    expect(await refusal(url, call('pause'))).toMatchObject({
      ...wrong,
      message: 'The game ABC123 is paused already.',
    })
    expect((await listed(url, who.host, 'active'))[0]!.remaining_ms).toBe(remaining_ms)
  })

  it('gives whoever is assigned during it the whole time, from the end of it on', async () => {
    const { url, clock, ...who } = await startTimed()
    await moveClocks(url, who.host, 'pause')
    const { id, ends_at, remaining_ms } = await assigned(url, who)
    expect([ends_at, remaining_ms]).toEqual([null, 10_000])
    await clock.advance(12_000)
    const { challenges } = await moveClocks(url, who.host, 'resume')
    expect(challenges).toMatchObject([{ id, ends_at: clock.now() + 10_000, remaining_ms: null }])
  })

  it('does not keep anyone from completing and cancelling', async () => {
    const { url, clock: _clock, ...who } = await startTimed()
    const [one, other] = [await assigned(url, who), await assigned(url, who)]
    await moveClocks(url, who.host, 'pause')
    expect(await step(url, who.player, ['complete', one.id])).toMatchObject({
      ends_at: null,
      remaining_ms: null,
    })
    expect(await step(url, who.host, ['cancel', other.id])).toMatchObject({
      ends_at: null,
      remaining_ms: null,
    })
    expect((await moveClocks(url, who.host, 'resume')).challenges).toEqual([])
  })

  it('outlasts a restart of the server', async () => {
    const dbFile = temporaryFile()
    const { url, clock, close, ...who } = await startTimed(dbFile)
    await assigned(url, who)
    await clock.advance(1_000)
    const { challenges } = await moveClocks(url, who.host, 'pause')
    await close()
    const later = manualClock(clock.now() + 3_600_000)
    const second = await startApi(dbFile, { clock: later })
    expect(await listed(second.url, who.host, 'active')).toMatchObject(challenges)
    const resumed = await moveClocks(second.url, who.host, 'resume')
    expect(resumed.challenges).toMatchObject([{ ends_at: later.now() + 9_000 }])
  })

  it('moves the clocks of no other game', () => {
    const db = openDatabase({ file: temporaryFile(), now: () => 1_000 })
    const store = new GameStore(db)
    db.run(`INSERT INTO people VALUES ('ada', 'Ada')`)
    const other = store.createGame('Other', 1_000).code
    for (const game of [code, other]) {
      const { id, name, team_number } = store.join(game, 'ada', {
        name: 'Ada',
        role: 'player',
        team_number: 1,
      })
      const building = { building_type: 'farm', building_name: 'Farm', has_school: true }
      const made = store.request(game, 1_000, { ...building, player_id: id, name, team_number })
      const what = { challenge_type: 'plank', challenge_description: 'Plank', target_number: 1 }
      store.assign({ code: game, id: made.id, now: 1_000 }, { ...what, time_limit_seconds: 10 })
    }
    expect(store.pause(code, 2_000)?.challenges.map(({ game_code }) => game_code)).toEqual([code])
    expect(store.active(other)).toMatchObject([{ ends_at: 11_000, remaining_ms: null, has_school: true }])
    db.close()
  })
})

describe('the clocks', () => {
  it('log a database that fails, and try again until it does not', async () => {
    const clock = manualClock()
    const log: string[] = []
    const end = clock.now() + 5_000
    let failures = 2
    const store = {
      expireDue: () => {
        if (clock.now() >= end && failures-- > 0) throw new Error('database is locked')
        return []
      },
      nextEnd: () => (clock.now() < end ? end : undefined),
    }
    const clocks = createClocks({ store, clock, expired: () => {}, log: (line) => log.push(line) })
    clocks.start()
    await clock.advance(5_000)
    expect(log).toEqual(['the clocks failed and are tried again: database is locked'])
    await clock.advance(1_000)
    expect(log).toHaveLength(2)
    await clock.advance(1_000)
    expect([log.length, clock.pending]).toEqual([2, 0])
    clocks.close()
  })
})
