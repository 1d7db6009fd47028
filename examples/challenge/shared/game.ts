import * as z from 'zod'

export const Role = z.enum(['player', 'host', 'banker'])
export type Role = z.output<typeof Role>

export const GameCode = z.string().regex(/^[A-Z0-9]{4,8}$/)

/** One game. Times are the server's, in milliseconds since 1970. */
export const Game = z.object({
  code: GameCode,
  name: z.string().min(1),
  /** Since when it is paused; `null` while it runs. */
  paused_at: z.int().nullable(),
  /** Grows with every change of the row. */
  version: z.int().positive(),
})
export type Game = z.output<typeof Game>

/** Somebody's seat in a game. */
export const Player = z.object({
  id: z.int().positive(),
  /** The id of the person whose seat it is. */
  user_id: z.string(),
  name: z.string().trim().min(1).max(40),
  role: Role,
  team_number: z.int().min(1).max(8),
})
export type Player = z.output<typeof Player>

export const Status = z.enum(['requested', 'assigned', 'completed', 'cancelled', 'expired'])
export type Status = z.output<typeof Status>

/** One challenge of a game, as it travels: in HTTP answers and in events alike. */
export const GameChallenge = z.object({
  id: z.int().positive(),
  game_code: GameCode,
  player_id: z.int().positive(),
  player_name: z.string(),
  building_type: z.string().min(1).max(30),
  building_name: z.string().min(1).max(40),
  team_number: z.int(),
  has_school: z.boolean(),
  /** The three are `null` until it is assigned. */
  challenge_type: z.string().nullable(),
  challenge_description: z.string().nullable(),
  target_number: z.int().nullable(),
  status: Status,
  /** ISO 8601, in UTC. */
  requested_at: z.string(),
  assigned_at: z.string().nullable(),
  /** When it was completed, cancelled or expired. */
  ended_at: z.string().nullable(),
  /** How long there is from the assignment on, in seconds. */
  time_limit_seconds: z.int().positive(),
  /** When its time runs out on the server's clock, in milliseconds since 1970; `null` unless it runs. */
  ends_at: z.int().nullable(),
  /** How much time was left when the game was paused, in milliseconds; `null` unless it is assigned and paused. */
  remaining_ms: z.int().nullable(),
  /** Grows with every change of the row, so that of two copies the newer one is known. */
  version: z.int().positive(),
})
export type GameChallenge = z.output<typeof GameChallenge>

/** The body of `POST /api/v2/games`. */
export const NewGame = z.object({ name: z.string().trim().min(1).max(60) })
/** The body of `POST /api/v2/games/:code/join`. Who has a seat already gets it again, with what this says. */
export const JoinInput = Player.pick({ name: true, role: true, team_number: true })
export type JoinInput = z.output<typeof JoinInput>
/** The answer of `GET /api/v2/games/:code/seat`, for whoever may not see the rest yet, too. */
export const SeatView = z.object({ game: Game, seat: Player.nullable() })
export type SeatView = z.output<typeof SeatView>
/** The answer of `GET /api/v2/games/:code`. */
export const GameView = z.object({ game: Game, players: z.array(Player) })
export type GameView = z.output<typeof GameView>

/** The body of `POST /api/v2/challenges/:code/request`. */
export const RequestInput = GameChallenge.pick({
  player_id: true,
  building_type: true,
  building_name: true,
  team_number: true,
  has_school: true,
})
export type RequestInput = z.output<typeof RequestInput>

/** The body of `POST /api/v2/challenges/:code/:id/assign`. */
export const AssignInput = z.object({
  challenge_type: z.string().min(1).max(30),
  challenge_description: z.string().trim().min(1).max(80),
  target_number: z.int().min(1).max(1_000),
  time_limit_seconds: z.int().min(3).max(3_600).default(600),
})
export type AssignInput = z.input<typeof AssignInput>

/** The answer of `GET …/active` and `GET …/history`. With `include_time_remaining`, what is assigned has `time_remaining_seconds`. */
export const GameChallengeList = z.object({
  challenges: z.array(GameChallenge.extend({ time_remaining_seconds: z.number().nullable().optional() })),
})

/** What everyone in a game hears when its clocks stop, and when they go on: all challenges that this moves, at once. */
export const ClocksMoved = z.object({ game: Game, challenges: z.array(GameChallenge) })
export type ClocksMoved = z.output<typeof ClocksMoved>
