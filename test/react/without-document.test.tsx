// @vitest-environment node
import { renderToString } from 'react-dom/server'
import { createClient } from 'syncline/client'
import { createHooks } from 'syncline/react'
import { manualClock } from 'syncline/testing'
import { expect, test } from 'vitest'
import { registry } from '../support/challenge-registry.ts'

test('a server without a document renders the hooks, and leaves no timer and no socket', () => {
  expect(typeof document).toBe('undefined')
  const { SyncProvider, useChannel, useConnection, useEvent } = createHooks(registry)
  const clock = manualClock()
  let sockets = 0
  const socket = () => {
    sockets++
    return { bufferedBytes: 0, send: () => {}, close: () => {} }
  }
  const client = createClient(registry, { url: 'ws://hub/sync', clock, socket })
  function Page() {
    const { state } = useConnection()
    useEvent(useChannel('lobby'), 'said', () => {})
    return <p>{state}</p>
  }
  const html = renderToString(
    <SyncProvider client={client}>
      <Page />
    </SyncProvider>,
  )
  expect(html).toBe('<p>disconnected</p>')
  expect(sockets).toBe(0)
  expect(clock.pending).toBe(0)
})
