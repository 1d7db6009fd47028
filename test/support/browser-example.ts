import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inject, onTestFinished } from 'vitest'
import { type ServerProcess, startProcess } from '../../examples/challenge/test/server-process.ts'

export interface ExampleOptions {
  /** `production` serves the build of the page that this run has made, `development` Vite's dev server. */
  readonly mode: 'production' | 'development'
  readonly dbFile: string
  /** 0 lets the system choose. */
  readonly port?: number
}

export type Example = ServerProcess

/** A path for a database file, removed after the test. */
export function temporaryDatabase(): string {
  const { dbFile, remove } = databaseFolder()
  onTestFinished(remove)
  return dbFile
}

/** Starts the challenge example as a process of its own, as a person does; it ends with the test. */
export async function startExample({ mode, dbFile, port = 0 }: ExampleOptions): Promise<Example> {
  const page = mode === 'production' ? { pageFolder: inject('pageFolder') } : {}
  const example = await startProcess({ dbFile, port, ...page })
  onTestFinished(() => void example.stop())
  return example
}

/** An example with a database of its own for several tests. Whoever calls it must stop it. */
export async function startSharedExample(): Promise<Example> {
  const { dbFile, remove } = databaseFolder()
  const example = await startProcess({ dbFile, pageFolder: inject('pageFolder') })
  const stop = async () => {
    const code = await example.stop()
    remove()
    return code
  }
  return { ...example, stop }
}

function databaseFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'syncline-browser-'))
  return { dbFile: join(folder, 'challenges.db'), remove: () => rmSync(folder, { recursive: true }) }
}
