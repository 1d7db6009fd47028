import type { Database } from 'node-sqlite3-wasm'
import sqlite from 'node-sqlite3-wasm'
import { migrations } from './migrations.ts'

export type { Database }

/** A row as SQLite gives it. */
export type Row = Record<string, unknown>

export interface OpenOptions {
  /** Path of the SQLite file; made when it is missing. */
  readonly file: string
  /** The time in milliseconds since 1970; the real clock by default. */
  readonly now?: () => number
}

/** Opens the file in today's form, and fills it when it is new. Throws one line that says what to do. */
export function openDatabase({ file, now = Date.now }: OpenOptions): Database {
  const db = explained(file, () => new sqlite.Database(file))
  try {
    explained(file, () => {
      db.exec('PRAGMA busy_timeout = 1000; PRAGMA foreign_keys = ON')
      migrate(db, now())
    })
  } catch (error) {
    db.close()
    throw error
  }
  return db
}

/** Runs `work` as one: committed whole when it returns, undone whole when it throws. */
export function transaction<T>(db: Database, work: () => T): T {
  // The lock is taken at once, so that no other process can write between what is read here and what is written.
  db.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    db.exec('COMMIT')
    return result
  } catch (error) {
    if (db.inTransaction) db.exec('ROLLBACK')
    throw error
  }
}

function migrate(db: Database, time: number): void {
  if (formOf(db) === migrations.length) return
  transaction(db, () => {
    const form = formOf(db)
    if (form > migrations.length) throw new Error(`a newer version of this app made it (form ${form})`)
    for (const step of migrations.slice(form)) step(db, time)
    db.exec(`PRAGMA user_version = ${migrations.length}`)
  })
}

/** How many migrations the file has been through. */
function formOf(db: Database): number {
  return Number(db.get('PRAGMA user_version')?.['user_version'])
}

function explained<T>(file: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`Cannot open the challenges in ${file}: ${reason}; ${remedyOf(reason, file)}.`, { cause })
  }
}

function remedyOf(reason: string, file: string): string {
  if (reason.includes('locked')) return `if no other process has it open, remove the folder ${file}.lock`
  if (reason.includes('newer')) return 'start that version, or set DB_FILE to another path'
  return 'check that the folder exists and can be written, or set DB_FILE to another path'
}
