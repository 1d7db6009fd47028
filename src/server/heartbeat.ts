import type { HubSettings } from './options.ts'
import type { Session } from './session.ts'

/**
 * Keeps a ready session's link from going silent: pings when, in the last `pingMs`, either nothing came from the
 * client or nothing went to it, and ends it when no answer comes. The first ping is jittered, so that sessions
 * that came together are not pinged together.
 */
export function startHeartbeat(session: Session, { clock, random, pingMs, pongMs }: HubSettings): void {
  const look = () => {
    const isSilent = !session.heard
    if (isSilent || !session.told) session.send(['ping'])
    session.heard = session.told = false
    schedule(isSilent ? check : look, isSilent ? pongMs : pingMs)
  }
  const check = () => {
    if (session.heard) schedule(look, Math.max(0, pingMs - pongMs))
    else session.close(4001, `no answer to a ping in ${pongMs} ms`)
  }
  // One pending timer a session; cancelled with it.
  let cancel = () => {}
  const schedule = (run: () => void, ms: number) => {
    if (!session.scope.disposed) cancel = clock.after(ms, run)
  }
  session.scope.own(() => cancel())
  schedule(look, Math.floor(pingMs * (0.5 + random() / 2)))
}
