import { describe, expect, it, onTestFinished } from 'vitest'
import { type OpenChallengeStore, openStore } from '../server/store.ts'
import { createTell } from '../server/tell.ts'
import { createToggle, type ToggleChallenge, type ToggleDeps } from '../server/toggle.ts'
import type { Challenge, ChallengeToggled } from '../shared/challenge.ts'
import { temporaryFile } from './temporary-file.ts'

type MakeToggle = (deps: ToggleDeps) => ToggleChallenge

function openTwice(): { store: OpenChallengeStore; reader: OpenChallengeStore } {
  const file = temporaryFile()
  const [store, reader] = [openStore({ file }), openStore({ file })]
  onTestFinished(() => {
    store.close()
    reader.close()
  })
  return { store, reader }
}

const nobody = { by: null, from: undefined }

function depsOf(store: ToggleDeps['store'], publish: ToggleDeps['publish'], log: string[] = []): ToggleDeps {
  return { store, publish, notify: async () => {}, tell: createTell((line) => log.push(line)) }
}

/** What a second connection to the file reads for challenge 2 at the moment the event is handed over. */
async function readAtPublish(make: MakeToggle): Promise<boolean | undefined> {
  const { store, reader } = openTwice()
  let read: boolean | undefined
  const publish = async () => {
    read = reader.list()[1]?.toggle_details.is_active
  }
  await make(depsOf(store, publish))({ id: 2 }, nobody)
  return read
}

const assumed: Challenge = {
  id: 2,
  name: 'One thing at a time',
  description: '',
  category: 'Focus',
  version: 1,
  toggle_details: { is_active: true },
  joined: [],
}

/** The mistake that {@link readAtPublish} is there to find. */
const tellThenCommit: MakeToggle = (deps) => async (input, asking) => {
  await deps.publish({ challenge_id: 2, is_active: true, challenge: assumed, by: null }, asking.from)
  return deps.store.toggle(input.id)!.challenge
}

describe('createToggle', () => {
  it('has committed when it publishes', async () => {
    expect(await readAtPublish(createToggle)).toBe(true)
  })

  it('would be found out if it published before the commit', async () => {
    expect(await readAtPublish(tellThenCommit)).toBe(false)
  })

  it('hands on who asked and from where, and the row as it stands', async () => {
    const { store } = openTwice()
    const published: unknown[] = []
    const publish = async (...args: unknown[]) => published.push(args)
    const by = { id: 'ada', name: 'Ada' }
    const challenge = await createToggle(depsOf(store, publish))({ id: 2 }, { by, from: 'client-1' })
    expect(published).toEqual([[{ challenge_id: 2, is_active: true, challenge, by }, 'client-1']])
  })

  it('still gives the committed row when publishing fails, and logs why', async () => {
    const { store } = openTwice()
    const log: string[] = []
    const publish = () => Promise.reject(new Error('the broker is away'))
    const challenge = await createToggle(depsOf(store, publish, log))({ id: 2 }, nobody)
    expect(challenge).toEqual(store.list()[1])
    expect(challenge.toggle_details.is_active).toBe(true)
    expect(log).toEqual(['challenge 2 is committed but was not broadcast: the broker is away'])
  })

  it('publishes nothing for an id that no challenge has', async () => {
    const { store } = openTwice()
    const published: unknown[] = []
    const toggle = createToggle(depsOf(store, async (event) => published.push(event)))
    await expect(toggle({ id: 999 }, nobody)).rejects.toMatchObject({ code: 'not_found' })
    expect(published).toEqual([])
  })

  it('takes the state that is wanted, once: whoever asks again changes nothing and tells nobody', async () => {
    const { store } = openTwice()
    const published: ChallengeToggled[] = []
    const toggle = createToggle(depsOf(store, async (event) => published.push(event)))
    const first = await toggle({ id: 2, is_active: true }, nobody)
    expect(await toggle({ id: 2, is_active: true }, nobody)).toEqual(first)
    const off = await toggle({ id: 2, is_active: false }, nobody)
    expect(off.toggle_details.is_active).toBe(false)
    expect(published.map(({ is_active }) => is_active)).toEqual([true, false])
  })
})
