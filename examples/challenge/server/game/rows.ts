import type { Game, GameChallenge, Player } from '../../shared/game.ts'
import type { Row } from '../database.ts'

export function toGame(row: Row): Game {
  return {
    code: String(row['code']),
    name: String(row['name']),
    paused_at: numberOrNull(row['paused_at']),
    version: Number(row['version']),
  }
}

export function toPlayer(row: Row): Player {
  return {
    id: Number(row['id']),
    user_id: String(row['user_id']),
    name: String(row['name']),
    role: row['role'] as Player['role'],
    team_number: Number(row['team_number']),
  }
}

export function toGameChallenge(row: Row): GameChallenge {
  return {
    id: Number(row['id']),
    game_code: String(row['game_code']),
    player_id: Number(row['player_id']),
    player_name: String(row['player_name']),
    building_type: String(row['building_type']),
    building_name: String(row['building_name']),
    team_number: Number(row['team_number']),
    has_school: row['has_school'] === 1,
    challenge_type: textOrNull(row['challenge_type']),
    challenge_description: textOrNull(row['challenge_description']),
    target_number: numberOrNull(row['target_number']),
    status: row['status'] as GameChallenge['status'],
    requested_at: timeOrNull(row['requested_at'])!,
    assigned_at: timeOrNull(row['assigned_at']),
    ended_at: timeOrNull(row['ended_at']),
    time_limit_seconds: Number(row['time_limit_seconds']),
    ends_at: numberOrNull(row['ends_at']),
    remaining_ms: numberOrNull(row['remaining_ms']),
    version: Number(row['version']),
  }
}

function numberOrNull(value: unknown): number | null {
  return value === null || value === undefined ? null : Number(value)
}

function textOrNull(value: unknown): string | null {
  return value === null || value === undefined ? null : String(value)
}

function timeOrNull(value: unknown): string | null {
  return value === null || value === undefined ? null : new Date(Number(value)).toISOString()
}
