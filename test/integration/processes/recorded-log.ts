import type { Appended, Broadcaster } from '../../../src/broadcasters/broadcaster.ts'
import { type MemoryOptions, memory } from '../../../src/broadcasters/memory.ts'
import { decodeBody } from '../../../src/server/fan-out.ts'
import type { NewFact } from './facts.ts'
import { idOf } from './registry.ts'

/** The memory broadcaster, of which everything that its logs take is written down before anybody hears of it. */
export function recordedLog(
  record: (fact: NewFact) => void,
  options: Required<Pick<MemoryOptions, 'maxEntries'>>,
): Broadcaster {
  const log = memory(options)
  const followed = new Set<string>()
  const follow = (channel: string) => {
    if (followed.has(channel)) return
    followed.add(channel)
    // Before all others, and so it hears first.
    void log.subscribe(channel, ({ offset, tag, previous, body }, epoch) => {
      const id = idOf(decodeBody(body).data)
      record({ kind: 'appended', channel, position: { epoch, offset, tag }, previous, id })
      const first = offset - options.maxEntries + 1
      if (first > 1) record({ kind: 'trimmed', channel, first })
    })
  }
  const noted = <A extends Appended | undefined>(appended: A): A => {
    if (appended?.duplicate) record({ kind: 'duplicate', what: 'publication' })
    return appended
  }
  return {
    ...log,
    append(channel, body, once) {
      follow(channel)
      return log.append(channel, body, once).then(noted)
    },
    recall: (channel, mark) => log.recall(channel, mark).then(noted),
    subscribe(channel, deliver) {
      follow(channel)
      return log.subscribe(channel, deliver)
    },
    async claim(request) {
      const claim = await log.claim(request)
      if (claim.state === 'settled') record({ kind: 'duplicate', what: 'request' })
      return claim
    },
  }
}
