import { describe, expect, test } from 'vitest'
import { toAnswer, toPosition } from '../../../src/server/refusals.ts'
import { SyncError, type SyncErrorCode } from '../../../src/shared/errors.ts'
import { registry } from '../../support/challenge-registry.ts'
import { readySession } from '../../support/fake-sessions.ts'
import { hubParts } from '../../support/hub-parts.ts'

function setUp() {
  const parts = hubParts(registry)
  const { session } = readySession(parts.settings)
  const attempt = { session, action: 'publish', channel: 'lobby', name: 'said' } as const
  return { ...parts, attempt }
}

describe('a refusal', () => {
  test.each<[SyncErrorCode, number]>([
    ['forbidden', 0],
    ['bad_payload', 0],
    ['out_of_order', 0],
    ['rate_limited', 0],
    ['overloaded', 0],
    ['token_expired', 0],
    ['unavailable', 1],
    ['timeout', 1],
    ['internal', 1],
  ])('with %s is taken down, and reported so many times: %i', (code, times) => {
    const { report, attempt, errors, noted } = setUp()
    report(new SyncError(code, 'no'), attempt)
    const who = { client: attempt.session.id, user: 'ann' }
    expect(noted).toMatchObject([
      { type: 'refuse', ...who, action: 'publish', channel: 'lobby', name: 'said', code },
    ])
    const reported = { code, stage: 'publish', client: who.client, channel: 'lobby', event: 'said' }
    expect(errors).toMatchObject(Array(times).fill(reported))
  })

  test('keeps 100 characters of the names that a client made up', () => {
    const { report, attempt, errors, noted } = setUp()
    const made = { channel: 'c'.repeat(100_000), name: 'n'.repeat(100_000) }
    report(new SyncError('internal', 'no'), { ...attempt, ...made })
    const [channel, name] = ['c'.repeat(100), 'n'.repeat(100)]
    expect(noted).toMatchObject([{ type: 'refuse', channel, name }])
    expect(errors).toMatchObject([{ channel, event: name }])
  })

  test('that is final and has a cause is a failure', () => {
    const { report, attempt, errors } = setUp()
    report(new SyncError('indeterminate', 'who knows', { cause: new Error('engine') }), attempt)
    expect(errors).toMatchObject([{ code: 'indeterminate' }])
  })

  test('is reported at the stage of its action, or at the one that is said', () => {
    const { report, attempt, errors } = setUp()
    const error = new SyncError('internal', 'no')
    const actions = ['subscribe', 'history', 'publish', 'tell', 'request', 'presence'] as const
    for (const action of actions) report(error, { ...attempt, action })
    report(error, { ...attempt, stage: 'deliver' })
    expect(errors.map(({ stage }) => stage).join(' ')).toBe(
      'authorize deliver publish authorize request authorize deliver',
    )
  })
})

describe('what a client is told of a failure', () => {
  test('is the error of the app where its code may travel', () => {
    const error = new SyncError('not_found', 'No such room')
    expect(toAnswer(error)).toBe(error)
  })

  test.each<[string, unknown]>([
    ['an error of the app', new Error('hunter2')],
    ['a code that does not travel', new SyncError('async_schema', 'hunter2')],
    ['a text', 'hunter2'],
    ['nothing', undefined],
  ])('is no more than internal for %s, which is the cause', (_name, cause) => {
    const answer = toAnswer(cause)
    expect([answer.code, answer.cause]).toEqual(['internal', cause])
    expect(answer.message).not.toContain('hunter2')
  })
})

test('a position travels as three elements', () => {
  expect(toPosition({ epoch: 'E', offset: 7, tag: 't' })).toEqual(['E', 7, 't'])
})
