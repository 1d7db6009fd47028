import type { Broadcaster } from 'syncline/server'

/** A broadcaster that counts what is open: who follows a channel, and which requests have no result. */
export function countedBroadcaster(inner: Broadcaster): Broadcaster & {
  readonly following: number
  readonly claims: number
} {
  let following = 0
  const claims = new Set<string>()
  const ended = (key: string) => void claims.delete(key)
  return {
    ...inner,
    async subscribe(channel, deliver) {
      const undo = await inner.subscribe(channel, deliver)
      following++
      let isUndone = false
      return () => {
        if (!isUndone) following--
        isUndone = true
        undo()
      }
    },
    async claim(request) {
      const claim = await inner.claim(request)
      if (claim.state === 'granted') claims.add(request.key)
      return claim
    },
    settle: (key, owner, result) => inner.settle(key, owner, result).finally(() => ended(key)),
    release: (key, owner) => inner.release(key, owner).finally(() => ended(key)),
    get following() {
      return following
    },
    get claims() {
      return claims.size
    },
  }
}
