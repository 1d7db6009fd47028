import { mkdirSync } from 'node:fs'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openStore, type StoreOptions } from '../server/store.ts'
import { temporaryFile } from './temporary-file.ts'

function open(options: StoreOptions) {
  const store = openStore(options)
  onTestFinished(() => store.close())
  return store
}

describe('openStore', () => {
  it('fills an empty file once and leaves a filled one as it is', () => {
    const file = temporaryFile()
    const first = openStore({ file })
    const toggled = first.toggle(1)
    first.close()
    const rows = open({ file }).list()
    expect(rows).toHaveLength(8)
    expect(rows[0]).toEqual(toggled)
  })

  it('raises the version with every toggle, even when the clock stands still or goes back', () => {
    let time = 1_000
    const store = open({ file: temporaryFile(), now: () => time })
    const versions = [store.list()[0]!.version]
    for (const next of [1_000, 5_000, 2_000]) {
      time = next
      versions.push(store.toggle(1)!.version)
    }
    expect(versions).toEqual([1_000, 1_001, 5_000, 5_001])
  })

  it('starts a file made anew above the versions of the one before it', () => {
    const old = open({ file: temporaryFile(), now: () => 1_000 })
    const anew = open({ file: temporaryFile(), now: () => 9_000 })
    expect(anew.list()[0]!.version).toBeGreaterThan(old.toggle(1)!.version)
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
