import { randomInt } from 'node:crypto'
import type * as z from 'zod'
import type {
  AssignInput,
  ClocksMoved,
  Game,
  GameChallenge,
  JoinInput,
  Player,
  RequestInput,
} from '../../shared/game.ts'
import { type Database, type Row, transaction } from '../database.ts'
import { toGame, toGameChallenge, toPlayer } from './rows.ts'
import { openStatuses, type Step, sourcesOf, transitions } from './rules.ts'

/** How many of those that are over are given at most, the newest. */
const historyLength = 200

/** How long there is, in seconds, until an assignment says otherwise. */
const defaultLimitSeconds = 600

/** One challenge of a game, and the moment at which something happens to it, in milliseconds since 1970. */
export interface Moment {
  readonly code: string
  readonly id: number
  readonly now: number
}

const listed = (statuses: readonly string[]) => statuses.map((status) => `'${status}'`).join(', ')

// The status stands in the condition, so of two steps at once that exclude each other one finds nothing to do.
const stepSql = (step: Step, set: string) => {
  const [first] = sourcesOf(step)
  return `UPDATE game_challenges
    SET status = '${transitions[first!][step]}', version = MAX(version + 1, :now), ${set}
    WHERE id = :id AND game_code = :code AND status IN (${listed(sourcesOf(step))}) RETURNING *`
}

const ended = 'ended_at = :now, ends_at = NULL, remaining_ms = NULL'

const sql = {
  assign: stepSql(
    'assign',
    `assigned_at = :now, challenge_type = :type, challenge_description = :description,
    target_number = :target, time_limit_seconds = :limit,
    ends_at = CASE WHEN (SELECT paused_at FROM games WHERE code = :code) IS NULL THEN :now + :limit * 1000 END,
    remaining_ms = CASE WHEN (SELECT paused_at FROM games WHERE code = :code) IS NOT NULL THEN :limit * 1000 END`,
  ),
  complete: stepSql('complete', ended),
  cancel: stepSql('cancel', ended),
  // It ended when its time was over, not when somebody noticed.
  expire: `UPDATE game_challenges
    SET status = 'expired', version = MAX(version + 1, :now), ended_at = ends_at, ends_at = NULL
    WHERE status IN (${listed(sourcesOf('expire'))}) AND ends_at <= :now RETURNING *`,
  request: `INSERT INTO game_challenges (game_code, player_id, player_name, building_type, building_name,
      team_number, has_school, status, requested_at, time_limit_seconds, version)
    VALUES (:code, :player, :name, :type, :building, :team, :school, 'requested', :now, ${defaultLimitSeconds}, :now)
    RETURNING *`,
  stop: `UPDATE game_challenges
    SET remaining_ms = ends_at - :now, ends_at = NULL, version = MAX(version + 1, :now)
    WHERE game_code = :code AND ends_at IS NOT NULL RETURNING *`,
  start: `UPDATE game_challenges
    SET ends_at = :now + remaining_ms, remaining_ms = NULL, version = MAX(version + 1, :now)
    WHERE game_code = :code AND remaining_ms IS NOT NULL RETURNING *`,
  pause: `UPDATE games SET paused_at = :now, version = MAX(version + 1, :now)
    WHERE code = :code AND paused_at IS NULL RETURNING *`,
  resume: `UPDATE games SET paused_at = NULL, version = MAX(version + 1, :now)
    WHERE code = :code AND paused_at IS NOT NULL RETURNING *`,
  createGame: `INSERT INTO games (code, name, version) VALUES (:code, :name, :now)
    ON CONFLICT DO NOTHING RETURNING *`,
  seat: 'SELECT * FROM players WHERE game_code = :code AND user_id = :user',
  challenge: 'SELECT * FROM game_challenges WHERE game_code = :code AND id = :id',
  active: `SELECT * FROM game_challenges
    WHERE game_code = :code AND status IN (${listed(openStatuses)}) ORDER BY id`,
  history: `SELECT * FROM game_challenges
    WHERE game_code = :code AND status NOT IN (${listed(openStatuses)})
    ORDER BY ended_at DESC, id DESC LIMIT ${historyLength}`,
  nextEnd: 'SELECT MIN(ends_at) AS first FROM game_challenges WHERE ends_at IS NOT NULL',
  join: `INSERT INTO players (game_code, user_id, name, role, team_number)
    VALUES (:code, :user, :name, :role, :team)
    ON CONFLICT DO UPDATE SET name = :name, role = :role, team_number = :team RETURNING *`,
}

/** What the body of an assignment says, with what it leaves out filled in. */
export type Assignment = z.output<typeof AssignInput>

/** The games in their SQLite file. What was written when a method returns is committed. Times are milliseconds since 1970. */
export class GameStore {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  createGame(name: string, now: number): Game {
    for (;;) {
      const game = this.#one(sql.createGame, { ':code': randomCode(), ':name': name, ':now': now })
      if (game) return toGame(game)
    }
  }

