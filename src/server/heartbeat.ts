import type { HubSettings } from './options.ts'
import type { Session } from './session.ts'

/**
 * Keeps a ready session's link from going silent: pings when, for an interval of at most `pingMs`, either nothing
 * came from the client or nothing went to it, and ends it when a silent client does not answer within `pongMs`.
 */
export function startHeartbeat(session: Session, { clock, random, pingMs, pongMs }: HubSettings): void {
  // Drawn for each session, so that those that came, or were told something, together are not pinged together.
  const intervalMs = Math.floor(pingMs * (0.75 + random() / 4))
  // One that lies ahead is from before the wall clock was set back, and proves nothing.
  const isQuiet = (since: number, now: number) => since > now || since + intervalMs <= now
  const look = () => {
    const now = clock.now()
    const { heardAt, toldAt } = session
    if (isQuiet(heardAt, now)) ask(heardAt)
    else if (isQuiet(toldAt, now)) {
      session.send(['ping'])
      schedule(look, intervalMs)
    } else schedule(look, Math.min(heardAt, toldAt) + intervalMs - now)
  }
  const ask = (heardAt: number) => {
    session.send(['ping'])
    schedule(() => (session.heardAt === heardAt ? giveUp() : look()), pongMs)
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
