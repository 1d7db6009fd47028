import process from 'node:process'
import { buildIfStale, checkNode, install } from './prepare.mjs'
import { command, mustRun, npm, say } from './steps.mjs'

const example = 'examples/challenge'

await command(async () => {
  checkNode()
  say(`Syncline: starting ${example} on Node ${process.versions.node}; Ctrl-C ends it`)
  await install()
  await buildIfStale()
  const args = process.argv.slice(2)
  say(`▸ ${example}`)
  await mustRun(npm('start', '--workspace', example, ...(args.length > 0 ? ['--', ...args] : [])), {
    stream: true,
    advice: 'Its own lines above say why.',
  })
  return 0
}, 0)
