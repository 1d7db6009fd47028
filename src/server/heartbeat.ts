import type { HubSettings } from './options.ts'
import type { Session } from './session.ts'

/**
 * Keeps a ready session's link from going silent: pings when, for an interval of at most `pingMs`, either nothing
 * came from the client or nothing went to it, and ends it when a silent client does not answer within `pongMs`.
 */
export function startHeartbeat(session: Session, { clock, random, pingMs, pongMs }: HubSettings): void {
  // Drawn for each session, so that those that came, or were told something, together are not pinged together.
  const intervalMs = Math.floor(pingMs * (0.75 + random() / 4))
  const look = () => {
    const now = clock.now()
    const quietAt = Math.min(session.heardAt, session.toldAt) + intervalMs
    // The upper bound is for a wall clock that was set back: it must not put the next look off.
    if (quietAt > now) schedule(look, Math.min(intervalMs, quietAt - now))
    else ask(session.heardAt, now)
  }
  const ask = (heardAt: number, now: number) => {
    session.send(['ping'])
    if (heardAt + intervalMs > now) schedule(look, intervalMs)
    else schedule(() => (session.heardAt === heardAt ? giveUp() : look()), pongMs)
  }
  const giveUp = () => session.close(4001, `no answer to a ping in ${pongMs} ms`)
  // One pending timer a session; cancelled with it.
  let cancel = () => {}
  const schedule = (run: () => void, ms: number) => {
    if (!session.scope.disposed) cancel = clock.after(ms, run)
  }
  session.scope.own(() => cancel())
  look()
}
