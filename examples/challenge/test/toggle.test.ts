import { describe, expect, it, onTestFinished } from 'vitest'
import { type ChallengeStore, openStore } from '../server/store.ts'
import { createToggle, type ToggleChallenge, type ToggleDeps } from '../server/toggle.ts'
import type { Challenge } from '../shared/challenge.ts'
import { temporaryFile } from './temporary-file.ts'

type MakeToggle = (deps: ToggleDeps) => ToggleChallenge

function openTwice(): { store: ChallengeStore; reader: ChallengeStore } {
  const file = temporaryFile()
  const [store, reader] = [openStore({ file }), openStore({ file })]
  onTestFinished(() => {
    store.close()
    reader.close()
  })
  return { store, reader }
}

/** What a second connection to the file reads for challenge 2 at the moment the event is handed over. */
async function readAtPublish(make: MakeToggle): Promise<boolean | undefined> {
  const { store, reader } = openTwice()
  let read: boolean | undefined
  const publish = async () => {
    read = reader.list()[1]?.toggle_details.is_active
  }
  await make({ store, publish, log: () => {} })(2, undefined)
  return read
}

const assumed: Challenge = {
  id: 2,
  name: 'One thing at a time',
  description: '',
  category: 'Focus',
  version: 1,
  toggle_details: { is_active: true },
}

/** The mistake that {@link readAtPublish} is there to find. */
const tellThenCommit: MakeToggle = (deps) => async (id, from) => {
  await deps.publish({ challenge_id: id, is_active: true, challenge: assumed }, from)
  return deps.store.toggle(id)
}

describe('createToggle', () => {
  it('has committed when it publishes', async () => {
    expect(await readAtPublish(createToggle)).toBe(true)
  })

  it('would be found out if it published before the commit', async () => {
    expect(await readAtPublish(tellThenCommit)).toBe(false)
  })

  it('hands on who asked, and the row as it stands', async () => {
    const { store } = openTwice()
    const published: unknown[] = []
    const publish = async (...args: unknown[]) => published.push(args)
    const challenge = await createToggle({ store, publish, log: () => {} })(2, 'client-1')
    expect(published).toEqual([[{ challenge_id: 2, is_active: true, challenge }, 'client-1']])
  })

  it('still gives the committed row when publishing fails, and logs why', async () => {
    const { store } = openTwice()
    const log: string[] = []
    const publish = () => Promise.reject(new Error('the broker is away'))
    const challenge = await createToggle({ store, publish, log: (line) => log.push(line) })(2, undefined)
    expect(challenge).toEqual(store.list()[1])
    expect(challenge?.toggle_details.is_active).toBe(true)
    expect(log).toEqual(['challenge 2 is committed but was not broadcast: the broker is away'])
  })

  it('publishes nothing for an id that no challenge has', async () => {
    const { store } = openTwice()
    const published: unknown[] = []
    const publish = async (event: unknown) => published.push(event)
    expect(await createToggle({ store, publish, log: () => {} })(999, undefined)).toBeUndefined()
    expect(published).toEqual([])
  })
})
