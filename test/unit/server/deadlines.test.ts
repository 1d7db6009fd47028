import { type Broadcaster, memory } from 'syncline/server'
import { describe, expect, test } from 'vitest'
import { withDeadlines } from '../../../src/server/deadlines.ts'
import { fakeSettings } from '../../support/fake-sessions.ts'
import { unhandledDuring } from '../../support/unhandled.ts'

/** A broadcaster whose calls do their work and whose answers come when the test says so. */
function setUp() {
  const { clock, settings, errors } = fakeSettings({ broadcasterTimeoutMs: 1_000 })
  const inner = memory({ clock })
  const gates: (() => void)[] = []
  const failures: Error[] = []
  const slow =
    <A extends unknown[], T>(call: (...args: A) => Promise<T>) =>
    async (...args: A): Promise<T> => {
      const result = await call(...args)
      await new Promise<void>((resolve) => gates.push(resolve))
      const failure = failures.shift()
      if (failure) throw failure
      return result
    }
  const released: string[] = []
  const engine: Broadcaster = {
    append: slow(inner.append),
    recall: slow(inner.recall),
    subscribe: slow(inner.subscribe),
    read: slow(inner.read),
    claim: slow(inner.claim),
    settle: slow(inner.settle),
    release: async (key, owner) => {
      released.push(key)
      await inner.release(key, owner)
    },
    close: inner.close,
  }
  const answer = async () => {
    for (const open of gates.splice(0)) open()
    await clock.settle()
  }
  return {
    clock,
    errors,
    inner,
    engine,
    failures,
    released,
    answer,
    limited: withDeadlines(engine, settings),
  }
}

const sender = { id: 's', n: 1, base: 1 }
const calls: [name: string, code: string, call: (broadcaster: Broadcaster) => Promise<unknown>][] = [
  ['append', 'indeterminate', ({ append }) => append('a', '1', { sender })],
  ['recall', 'unavailable', ({ recall }) => recall('a', sender)],
  ['subscribe', 'unavailable', ({ subscribe }) => subscribe('a', () => {})],
  ['read', 'unavailable', ({ read }) => read('a')],
  ['claim', 'unavailable', ({ claim }) => claim({ key: 'k', owner: 'o' })],
  ['settle', 'unavailable', ({ settle }) => settle('k', 'o', 'r')],
]

describe.each(calls)('a call of %s', (_name, code, call) => {
  test('that is answered in time is as without a deadline, and leaves no timer', async () => {
    const { clock, limited, answer, engine } = setUp()
    const [one, other] = [call(limited), call(engine)]
    await clock.settle()
    await answer()
    expect(typeof (await one)).toBe(typeof (await other))
    expect(clock.pending).toBe(0)
  })

  test(`that is not is ${code}`, async () => {
    const { clock, limited } = setUp()
    const outcome = call(limited).catch((error) => error.code)
    await clock.advance(1_000)
    expect(await outcome).toBe(code)
  })

  test('that fails in time, or late, tells its failure, or nothing', async () => {
    const { clock, limited, failures, answer, errors } = setUp()
    const heard = await unhandledDuring(async () => {
      failures.push(new Error('first'), new Error('second'))
      const early = call(limited).catch((error) => error.message)
      await clock.settle()
      await answer()
      expect(await early).toBe('first')
      const late = call(limited).catch((error) => error.code)
      await clock.advance(1_000)
      await answer()
      expect(await late).toBe(code)
    })
    expect([heard, errors]).toEqual([[], []])
  })
})

describe('an answer that comes late', () => {
  test('of a subscription ends it: nothing is delivered', async () => {
    const { clock, limited, answer, inner } = setUp()
    const heard: string[] = []
    const outcome = limited.subscribe('a', ({ body }) => heard.push(body)).catch(() => {})
    await clock.advance(1_000)
    await outcome
    await answer()
    await inner.append('a', '1')
    expect(heard).toEqual([])
  })

  test('of a claim gives it back, so that whoever asks again may run', async () => {
    const { clock, limited, answer, inner, released } = setUp()
    const outcome = limited.claim({ key: 'k', owner: 'o' }).catch(() => {})
    await clock.advance(1_000)
    await outcome
    expect(await inner.claim({ key: 'k', owner: 'p' })).toEqual({ state: 'held', owner: 'o' })
    await answer()
    expect(released).toEqual(['k'])
    expect(await inner.claim({ key: 'k', owner: 'p' })).toEqual({ state: 'granted' })
  })

  test('of a claim that was not granted gives nothing back', async () => {
    const { clock, limited, answer, inner, released } = setUp()
    await inner.claim({ key: 'k', owner: 'other' })
    const outcome = limited.claim({ key: 'k', owner: 'o' }).catch(() => {})
    await clock.advance(1_000)
    await outcome
    await answer()
    expect(released).toEqual([])
  })

  test('and cannot be given back is reported', async () => {
    const { clock, engine, answer, errors, limited } = setUp()
    engine.release = () => Promise.reject(new Error('gone'))
    const outcome = limited.claim({ key: 'k', owner: 'o' }).catch(() => {})
    await clock.advance(1_000)
    await outcome
    await answer()
    expect(errors).toMatchObject([{ code: 'unavailable', stage: 'deliver' }])
  })
})

test('what tells of a reconnect is there where the broadcaster has it, and not where it has not', () => {
  const { engine, limited } = setUp()
  expect(limited.onReconnect).toBeUndefined()
  const { settings } = fakeSettings()
  const listeners: (() => void)[] = []
  const onReconnect = (listener: () => void) => {
    listeners.push(listener)
    return () => {}
  }
  const listener = () => {}
  withDeadlines({ ...engine, onReconnect }, settings).onReconnect!(listener)
  expect(listeners).toEqual([listener])
})
