import { expect, it } from 'vitest'
import { statusOf } from '../web/src/connection/status.ts'

it.each([
  ['Live', 'live', { state: 'connected', attempt: 0, hasNetwork: true, isThere: true }],
  ['Live', 'live', { state: 'connected', attempt: 2, hasNetwork: true, isThere: true }],
  ['Connecting…', 'waiting', { state: 'disconnected', attempt: 0, hasNetwork: true, isThere: true }],
  ['Connecting…', 'waiting', { state: 'connecting', attempt: 0, hasNetwork: true, isThere: true }],
  ['Reconnecting…', 'waiting', { state: 'connecting', attempt: 1, hasNetwork: true, isThere: true }],
  ['Not live', 'off', { state: 'error', attempt: 5, hasNetwork: true, isThere: true }],
  ['Offline', 'off', { state: 'connecting', attempt: 1, hasNetwork: false, isThere: false }],
  ['Offline', 'off', { state: 'connected', attempt: 0, hasNetwork: false, isThere: false }],
  ['Offline', 'off', { state: 'error', attempt: 5, hasNetwork: false, isThere: false }],
  ['Offline', 'off', { state: 'error', attempt: 5, hasNetwork: true, isThere: false }],
  ['Reconnecting…', 'waiting', { state: 'connecting', attempt: 1, hasNetwork: true, isThere: false }],
  ['Live', 'live', { state: 'connected', attempt: 0, hasNetwork: true, isThere: false }],
] as const)('says "%s" in the tone %s for %o', (label, tone, view) => {
  expect(statusOf(view)).toMatchObject({ label, tone })
})
