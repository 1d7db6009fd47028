import type { Database } from 'node-sqlite3-wasm'
import { seedChallenges, seedGame } from './seed.ts'

/** Takes a database from one form to the next; `time` is now, in milliseconds since 1970. */
export type Migration = (db: Database, time: number) => void

/** Every form that a file can have, oldest first: `PRAGMA user_version` says how many of these it has been through. */
export const migrations: readonly Migration[] = [toggles, identityAndGame]

/** What the first version made, which knew no numbers of forms: its files have the table already. */
function toggles(db: Database, time: number): void {
  db.exec(`
    CREATE TABLE IF NOT EXISTS challenges (
      id INTEGER PRIMARY KEY,
      name TEXT NOT NULL,
      description TEXT NOT NULL,
      category TEXT NOT NULL,
      is_active INTEGER NOT NULL DEFAULT 0 CHECK (is_active IN (0, 1)),
      version INTEGER NOT NULL
    ) STRICT`)
  if (db.get('SELECT 1 FROM challenges LIMIT 1')) return
  for (const { name, description, category, isActive = false } of seedChallenges) {
    // Versions start at the time, so a file made anew is newer than what open pages still hold.
    db.run(
      `INSERT INTO challenges (name, description, category, is_active, version) VALUES (?, ?, ?, ?, ?)`,
      [name, description, category, isActive, time],
    )
  }
}

function identityAndGame(db: Database, time: number): void {
  // AUTOINCREMENT, because challenges can be deleted now: the id of one that is gone must not become another's.
  db.exec(`
    CREATE TABLE challenges_kept (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      name TEXT NOT NULL,
      description TEXT NOT NULL,
      category TEXT NOT NULL,
      is_active INTEGER NOT NULL DEFAULT 0 CHECK (is_active IN (0, 1)),
      version INTEGER NOT NULL
    ) STRICT;
    INSERT INTO challenges_kept SELECT id, name, description, category, is_active, version FROM challenges;
    DROP TABLE challenges;
    ALTER TABLE challenges_kept RENAME TO challenges;

    CREATE TABLE secrets (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
    CREATE TABLE people (id TEXT PRIMARY KEY, name TEXT NOT NULL) STRICT;
    CREATE TABLE joins (
      challenge_id INTEGER NOT NULL REFERENCES challenges (id) ON DELETE CASCADE,
      person_id TEXT NOT NULL REFERENCES people (id),
      PRIMARY KEY (challenge_id, person_id)
    ) STRICT;

    CREATE TABLE games (
      code TEXT PRIMARY KEY,
      name TEXT NOT NULL,
      paused_at INTEGER,
      version INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE players (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      game_code TEXT NOT NULL REFERENCES games (code),
      user_id TEXT NOT NULL REFERENCES people (id),
      name TEXT NOT NULL,
      role TEXT NOT NULL CHECK (role IN ('player', 'host', 'banker')),
      team_number INTEGER NOT NULL,
      UNIQUE (game_code, user_id)
    ) STRICT;
    CREATE TABLE game_challenges (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      game_code TEXT NOT NULL REFERENCES games (code),
      player_id INTEGER NOT NULL REFERENCES players (id),
      player_name TEXT NOT NULL,
      building_type TEXT NOT NULL,
      building_name TEXT NOT NULL,
      team_number INTEGER NOT NULL,
      has_school INTEGER NOT NULL CHECK (has_school IN (0, 1)),
      challenge_type TEXT,
      challenge_description TEXT,
      target_number INTEGER,
      status TEXT NOT NULL CHECK (status IN ('requested', 'assigned', 'completed', 'cancelled', 'expired')),
      requested_at INTEGER NOT NULL,
      assigned_at INTEGER,
      ended_at INTEGER,
      time_limit_seconds INTEGER NOT NULL,
      ends_at INTEGER,
      remaining_ms INTEGER,
      version INTEGER NOT NULL,
      -- Whoever is assigned has a clock that runs or one that stands, and nobody else has either.
      CHECK ((status = 'assigned') = ((ends_at IS NULL) <> (remaining_ms IS NULL)))
    ) STRICT;
    CREATE INDEX game_challenges_by_game ON game_challenges (game_code, status);
    CREATE INDEX game_challenges_by_end ON game_challenges (ends_at) WHERE ends_at IS NOT NULL`)
  db.run('INSERT INTO games (code, name, version) VALUES (?, ?, ?)', [seedGame.code, seedGame.name, time])
}