  game(code: string): Game | undefined {
    const row = this.#one('SELECT * FROM games WHERE code = :code', { ':code': code })
    return row && toGame(row)
  }

  players(code: string): Player[] {
    return this.#all('SELECT * FROM players WHERE game_code = :code ORDER BY id', { ':code': code }).map(
      toPlayer,
    )
  }

  seat(code: string, user: string): Player | undefined {
    const row = this.#one(sql.seat, { ':code': code, ':user': user })
    return row && toPlayer(row)
  }

  /** Gives a person of the database a seat in a game that is there, or changes the one that they have. */
  join(code: string, user: string, { name, role, team_number }: JoinInput): Player {
    const seat = { ':code': code, ':user': user, ':name': name, ':role': role, ':team': team_number }
    return toPlayer(this.#one(sql.join, seat)!)
  }

  challenge(code: string, id: number): GameChallenge | undefined {
    return this.#challenge(sql.challenge, { ':code': code, ':id': id })
  }

  /** What is requested or assigned, oldest first. */
  active(code: string): GameChallenge[] {
    return this.#all(sql.active, { ':code': code }).map(toGameChallenge)
  }

  /** What is over, the newest first. */
  history(code: string): GameChallenge[] {
    return this.#all(sql.history, { ':code': code }).map(toGameChallenge)
  }

  /** For a seat of that game, whose name the challenge keeps. */
  request(code: string, now: number, input: RequestInput & { readonly name: string }): GameChallenge {
    const values = {
      ':code': code,
      ':player': input.player_id,
      ':name': input.name,
      ':type': input.building_type,
      ':building': input.building_name,
      ':team': input.team_number,
      ':school': Number(input.has_school),
      ':now': now,
    }
    return this.#challenge(sql.request, values)!
  }

  /** Starts its time, which stands while the game is paused; `undefined` unless it is requested. */
  assign(moment: Moment, input: Assignment): GameChallenge | undefined {
    return this.#challenge(sql.assign, {
      ...valuesOf(moment),
      ':type': input.challenge_type,
      ':description': input.challenge_description,
      ':target': input.target_number,
      ':limit': input.time_limit_seconds,
    })
  }

  /** `undefined` unless it is assigned. */
  complete(moment: Moment): GameChallenge | undefined {
    return this.#challenge(sql.complete, valuesOf(moment))
  }

  /** `undefined` when it is over. */
  cancel(moment: Moment): GameChallenge | undefined {
    return this.#challenge(sql.cancel, valuesOf(moment))
  }

  /** Expires all, of every game, whose time is over; in the order in which that was. */
  expireDue(now: number): GameChallenge[] {
    const expired = this.#all(sql.expire, { ':now': now }).map(toGameChallenge)
    return expired.sort((a, b) => String(a.ended_at).localeCompare(String(b.ended_at)) || byId(a, b))
  }

  /** When the next time is over, in any game. */
  nextEnd(): number | undefined {
    const end = this.#one(sql.nextEnd, {})?.['first']
    return end === null ? undefined : Number(end)
  }

  /** Stops all clocks of a game and keeps what is left; `undefined` when it is paused already. */
  pause(code: string, now: number): ClocksMoved | undefined {
    return this.#moveClocks([sql.pause, sql.stop], { ':code': code, ':now': now })
  }

  /** Lets all clocks of a game go on with what was left; `undefined` when it is not paused. */
  resume(code: string, now: number): ClocksMoved | undefined {
    return this.#moveClocks([sql.resume, sql.start], { ':code': code, ':now': now })
  }

  #moveClocks([game, clocks]: readonly [string, string], values: Values): ClocksMoved | undefined {
    return transaction(this.#db, () => {
      const row = this.#one(game, values)
      return (
        row && { game: toGame(row), challenges: this.#all(clocks, values).map(toGameChallenge).sort(byId) }
      )
    })
  }

  #challenge(statement: string, values: Values): GameChallenge | undefined {
    const row = this.#one(statement, values)
    return row && toGameChallenge(row)
  }

  #one(statement: string, values: Values): Row | undefined {
    return this.#all(statement, values)[0]
  }

  #all(statement: string, values: Values): Row[] {
    return this.#db.all(statement, values)
  }
}

type Values = Record<string, string | number>

function valuesOf({ code, id, now }: Moment): Values {
  return { ':code': code, ':id': id, ':now': now }
}

function byId(a: GameChallenge, b: GameChallenge): number {
  return a.id - b.id
}

/** Without what is read as something else when it is told aloud or written by hand. */
const letters = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789'

function randomCode(): string {
  return Array.from({ length: 6 }, () => letters[randomInt(letters.length)]).join('')
}
