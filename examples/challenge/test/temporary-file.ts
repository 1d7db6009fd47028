import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A path for a database file that is removed, with all beside it, after the test. */
export function temporaryFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'syncline-challenge-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return join(folder, 'challenges.db')
}
