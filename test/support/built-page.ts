import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TestProject } from 'vitest/node'
import { buildPage } from '../../examples/challenge/server/page.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the page of the challenge example is built for this run. */
    pageFolder: string
  }
}

/** Builds the page once for all tests of a run, into a folder that no other run empties. */
export async function setup(project: TestProject): Promise<() => void> {
  const parent = fileURLToPath(new URL('../../.tmp', import.meta.url))
  mkdirSync(parent, { recursive: true })
  const folder = mkdtempSync(join(parent, 'page-'))
  await buildAsForPeople(folder)
  project.provide('pageFolder', folder)
  return () => rmSync(folder, { recursive: true })
}

/** Vitest says `test`, with which Vite would take React's development build: not what people get. */
async function buildAsForPeople(folder: string): Promise<void> {
  const { NODE_ENV } = process.env
  process.env['NODE_ENV'] = 'production'
  await buildPage(folder).finally(() => {
    process.env['NODE_ENV'] = NODE_ENV
  })
}
