import { type Broadcaster, memory } from 'syncline/server'
import { manualClock } from 'syncline/testing'
import type { Clock } from '../../src/shared/clock.ts'

type Method = 'append' | 'subscribe' | 'read'

/** A memory broadcaster that counts who follows, and fails or waits where the test says so. */
export function watchedBroadcaster(clock: Clock = manualClock()) {
  const inner = memory({ clock })
  const failures = new Map<Method, unknown>()
  const held = new Map<Method, Promise<void>>()
  const calls: string[] = []
  let following = 0

  /** Counts the call, waits while the method is held, and fails where that was asked for. */
  const pass = async (method: Method, channel: string) => {
    calls.push(`${method} ${channel}`)
    await held.get(method)
    if (!failures.has(method)) return
    const failure = failures.get(method)
    failures.delete(method)
    throw failure
  }

  const broadcaster: Broadcaster = {
    ...inner,
    async append(channel, body, once) {
      await pass('append', channel)
      return inner.append(channel, body, once)
    },
    async read(channel, options) {
      await pass('read', channel)
      return inner.read(channel, options)
    },
    async subscribe(channel, deliver) {
      await pass('subscribe', channel)
      const undo = await inner.subscribe(channel, deliver)
      following++
      let isUndone = false
      return () => {
        if (isUndone) return
        isUndone = true
        following--
        undo()
      }
    },
  }

  return {
    broadcaster,
    /** What was called, as `method channel`. */
    calls,
    /** How many subscriptions are in force. */
    get following() {
      return following
    },
    /** Appends without being counted, held or failed. */
    append: (channel: string, body: string) => inner.append(channel, body),
    /** Makes the next call of a method reject. */
    failNext: (method: Method, failure: unknown) => void failures.set(method, failure),
    /** Makes calls of a method wait until what this returns is called. */
    hold(method: Method): () => void {
      let release = () => {}
      const waiting = new Promise<void>((resolve) => {
        release = resolve
      })
      held.set(method, waiting)
      return () => {
        held.delete(method)
        release()
      }
    },
  }
}
