import { manualClock } from 'syncline/testing'
import { describe, expect, test } from 'vitest'
import { inTime, unanswered, undecided } from '../../../src/server/in-time.ts'

function setUp() {
  const clock = manualClock()
  return { clock, deadline: { clock, ms: 1_000, late: undecided } }
}

describe('work that has a deadline', () => {
  test('is handed back as it is when it is done already, without a timer', () => {
    const { clock, deadline } = setUp()
    for (const value of [undefined, null, 0, {}]) expect(inTime(value, deadline)).toBe(value)
    expect(clock.pending).toBe(0)
  })

  test('gives what it comes to, and its timer goes', async () => {
    const { clock, deadline } = setUp()
    expect(await inTime(Promise.resolve(7), deadline)).toBe(7)
    const failure = new Error('mine')
    await expect(inTime(Promise.reject(failure), deadline)).rejects.toBe(failure)
    expect(clock.pending).toBe(0)
  })

  test('fails at its deadline and not before, and what comes later changes nothing', async () => {
    const { clock, deadline } = setUp()
    let finish: (value: number) => void = () => {}
    const work = new Promise<number>((resolve) => {
      finish = resolve
    })
    const outcomes: unknown[] = []
    void Promise.resolve(inTime(work, deadline)).then(
      (value) => outcomes.push(value),
      (error) => outcomes.push(error),
    )
    await clock.advance(999)
    expect(outcomes).toEqual([])
    await clock.advance(1)
    finish(7)
    await clock.settle()
    expect(outcomes).toMatchObject([{ code: 'unavailable', message: 'Not decided in 1000 ms' }])
  })

  test('may be of anything that can be waited for', async () => {
    const { deadline } = setUp()
    // biome-ignore lint/suspicious/noThenProperty: query builders have one
    const thenable = { then: (resolve: (value: number) => void) => resolve(7) } as PromiseLike<number>
    expect(await inTime(thenable, deadline)).toBe(7)
  })
})

test('what is late says whether the same may be asked again', () => {
  expect([undecided(5), unanswered(5)]).toMatchObject([
    { code: 'unavailable', retryable: true },
    { code: 'timeout', retryable: true },
  ])
})
