import sqlite from 'node-sqlite3-wasm'
import { describe, expect, it } from 'vitest'
import { openDatabase } from '../server/database.ts'
import { migrations } from '../server/migrations.ts'
import { Challenge } from '../shared/challenge.ts'
import { ask, list, signIn, startApi, toggle } from './support.ts'
import { temporaryFile } from './temporary-file.ts'

/** A file as the first version of this app left it: one table, and no number of its form. */
function fileOfFirstVersion(): string {
  const file = temporaryFile()
  const db = new sqlite.Database(file)
  db.exec(`
    CREATE TABLE challenges (
      id INTEGER PRIMARY KEY,
      name TEXT NOT NULL,
      description TEXT NOT NULL,
      category TEXT NOT NULL,
      is_active INTEGER NOT NULL DEFAULT 0 CHECK (is_active IN (0, 1)),
      version INTEGER NOT NULL
    ) STRICT;
    INSERT INTO challenges VALUES (3, 'Old', 'It was there before.', 'Mind', 1, 1500), (7, 'Older', '', 'Body', 0, 1400)`)
  db.close()
  return file
}

function formOf(file: string): unknown {
  const db = new sqlite.Database(file)
  const form = db.get('PRAGMA user_version')?.['user_version']
  db.close()
  return form
}

describe('a file of a former form', () => {
  it('keeps its rows, and can do all that a new one can', async () => {
    const file = fileOfFirstVersion()
    expect(formOf(file)).toBe(0)
    const { url } = await startApi(file)
    const rows = await list(url)
    expect(rows.map(({ id, name, version, joined }) => [id, name, version, joined])).toEqual([
      [3, 'Old', 1500, []],
      [7, 'Older', 1400, []],
    ])
    expect((await toggle(url, 3)).toggle_details.is_active).toBe(false)
    const { token, person } = await signIn(url)
    expect((await ask(url, Challenge, { to: 'PUT /challenges/7/join', token })).joined).toEqual([person.id])
    expect(formOf(file)).toBe(migrations.length)
  })

  it('is as it was when a migration fails', () => {
    const file = fileOfFirstVersion()
    const db = new sqlite.Database(file)
    db.exec('CREATE TABLE games (taken TEXT)')
    db.close()
    expect(() => openDatabase({ file })).toThrow('table games already exists')
    expect(formOf(file)).toBe(0)
    const after = new sqlite.Database(file)
    expect(after.all('SELECT id FROM challenges ORDER BY id')).toEqual([{ id: 3 }, { id: 7 }])
    after.close()
  })
})

describe('a file of a newer form', () => {
  it('is not touched', () => {
    const file = temporaryFile()
    openDatabase({ file }).close()
    const db = new sqlite.Database(file)
    db.exec('PRAGMA user_version = 99')
    db.close()
    expect(() => openDatabase({ file })).toThrow('a newer version of this app made it')
    expect(formOf(file)).toBe(99)
  })
})
