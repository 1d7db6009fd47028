import type { Challenge, ChallengeInput } from '../shared/challenge.ts'
import { type Database, type OpenOptions, openDatabase, type Row, transaction } from './database.ts'

const joined = `(SELECT json_group_array(person_id) FROM
  (SELECT person_id FROM joins WHERE challenge_id = challenges.id ORDER BY joins.rowid)) AS joined`

const nextVersion = 'MAX(version + 1, :now)'

// One statement reads and writes, so two toggles at once are two toggles and never one.
const toggleSql = `
  UPDATE challenges SET is_active = 1 - is_active, version = ${nextVersion}
  WHERE id = :id AND is_active IS NOT :wanted RETURNING *, ${joined}`

const createSql = `
  INSERT INTO challenges (name, description, category, version)
  VALUES (:name, :description, :category, :now) RETURNING *, ${joined}`

/** What an operation left, and whether that is news. */
export interface Change {
  readonly challenge: Challenge
  /** `false` when it was like that already. */
  readonly changed: boolean
}

export interface Membership {
  readonly id: number
  /** The id of a person that the database knows. */
  readonly person: string
}

/** The challenges in their SQLite file. A method that returned has committed; `undefined` says that there is no such id. */
export interface ChallengeStore {
  /** Every challenge, by id. */
  list(): Challenge[]
  /** Switches one on or off: to `wanted`, or, without it, to the other state than the present one. */
  toggle(id: number, wanted?: boolean): Change | undefined
  create(input: ChallengeInput): Challenge
  /** Deletes one with all who joined it, and returns what it was. */
  remove(id: number): Challenge | undefined
  join(membership: Membership): Change | undefined
  leave(membership: Membership): Change | undefined
}

/** A store with a connection of its own. */
export interface OpenChallengeStore extends ChallengeStore {
  close(): void
}

/** Opens the store; a file that is missing is made and filled. Throws one line that says what to do. */
export function openStore(options: OpenOptions): OpenChallengeStore {
  const db = openDatabase(options)
  return { ...challengeStore(db, options.now ?? Date.now), close: () => db.close() }
}

/** The challenges of an open database; `now` is the time in milliseconds since 1970. */
export function challengeStore(db: Database, now: () => number): ChallengeStore {
  const one = (sql: string, values: Row) => {
    const [row] = db.all(sql, values as Record<string, string>)
    return row && toChallenge(row)
  }
  const read = (id: number) => one(`SELECT *, ${joined} FROM challenges WHERE id = :id`, { ':id': id })
  const asItIs = (id: number): Change | undefined => {
    const challenge = read(id)
    return challenge && { challenge, changed: false }
  }
  const moveMember = (sql: string, { id, person }: Membership) =>
    transaction(db, () => {
      if (!read(id) || db.run(sql, [id, person]).changes === 0) return asItIs(id)
      db.run(`UPDATE challenges SET version = ${nextVersion} WHERE id = :id`, { ':id': id, ':now': now() })
      return { challenge: read(id)!, changed: true }
    })
  return {
    list: () => db.all(`SELECT *, ${joined} FROM challenges ORDER BY id`).map(toChallenge),
    toggle(id, wanted) {
      const on = wanted === undefined ? null : Number(wanted)
      const challenge = one(toggleSql, { ':id': id, ':wanted': on, ':now': now() })
      return challenge ? { challenge, changed: true } : asItIs(id)
    },
    create: ({ name, description, category }) =>
      one(createSql, { ':name': name, ':description': description, ':category': category, ':now': now() })!,
    remove: (id) =>
      transaction(db, () => {
        const challenge = read(id)
        db.run('DELETE FROM challenges WHERE id = ?', [id])
        return challenge
      }),
    join: (membership) => moveMember('INSERT OR IGNORE INTO joins VALUES (?, ?)', membership),
    leave: (membership) =>
      moveMember('DELETE FROM joins WHERE challenge_id = ? AND person_id = ?', membership),
  }
}

function toChallenge(row: Row): Challenge {
  return {
    id: Number(row['id']),
    name: String(row['name']),
    description: String(row['description']),
    category: String(row['category']),
    version: Number(row['version']),
    toggle_details: { is_active: row['is_active'] === 1 },
    joined: JSON.parse(String(row['joined'])),
  }
}
