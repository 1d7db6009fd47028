import { randomBytes } from 'node:crypto'
import type { Person } from '../shared/identity.ts'
import type { Database } from './database.ts'

/** Who there is, by name, and the secret that signs their tokens. */
export interface PeopleStore {
  /** Made with the file, so that tokens outlive the process. */
  readonly secret: Uint8Array
  add(name: string): Person
  /** Gives somebody another name; `undefined` when there is no such person. */
  rename(person: Person): Person | undefined
  find(id: string): Person | undefined
}

export function peopleStore(db: Database): PeopleStore {
  return {
    secret: secretOf(db),
    add(name) {
      const id = randomBytes(12).toString('base64url')
      db.run('INSERT INTO people (id, name) VALUES (?, ?)', [id, name])
      return { id, name }
    },
    rename: ({ id, name }) =>
      db.run('UPDATE people SET name = ? WHERE id = ?', [name, id]).changes ? { id, name } : undefined,
    find(id) {
      const row = db.get('SELECT name FROM people WHERE id = ?', [id])
      return row ? { id, name: String(row['name']) } : undefined
    },
  }
}

function secretOf(db: Database): Uint8Array {
  // Two processes that start at once must end with one secret, so the second one keeps what is there.
  db.run(`INSERT OR IGNORE INTO secrets VALUES ('tokens', ?)`, [randomBytes(32)])
  return db.get(`SELECT value FROM secrets WHERE name = 'tokens'`)?.['value'] as Uint8Array
}
