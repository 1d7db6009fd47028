import process from 'node:process'
import { command, run, StepFailed, say, tool } from './steps.mjs'

const usage = 'npm run test:processes -- --minutes 5 --seed 4711 (both may be left out)'

/** The values of the options, as numbers. Without minutes, what CI runs. */
function read(args) {
  const options = { minutes: 0, seed: Date.now() % 2 ** 31 }
  for (let i = 0; i < args.length; i += 2) {
    const name = args[i].replace(/^--/, '')
    const value = Number(args[i + 1])
    if (!Object.hasOwn(options, name) || !(value >= 0)) throw new StepFailed(`${args[i]}: ${usage}`)
    options[name] = value
  }
  return options
}

/** Plays schedules of faults with real processes for as long as it was asked to; a failure names the seed and the steps. */
await command(async () => {
  const { minutes, seed } = read(process.argv.slice(2))
  const chosen = minutes > 0 ? ['-t', 'the schedules that go on'] : []
  say(minutes > 0 ? `▸ schedules for ${minutes} min from the seed ${seed}` : '▸ the schedules that CI plays')
  const { code } = await run(
    tool('vitest', 'run', '--project', 'processes', '--disableConsoleIntercept', ...chosen),
    {
      stream: true,
      env: { SYNCLINE_PROCESSES_MINUTES: String(minutes), SYNCLINE_PROCESSES_SEED: String(seed) },
    },
  )
  if (code !== 0) throw new StepFailed('a promise was broken: its schedule stands above, with its seed')
  say('✓ every promise was kept')
  return 0
}, 130)
