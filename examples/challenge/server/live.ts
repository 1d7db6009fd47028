import { SyncError } from 'syncline'
import { createHub, type HubOptions } from 'syncline/server'
import type { Person } from '../shared/identity.ts'
import { registry } from '../shared/registry.ts'
import { Refused } from './http.ts'
import type { Identity } from './identity.ts'

/** The hub for people with a token; nobody else is let in. */
export function openHub(
  identity: Pick<Identity, 'personOf'>,
  options: Pick<HubOptions, 'clock' | 'onError'>,
) {
  return createHub<typeof registry, Person>(registry, {
    ...options,
    authenticate: ({ token }) => (token === undefined ? null : identity.personOf(token)),
  })
}

/** What a request over the live connection answers when HTTP would refuse: the same, as an error that travels. */
export async function asLive<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Refused && isShared(error.code)) throw new SyncError(error.code, error.message)
    throw error
  }
}

/** The codes that both sides know. */
function isShared(code: string): code is 'unauthorized' | 'forbidden' | 'not_found' {
  return code === 'unauthorized' || code === 'forbidden' || code === 'not_found'
}
