import type { Clock } from '../shared/clock.ts'
import type { Undo } from '../shared/disposer.ts'
import { type Random, randomMark } from '../shared/random.ts'
import type { PersistStorage } from './persist-storage.ts'

/** Makes a name this page's own, until the undo is called or the page is gone; `undefined` where another page has it. */
export type Claim = (name: string) => Promise<Undo | undefined>

/** Claims by the locks of the platform, which pages have over HTTPS and on localhost: they go with their page, however it ends. */
export function lockClaims(locks: LockManager): Claim {
  return (name) =>
    new Promise((resolve, reject) => {
      locks
        .request(name, { ifAvailable: true }, (lock) => {
          if (lock) return new Promise<void>((release) => resolve(() => release()))
          resolve(undefined)
          return undefined
        })
        .catch(reject)
    })
}

/** Background pages may run a timer once a minute: a lease must outlive that. */
const leaseMs = 150_000

/** Long enough for the write of another page that asked at the same time. */
const doubtMs = 50

/** Claims by a lease in the storage, which ends by itself when the page is gone. */
export function leaseClaims(storage: PersistStorage, clock: Clock, random: Random): Claim {
  return async (name) => {
    const key = `${name}/lease`
    const own = randomMark(random, 12)
    const read = async () => (await storage.read(key)).get(key)?.split(' ') ?? []
    const write = (text: string | undefined) => storage.write(new Map([[key, text]]))
    const renew = () => write(`${own} ${clock.now() + leaseMs}`)
    const [, until] = await read()
    if (Number(until) > clock.now()) return undefined
    await renew()
    await new Promise<void>((resolve) => clock.after(doubtMs, resolve))
    const [holder] = await read()
    if (holder !== own) return undefined
    let stop: Undo
    const wait = () => {
      stop = clock.after(leaseMs / 5, () => {
        // Whoever fails to renew loses it in time, and the storage tells of itself elsewhere.
        renew().catch(() => {})
        wait()
      })
    }
    wait()
    const page: Partial<EventTarget> = globalThis
    const release = () => {
      stop()
      page.removeEventListener?.('pagehide', release)
      write(undefined).catch(() => {})
    }
    page.addEventListener?.('pagehide', release)
    return release
  }
}
