import { describe, expect, it } from 'vitest'
import type { Challenge } from '../shared/challenge.ts'
import {
  type Action,
  initialState,
  isOn,
  reduce,
  type State,
  waitingCount,
} from '../web/src/challenges/state.ts'

const row = (id: number, version: number, isActive: boolean): Challenge => ({
  id,
  name: `Challenge ${id}`,
  description: '',
  category: 'Focus',
  version,
  toggle_details: { is_active: isActive },
  joined: [],
})

const after = (...actions: readonly Action[]): State => actions.reduce(reduce, initialState)
const rows = [row(1, 10, false), row(2, 10, true)]
const loading: Action = { type: 'loading' }
const loaded: Action = { type: 'loaded', rows }
const failed: Action = { type: 'load_failed', message: 'no answer' }
const ask = (wanted: boolean, id = 1): Action => ({ type: 'asked', id, wanted })
const wait: Action = { type: 'waiting', id: 1 }
const answer = (challenge: Challenge, wasWaiting = false): Action => ({
  type: 'answered',
  row: challenge,
  wasWaiting,
})
const refuse = (wasWaiting = false): Action => ({ type: 'refused', id: 1, message: 'no', wasWaiting })
const toggle = (challenge: Challenge, own = false): Action => ({
  type: 'toggled',
  row: challenge,
  by: own ? 'Ada' : 'Ben',
  own,
})
const change = (challenge: Challenge): Action => ({ type: 'changed', row: challenge })
const remove = (id: number): Action => ({ type: 'deleted', id })
const shown = (state: State) => state.entries.map(isOn)
const ids = (state: State) => state.entries.map((entry) => entry.row.id)

describe('loading', () => {
  it('starts in loading and is ready with the first list', () => {
    expect(initialState.phase).toBe('loading')
    expect(after(loading, loaded)).toMatchObject({ phase: 'ready', problem: undefined })
    expect(shown(after(loading, loaded))).toEqual([false, true])
  })

  it('fails when the first list does not come, and loads again on demand', () => {
    expect(after(loading, failed)).toMatchObject({ phase: 'failed', problem: 'no answer' })
    expect(after(loading, failed, loading).phase).toBe('loading')
    expect(after(loading, failed, loading, loaded)).toMatchObject({ phase: 'ready', problem: undefined })
  })

  it('keeps the list on screen while and after a refresh of it fails', () => {
    const state = after(loaded, loading, failed)
    expect(state).toMatchObject({ phase: 'ready', problem: 'no answer' })
    expect(shown(state)).toEqual([false, true])
    expect(reduce(state, loaded).problem).toBeUndefined()
  })

  it('lets a list that says nothing new leave every entry the same object', () => {
    const before = after(loading, loaded)
    const state = [loading, loaded].reduce(reduce, before)
    expect(state.entries[0]).toBe(before.entries[0])
    expect(state.entries[1]).toBe(before.entries[1])
  })

  it('keeps what is asked for and not answered yet through a list', () => {
    const state = after(loaded, ask(true), wait, loading, loaded)
    expect([shown(state), waitingCount(state)]).toEqual([[true, true], 1])
  })

  it('drops what the list no longer has and shows what is new in it', () => {
    const state = after(loaded, loading, { type: 'loaded', rows: [row(2, 10, true), row(3, 10, true)] })
    expect(ids(state)).toEqual([2, 3])
  })
})

describe('what is heard while a list is on its way', () => {
  it('is taken back by no list that was read before', () => {
    expect(shown(after(loaded, loading, toggle(row(1, 11, true)), loaded))).toEqual([true, true])
  })

  it('is remembered, the last of each, when it comes before the first list', () => {
    const events = [row(1, 11, true), row(1, 12, false), row(1, 13, true)].map((each) => toggle(each))
    const state = after(loading, ...events, loaded)
    expect(state.entries[0]!.row.version).toBe(13)
    expect(shown(state)).toEqual([true, true])
  })

  it('yields to a list that is newer', () => {
    const newer: Action = { type: 'loaded', rows: [row(1, 12, false)] }
    expect(shown(after(loading, toggle(row(1, 11, true)), newer))).toEqual([false])
  })

  it('adds what was created after the list was read', () => {
    expect(ids(after(loading, change(row(3, 1, false)), loaded))).toEqual([1, 2, 3])
    expect(ids(after(loaded, loading, change(row(3, 1, false)), loaded))).toEqual([1, 2, 3])
  })

  it('takes out what was deleted after the list was read', () => {
    expect(ids(after(loading, remove(1), loaded))).toEqual([2])
    expect(ids(after(loaded, loading, remove(1), loaded))).toEqual([2])
    expect(ids(after(loading, change(row(3, 1, false)), remove(3), loaded))).toEqual([1, 2])
  })

  it('is forgotten with the next load, whose list is newer', () => {
    const state = after(loading, change(row(3, 1, false)), remove(1), loaded, loading)
    expect(ids(reduce(state, loaded))).toEqual([1, 2])
  })
})

