import { describe, expect, it } from 'vitest'
import type { Challenge } from '../shared/challenge.ts'
import { type Action, initialState, isOn, reduce, type State } from '../web/src/challenges/state.ts'

const row = (id: number, version: number, isActive: boolean): Challenge => ({
  id,
  name: `Challenge ${id}`,
  description: '',
  category: 'Focus',
  version,
  toggle_details: { is_active: isActive },
})

const after = (...actions: readonly Action[]): State => actions.reduce(reduce, initialState)
const loaded: Action = { type: 'loaded', rows: [row(1, 10, false), row(2, 10, true)] }
const asked: Action = { type: 'asked', id: 1 }
const heard = (challenge: Challenge, own = false): Action => ({ type: 'heard', row: challenge, own })
const shown = (state: State) => state.entries.map(isOn)

describe('loading', () => {
  it('starts in loading and is ready with the first list', () => {
    expect(initialState.phase).toBe('loading')
    expect(after(loaded)).toMatchObject({ phase: 'ready', problem: undefined })
    expect(shown(after(loaded))).toEqual([false, true])
  })

  it('fails when the first list does not come, and tries again on demand', () => {
    const failed = after({ type: 'load_failed', message: 'no answer' })
    expect(failed).toMatchObject({ phase: 'failed', problem: 'no answer' })
    expect(reduce(failed, { type: 'loading' }).phase).toBe('loading')
  })

  it('keeps the list on screen while and after a refresh of it fails', () => {
    const state = after(loaded, { type: 'loading' }, { type: 'load_failed', message: 'no answer' })
    expect(state).toMatchObject({ phase: 'ready', problem: 'no answer' })
    expect(shown(state)).toEqual([false, true])
    expect(reduce(state, loaded).problem).toBeUndefined()
  })

  it('lets a late list take back nothing that an event has told since', () => {
    const state = after(loaded, heard(row(1, 11, true)), loaded)
    expect(shown(state)).toEqual([true, true])
  })

  it('remembers an event that comes before the list which it is newer than', () => {
    const state = after(heard(row(1, 11, true)), loaded)
    expect(shown(state)).toEqual([true, true])
  })

  it('takes the newest of several events that come before the list', () => {
    const state = after(heard(row(1, 11, true)), heard(row(1, 12, false)), heard(row(1, 13, true)), loaded)
    expect(state.entries[0]!.row.version).toBe(13)
  })

  it('drops what the list no longer has and shows what is new in it', () => {
    const state = after(loaded, { type: 'loaded', rows: [row(2, 10, true), row(3, 10, true)] })
    expect(state.entries.map((entry) => entry.row.id)).toEqual([2, 3])
  })
})

describe('toggling here', () => {
  it('shows the wish at once', () => {
    expect(shown(after(loaded, asked))).toEqual([true, true])
  })

  it('goes back, with the reason, when it is refused', () => {
    const state = after(loaded, asked, { type: 'refused', id: 1, message: 'no' })
    expect(shown(state)).toEqual([false, true])
    expect(state.entries[0]!.note).toBe('no')
    expect(reduce(state, asked).entries[0]!.note).toBeUndefined()
  })

  it('does not flicker, whichever of the answer and the own event comes first', () => {
    const answered: Action = { type: 'answered', row: row(1, 11, true) }
    const own = heard(row(1, 11, true), true)
    for (const order of [
      [answered, own],
      [own, answered],
    ]) {
      let state = after(loaded, asked)
      for (const action of order) {
        state = reduce(state, action)
        expect(shown(state)).toEqual([true, true])
      }
      expect(state.entries[0]!.inFlight).toBe(0)
    }
  })

  it('shows the last wish of several until all have their answer, and then the newest row', () => {
    const state = after(loaded, asked, asked, { type: 'answered', row: row(1, 12, false) })
    expect(shown(state)).toEqual([false, true])
    expect(shown(reduce(state, { type: 'answered', row: row(1, 11, true) }))).toEqual([false, true])
  })

  it('ends at what somebody else did last, when that was after the own change', () => {
    const state = after(loaded, asked, heard(row(1, 12, false)))
    expect(shown(state)).toEqual([true, true])
    expect(shown(reduce(state, { type: 'answered', row: row(1, 11, true) }))).toEqual([false, true])
  })
})

describe('hearing of a toggle elsewhere', () => {
  it('changes its own card and leaves every other entry the same object', () => {
    const before = after(loaded)
    const state = reduce(before, heard(row(2, 11, false)))
    expect(shown(state)).toEqual([false, false])
    expect(state.entries[0]).toBe(before.entries[0])
    expect(state.entries[1]).not.toBe(before.entries[1])
  })

  it('announces it in words and marks the card, but neither for an own change', () => {
    const remote = after(loaded, heard(row(1, 11, true)))
    expect(remote.announcement).toBe('Challenge 1 was switched on by somebody else.')
    expect(remote.entries[0]!.remoteChanges).toBe(1)
    const own = after(loaded, heard(row(1, 11, true), true))
    expect(own.announcement).toBe('')
    expect(own.entries[0]!.remoteChanges).toBe(0)
  })

  it('changes nothing at all for an event that is older than the row', () => {
    const before = after(loaded)
    expect(reduce(before, heard(row(1, 9, true)))).toBe(before)
  })
})
