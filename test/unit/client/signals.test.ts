import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { browserSignals, type Signal, watchSignals } from '../../../src/client/signals.ts'

/** What a reaction was told, and the `tell` of each signal that is followed. */
function setUp(names: readonly ('online' | 'visible' | 'frozen')[] = ['online', 'visible', 'frozen']) {
  const told: string[] = []
  const tell: Record<string, (isOn: boolean) => void> = {}
  const undone: string[] = []
  const signal =
    (name: string): Signal =>
    (listener) => {
      tell[name] = listener
      return () => undone.push(name)
    }
  const undo = watchSignals(Object.fromEntries(names.map((name) => [name, signal(name)])), {
    wake: () => told.push('wake'),
    doubt: () => told.push('doubt'),
    freeze: () => told.push('freeze'),
  })
  return { told, tell, undone, undo }
}

describe('a signal', () => {
  test.each([
    ['online', true, ['wake']],
    ['online', false, ['doubt']],
    ['visible', true, ['wake']],
    ['visible', false, []],
    ['frozen', true, ['freeze']],
    ['frozen', false, ['wake']],
  ] as const)('%s that turns %s leads to %j', (name, isOn, reaction) => {
    const { told, tell } = setUp()
    tell[name]!(isOn)
    expect(told).toEqual(reaction)
  })

  test('that is not there is not followed, and those that are there are undone', () => {
    const { tell, undo, undone } = setUp(['visible'])
    expect(Object.keys(tell)).toEqual(['visible'])
    undo()
    expect(undone).toEqual(['visible'])
  })
})

describe('the signals of a browser', () => {
  test('are silent in a runtime whose global scope hears no events', () => {
    expect('addEventListener' in globalThis).toBe(false)
    for (const signal of Object.values(browserSignals)) {
      const undo = signal(() => expect.unreachable())
      expect(undo).not.toThrow()
    }
  })

  test('are heard in a worker, which has no document', () => {
    const scope = new EventTarget()
    vi.stubGlobal('addEventListener', scope.addEventListener.bind(scope))
    // Node's own class takes a boolean in the one method and not in the other.
    vi.stubGlobal('removeEventListener', (type: string, listener: () => void, capture: boolean) =>
      scope.removeEventListener(type, listener, { capture }),
    )
    onTestFinished(() => void vi.unstubAllGlobals())
    expect('document' in globalThis).toBe(false)
    const told: boolean[] = []
    const undos = Object.values(browserSignals).map((signal) => signal((isOn) => told.push(isOn)))
    for (const type of ['offline', 'online', 'message']) scope.dispatchEvent(new Event(type))
    expect(told).toEqual([false, true])
    for (const undo of undos) undo()
    scope.dispatchEvent(new Event('online'))
    expect(told).toHaveLength(2)
  })
})
