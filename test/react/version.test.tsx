import { cleanup, render } from '@testing-library/react'
import { createElement, version } from 'react'
import { version as versionOfDom } from 'react-dom'
import { version as versionOfServer } from 'react-dom/server'
import { expect, inject, onTestFinished, test } from 'vitest'
import { SyncProvider, startWorld } from './support.tsx'

declare module 'vitest' {
  interface ProvidedContext {
    /** The major version of React that the project is for. */
    react: string
  }
}

/** What each major version marks its elements with. */
const marks = new Map([
  [Symbol.for('react.element'), '18'],
  [Symbol.for('react.transitional.element'), '19'],
])

const majorOf = (element: unknown) => marks.get((element as { $$typeof: symbol }).$$typeof)

test('the tests of this project meet the React that it is named after, wherever they import it', () => {
  const { client } = startWorld()
  let ofHooks: string | undefined
  function Spy() {
    // A component's own hooks work only while something renders it.
    ofHooks = majorOf(SyncProvider({ client }))
    return null
  }
  onTestFinished(cleanup)
  render(<Spy />)
  const [react, dom, server] = [version, versionOfDom, versionOfServer].map((text) => text.split('.')[0])
  const major = inject('react')
  expect({ react, dom, server, ofTests: majorOf(createElement('p')), ofHooks }).toEqual({
    react: major,
    dom: major,
    server: major,
    ofTests: major,
    ofHooks: major,
  })
})
