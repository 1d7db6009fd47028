import type { Position } from 'syncline'
import { describe, expect, test } from 'vitest'
import { checkHistory, type Fact } from '../../../src/testing/history.ts'

const at = (offset: number, epoch = 'E'): Position => ({
  epoch,
  offset,
  tag: offset === 0 ? '' : `t${offset}`,
})
const appended = (id: number, position = at(id)): Fact => ({ kind: 'appended', channel: 'a', position, id })
const listening: Fact = { kind: 'listening', listener: 'l', channel: 'a' }
const subscribed = (position: Position, recovered: boolean | null = null): Fact => ({
  kind: 'subscribed',
  listener: 'l',
  position,
  recovered,
})
const delivered = (id: number, position = at(id)): Fact => ({
  kind: 'delivered',
  listener: 'l',
  position,
  id,
})
const gap = (position: Position): Fact => ({ kind: 'gap', listener: 'l', position })
const left: Fact = { kind: 'left', listener: 'l' }
const settled: Fact = { kind: 'settled' }

const rulesOf = (...history: Fact[]) => checkHistory(history).map(({ rule }) => rule)

describe('a history is good', () => {
  test('when everything after the subscription is delivered in order', () => {
    const start = [listening, appended(1), subscribed(at(1))]
    expect(rulesOf(...start, appended(2), appended(3), delivered(2), delivered(3), settled)).toEqual([])
  })

  test('when a gap comes before what cannot be joined to what was before', () => {
    const start = [listening, subscribed(at(0)), appended(1), delivered(1), appended(2), appended(3)]
    expect(rulesOf(...start, gap(at(2)), subscribed(at(2), false), delivered(3), settled)).toEqual([])
  })

  test('when a new log is announced by a gap', () => {
    const start = [listening, subscribed(at(0)), appended(1), delivered(1), appended(2, at(1, 'F'))]
    expect(rulesOf(...start, gap(at(1, 'F')), settled)).toEqual([])
  })

  test('when a listener that has left hears nothing more', () => {
    expect(rulesOf(listening, subscribed(at(0)), left, appended(1), settled)).toEqual([])
  })
})

describe('a history is caught', () => {
  const start = [listening, subscribed(at(0)), appended(1), appended(2), appended(3)]

  test.each<[string, Fact[]]>([
    ['continuity', [...start, delivered(1), delivered(3)]],
    ['continuity', [...start, delivered(1), appended(4, at(2, 'F')), delivered(4, at(2, 'F'))]],
    ['duplicate', [...start, delivered(1), delivered(1)]],
    ['duplicate', [...start, delivered(1), delivered(2), delivered(1)]],
    ['fork', [...start, delivered(9, at(1))]],
    ['fork', [...start, delivered(1, { epoch: 'E', offset: 1, tag: 'other' })]],
    ['silent', [...start, delivered(1), subscribed(at(3), null)]],
    ['silent', [...start, delivered(1), subscribed(at(3), false)]],
    ['silent', [...start, delivered(1), gap(at(2)), subscribed(at(3), false)]],
    ['fork', [listening, appended(1), delivered(9, at(1))]],
    ['fork', [...start, delivered(1), gap(at(7))]],
    ['fork', [listening, appended(1), subscribed(at(7))]],
    ['first', [listening, appended(1), subscribed(at(1), true)]],
    ['first', [...start, delivered(1), subscribed(at(1), null)]],
    ['spurious gap', [...start, delivered(1), gap(at(1))]],
    ['tail', [...start, delivered(1), delivered(2), settled]],
    ['tail', [listening, appended(1), settled]],
    ['after leaving', [...start, left, delivered(1)]],
    ['after leaving', [...start, left, gap(at(3))]],
  ])('that breaks the rule "%s"', (rule, history) => {
    expect(rulesOf(...history)).toContain(rule)
  })
})