describe('a change made here', () => {
  it('shows the wish at once', () => {
    expect(shown(after(loaded, ask(true)))).toEqual([true, true])
    expect(shown(after(loaded, ask(false, 2)))).toEqual([false, false])
  })

  it('goes back, with the reason, when it is refused, and the next wish takes the reason away', () => {
    const state = after(loaded, ask(true), refuse())
    expect(shown(state)).toEqual([false, true])
    expect(state.entries[0]!.note).toBe('no')
    expect(reduce(state, ask(true)).entries[0]!.note).toBeUndefined()
  })

  it('does not flicker, whichever of the answer and the own event comes first', () => {
    const both = [answer(row(1, 11, true)), toggle(row(1, 11, true), true)]
    for (const order of [both, [...both].reverse()]) {
      let state = after(loaded, ask(true))
      for (const action of order) {
        state = reduce(state, action)
        expect(shown(state)).toEqual([true, true])
      }
      expect(state.entries[0]).toMatchObject({ inFlight: 0, by: 'Ada', remoteChanges: 0 })
      expect(state.announcement).toBe('')
    }
  })

  it('shows the last wish of several until all have their answer, and then the newest row', () => {
    const state = after(loaded, ask(true), ask(false), answer(row(1, 12, false)))
    expect(shown(state)).toEqual([false, true])
    const end = reduce(state, answer(row(1, 11, true)))
    expect([shown(end), end.entries[0]!.inFlight]).toEqual([[false, true], 0])
  })

  it('ends at what somebody else did last, when that was after the own change', () => {
    const state = after(loaded, ask(true), toggle(row(1, 12, false)))
    expect(shown(state)).toEqual([true, true])
    expect(shown(reduce(state, answer(row(1, 11, true))))).toEqual([false, true])
  })

  it('changes nothing when its challenge is gone meanwhile', () => {
    const before = after(loaded, ask(true), remove(1))
    for (const late of [answer(row(1, 11, true)), refuse(), wait]) expect(reduce(before, late)).toBe(before)
  })
})

describe('a change that waits for a connection', () => {
  it('is counted until it is carried out, and shown meanwhile', () => {
    const waiting = after(loaded, ask(true), wait, ask(false), wait)
    expect([waitingCount(waiting), shown(waiting)]).toEqual([2, [false, true]])
    const sent = [answer(row(1, 11, true), true), answer(row(1, 12, false), true)].reduce(reduce, waiting)
    expect([waitingCount(sent), shown(sent), sent.entries[0]!.inFlight]).toEqual([0, [false, true], 0])
  })

  it('goes back when it is refused in the end', () => {
    const state = after(loaded, ask(true), wait, refuse(true))
    expect([waitingCount(state), shown(state), state.entries[0]!.note]).toEqual([0, [false, true], 'no'])
  })

  it('still waits when another one, which did not, has its answer', () => {
    expect(waitingCount(after(loaded, ask(true), wait, ask(false), answer(row(1, 11, false))))).toBe(1)
  })
})

describe('hearing of a toggle elsewhere', () => {
  it('changes its own card and leaves every other entry the same object', () => {
    const before = after(loaded)
    const state = reduce(before, toggle(row(2, 11, false)))
    expect(shown(state)).toEqual([false, false])
    expect(state.entries[0]).toBe(before.entries[0])
    expect(state.entries[1]).not.toBe(before.entries[1])
  })

  it('says who did it, in words and on the card, and marks the card', () => {
    const state = after(loaded, toggle(row(1, 11, true)), toggle(row(2, 11, false)))
    expect(state.announcement).toBe('Challenge 2 was switched off by Ben.')
    expect(state.entries).toMatchObject([
      { by: 'Ben', remoteChanges: 1 },
      { by: 'Ben', remoteChanges: 1 },
    ])
  })

  it('says nothing of an event that is no newer than the row', () => {
    const before = after(loaded)
    for (const version of [9, 10]) {
      const state = reduce(before, toggle(row(1, version, true)))
      expect([state.entries, state.announcement]).toEqual([before.entries, ''])
      expect(state.entries).toBe(before.entries)
    }
  })
})

describe('hearing of another change elsewhere', () => {
  it('adds what is created at the end', () => {
    expect(ids(after(loaded, change(row(3, 1, true))))).toEqual([1, 2, 3])
  })

  it('takes the newer row of what has changed, and drops an older one', () => {
    const joined = { ...row(1, 11, false), joined: ['ada'] }
    const state = after(loaded, change(joined), change(row(1, 10, false)))
    expect(state.entries[0]!.row).toBe(joined)
    expect(state.entries[0]!.remoteChanges).toBe(0)
  })

  it('takes out what is deleted, for good, and leaves the others the same object', () => {
    const before = after(loaded)
    const state = reduce(before, remove(1))
    expect(ids(state)).toEqual([2])
    expect(state.entries[0]).toBe(before.entries[1])
    expect(ids(reduce(state, change(row(1, 12, true))))).toEqual([2])
    expect(ids(reduce(state, toggle(row(1, 12, true))))).toEqual([2])
  })
})
