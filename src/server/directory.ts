import type { SessionChoice } from './hub-session.ts'
import type { Session } from './session.ts'

/** Which sessions are ready, by their public id and by their user. */
export class Directory {
  readonly #byId = new Map<string, Session>()
  readonly #byUser = new Map<string, Session[]>()

  /** Those of whom the app is being asked who they are. */
  readonly asking = new Set<Session>()

  /** How many there are. */
  get size(): number {
    return this.#byId.size
  }

  get(id: string): Session | undefined {
    return this.#byId.get(id)
  }

  ofUser(id: string): readonly Session[] {
    return this.#byUser.get(id) ?? []
  }

  /** All of a user who come in after this came before it: who is being asked about now is not let in as this user. */
  sendAway(user: string): void {
    for (const session of this.asking) {
      session.awayUsers ??= new Set()
      session.awayUsers.add(user)
    }
  }

  chosen(which: SessionChoice): readonly Session[] {
    if ('user' in which) return [...this.ofUser(String(which.user))]
    const session = this.get(which.session)
    return session ? [session] : []
  }

  /** Adds a session that has its id and its user. */
  add(session: Session): void {
    this.#byId.set(session.id, session)
    const user = session.user!.id
    const sessions = this.#byUser.get(user)
    if (sessions) sessions.push(session)
    else this.#byUser.set(user, [session])
  }

  /** Removes a session; another one of the same id stays. */
  remove(session: Session): void {
    if (this.#byId.get(session.id) === session) this.#byId.delete(session.id)
    const user = session.user?.id
    const sessions = user === undefined ? undefined : this.#byUser.get(user)
    const at = sessions?.indexOf(session) ?? -1
    if (!sessions || at < 0) return
    sessions.splice(at, 1)
    if (sessions.length === 0) this.#byUser.delete(user!)
  }
}
