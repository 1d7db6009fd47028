import process from 'node:process'
import { command, run, StepFailed, say, tool } from './steps.mjs'

const usage = 'npm run fuzz -- --minutes 5 --seed 4711 (both may be left out)'

/** The values of the options, as numbers. */
function read(args) {
  const options = { minutes: 5, seed: Date.now() % 2 ** 31 }
  for (let i = 0; i < args.length; i += 2) {
    const name = args[i].replace(/^--/, '')
    const value = Number(args[i + 1])
    if (!Object.hasOwn(options, name) || !(value >= 0)) throw new StepFailed(`${args[i]}: ${usage}`)
    options[name] = value
  }
  return options
}

/** Attacks a hub for as long as it was asked to; the lines of the test tell how far it is, and what it found. */
await command(async () => {
  const { minutes, seed } = read(process.argv.slice(2))
  say(`▸ fuzz for ${minutes} min from the seed ${seed}`)
  const { code } = await run(
    tool(
      'vitest',
      'run',
      '--project',
      'integration',
      '--disableConsoleIntercept',
      '-t',
      'the fuzzer that goes on',
      'test/integration/fuzz.test.ts',
    ),
    { stream: true, env: { SYNCLINE_FUZZ_MINUTES: String(minutes), SYNCLINE_FUZZ_SEED: String(seed) } },
  )
  if (code !== 0) throw new StepFailed(`something was found: run it again with --seed ${seed}`)
  say(`✓ nothing was found in ${minutes} min`)
  return 0
}, 130)
