import { rmSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import process from 'node:process'
import { command, root, run, StepFailed, say, tool } from './steps.mjs'

/** Takes a picture of every page of the challenge example in every state: `npm run screenshots -- [folder]`. */
await command(async () => {
  const folder = resolve(root, process.argv[2] ?? 'screenshots')
  const pictures = tool('vitest', 'run', '--project', 'browser', 'test/browser/screenshots.test.ts')
  // Those of a state that is no more would stay.
  if (process.argv[2] === undefined) rmSync(folder, { recursive: true, force: true })
  const { code } = await run(pictures, { stream: true, env: { SCREENSHOTS: folder } })
  if (code !== 0) throw new StepFailed('not every picture could be taken, see the lines above')
  say(
    `✓ the pictures are in ${relative(process.cwd(), folder) || '.'}; those that begin with “all” show many at once`,
  )
  return 0
}, 130)
