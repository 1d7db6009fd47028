import type { Database } from 'node-sqlite3-wasm'
import sqlite from 'node-sqlite3-wasm'
import type { Challenge } from '../shared/challenge.ts'
import { seedChallenges } from './seed.ts'

const schema = `
  CREATE TABLE IF NOT EXISTS challenges (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    category TEXT NOT NULL,
    is_active INTEGER NOT NULL DEFAULT 0 CHECK (is_active IN (0, 1)),
    version INTEGER NOT NULL
  ) STRICT`

// One statement reads and writes, so two toggles at once are two toggles and never one.
const toggleSql = `
  UPDATE challenges SET is_active = 1 - is_active, version = MAX(version + 1, :now)
  WHERE id = :id RETURNING *`

export interface StoreOptions {
  /** Path of the SQLite file; made when it is missing. */
  readonly file: string
  /** The time in milliseconds since 1970; the real clock by default. */
  readonly now?: () => number
}

/** The challenges in their SQLite file. A method that returned has committed. */
export interface ChallengeStore {
  /** Every challenge, by id. */
  list(): Challenge[]
  /** Switches one on or off and returns it as committed; `undefined` when there is no such id. */
  toggle(id: number): Challenge | undefined
  close(): void
}

/** Opens the store; an empty one is filled with {@link seedChallenges}. Throws one line that says what to do. */
export function openStore({ file, now = Date.now }: StoreOptions): ChallengeStore {
  const db = openDatabase(file)
  try {
    db.exec(`PRAGMA busy_timeout = 1000; ${schema}`)
    seed(db, now())
  } catch (error) {
    db.close()
    throw explain(error, file)
  }
  return {
    list: () => db.all('SELECT * FROM challenges ORDER BY id').map(toChallenge),
    toggle(id) {
      const [row] = db.all(toggleSql, { ':id': id, ':now': now() })
      return row && toChallenge(row)
    },
    close: () => db.close(),
  }
}

function openDatabase(file: string): Database {
  try {
    return new sqlite.Database(file)
  } catch (error) {
    throw explain(error, file)
  }
}

function seed(db: Database, time: number): void {
  if (db.get('SELECT 1 FROM challenges LIMIT 1')) return
  db.exec('BEGIN IMMEDIATE')
  for (const { name, description, category, isActive = false } of seedChallenges) {
    // Versions start at the time, so a file made anew is newer than what open pages still hold.
    db.run(
      `INSERT INTO challenges (name, description, category, is_active, version) VALUES (?, ?, ?, ?, ?)`,
      [name, description, category, isActive, time],
    )
  }
  db.exec('COMMIT')
}

function toChallenge(row: Record<string, unknown>): Challenge {
  return {
    id: Number(row['id']),
    name: String(row['name']),
    description: String(row['description']),
    category: String(row['category']),
    version: Number(row['version']),
    toggle_details: { is_active: row['is_active'] === 1 },
  }
}

function explain(cause: unknown, file: string): Error {
  const reason = cause instanceof Error ? cause.message : String(cause)
  const remedy = reason.includes('locked')
    ? `if no other process has it open, remove the folder ${file}.lock`
    : 'check that the folder exists and can be written, or set DB_FILE to another path'
  return new Error(`Cannot open the challenges in ${file}: ${reason}; ${remedy}.`, { cause })
}
