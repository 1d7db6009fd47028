// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { browserSignals } from '../../../src/client/signals.ts'

const told: [string, boolean][] = []
let undos: (() => void)[] = []

const follow = () => {
  told.length = 0
  undos = (['online', 'visible', 'frozen'] as const).map((name) =>
    browserSignals[name]((isOn) => told.push([name, isOn])),
  )
}
const leave = () => {
  for (const undo of undos) undo()
}

beforeEach(follow)
afterEach(leave)

function setHidden(isHidden: boolean) {
  Object.defineProperty(document, 'hidden', { configurable: true, get: () => isHidden })
  onTestFinished(() => void Reflect.deleteProperty(document, 'hidden'))
}

const transition = (type: string, persisted: boolean) => Object.assign(new Event(type), { persisted })

/** Every event that a browser tells, where it tells it, and what it means. Those of the document do not all bubble. */
const cases: [name: string, means: [string, boolean] | undefined, fire: () => void][] = [
  ['online', ['online', true], () => window.dispatchEvent(new Event('online'))],
  ['offline', ['online', false], () => window.dispatchEvent(new Event('offline'))],
  [
    'visibilitychange of a page that is seen',
    ['visible', true],
    () => {
      setHidden(false)
      document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))
    },
  ],
  [
    'visibilitychange of a page that is hidden',
    ['visible', false],
    () => {
      setHidden(true)
      document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))
    },
  ],
  ['freeze', ['frozen', true], () => document.dispatchEvent(new Event('freeze'))],
  ['resume', ['frozen', false], () => document.dispatchEvent(new Event('resume'))],
  [
    'pagehide of a page that is kept',
    ['frozen', true],
    () => window.dispatchEvent(transition('pagehide', true)),
  ],
  [
    'pageshow of a page that was kept',
    ['frozen', false],
    () => window.dispatchEvent(transition('pageshow', true)),
  ],
  [
    'pagehide of a page that is left for good',
    undefined,
    () => window.dispatchEvent(transition('pagehide', false)),
  ],
  ['pageshow of a page that is new', undefined, () => window.dispatchEvent(transition('pageshow', false))],
]

test.each(cases)('%s means %j', (_, means, fire) => {
  fire()
  expect(told).toEqual(means ? [means] : [])
})

test.each(cases)(
  '%s means nothing once nobody follows, and is told once to who follows anew',
  (_, means, fire) => {
    leave()
    fire()
    expect(told).toEqual([])
    follow()
    fire()
    expect(told).toHaveLength(means ? 1 : 0)
  },
)

test('an event reaches its signal also when the page stops it on its way', () => {
  const stop = (event: Event) => event.stopPropagation()
  document.addEventListener('freeze', stop)
  onTestFinished(() => document.removeEventListener('freeze', stop))
  document.dispatchEvent(new Event('freeze'))
  expect(told).toEqual([['frozen', true]])
})

describe('every listener', () => {
  test('is taken back', () => {
    leave()
    const added = vi.spyOn(window, 'addEventListener')
    const removed = vi.spyOn(window, 'removeEventListener')
    onTestFinished(() => void vi.restoreAllMocks())
    follow()
    leave()
    expect(added.mock.calls).toHaveLength(7)
    expect(removed.mock.calls).toEqual(added.mock.calls)
  })
})
