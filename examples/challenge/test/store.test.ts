import { mkdirSync } from 'node:fs'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { OpenOptions } from '../server/database.ts'
import { openStore } from '../server/store.ts'
import { temporaryFile } from './temporary-file.ts'

function open(options: OpenOptions) {
  const store = openStore(options)
  onTestFinished(() => store.close())
  return store
}

const input = { name: 'Swim', description: '', category: 'Body' }

describe('openStore', () => {
  it('fills an empty file once and leaves a filled one as it is', () => {
    const file = temporaryFile()
    const first = openStore({ file })
    const toggled = first.toggle(1)?.challenge
    first.close()
    const rows = open({ file }).list()
    expect(rows).toHaveLength(8)
    expect(rows[0]).toEqual(toggled)
  })

  it('leaves a file empty whose challenges were all deleted', () => {
    const file = temporaryFile()
    const first = openStore({ file })
    for (const { id } of first.list()) first.remove(id)
    first.close()
    expect(open({ file }).list()).toEqual([])
  })

  it('raises the version with every toggle, even when the clock stands still or goes back', () => {
    let time = 1_000
    const store = open({ file: temporaryFile(), now: () => time })
    const versions = [store.list()[0]!.version]
    for (const next of [1_000, 5_000, 2_000]) {
      time = next
      versions.push(store.toggle(1)!.challenge.version)
    }
    expect(versions).toEqual([1_000, 1_001, 5_000, 5_001])
  })

  it('starts a file made anew above the versions of the one before it', () => {
    const old = open({ file: temporaryFile(), now: () => 1_000 })
    const anew = open({ file: temporaryFile(), now: () => 9_000 })
    expect(anew.list()[0]!.version).toBeGreaterThan(old.toggle(1)!.challenge.version)
  })

  it('never gives the id of a challenge that was deleted to another one', () => {
    const store = open({ file: temporaryFile() })
    const { id } = store.create(input)
    store.remove(id)
    expect(store.create(input).id).toBe(id + 1)
  })

  it('says what to remove when a process that was killed left the file locked', () => {
    const file = temporaryFile()
    mkdirSync(`${file}.lock`)
    expect(() => openStore({ file })).toThrow(`remove the folder ${file}.lock`)
  })

  it('says what to do when the folder of the file does not exist', () => {
    expect(() => openStore({ file: `${temporaryFile()}/missing/challenges.db` })).toThrow('set DB_FILE')
  })
})
