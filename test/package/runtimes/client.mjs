// biome-ignore assist/source/organizeImports: the class is watched before the package sees it
import { sockets } from './watched-socket.mjs'
import { createClient } from 'syncline/client'
import process from 'node:process'
import { registry } from './registry.mjs'

function runtime() {
  if (globalThis.Bun) return `Bun ${globalThis.Bun.version}`
  if (globalThis.Deno) return `Deno ${globalThis.Deno.version.deno}`
  return `Node ${process.versions.node}`
}

const [, , origin] = process.argv
const ask = (path) => fetch(`${origin}${path}`)

const client = createClient(registry, {
  url: `${origin}/sync`,
  backoff: { firstMaxMs: 20, baseMs: 20, maxMs: 40 },
  onError(error, { stage }) {
    console.log(`error in ${stage}: ${error.message}`, error.cause ?? '')
    process.exitCode = 1
    client.close()
  },
})

let last
function show({ state, cause }) {
  const line = cause ? `${state} after ${cause.code}` : state
  if (line !== last) console.log(line)
  last = line
}

console.log(`runs on ${runtime()}`)
show(client.status)
client.onStatus(show)

const game = client.channel('game', { code: 'A/1' })
const texts = ['one', 'two', 'three']
game.on('gap', ({ reason }) => console.log(`gap: ${reason}`))
game.on('subscribed', async ({ recovered }) => {
  console.log(`subscribed, recovered: ${recovered}`)
  await ask(`/publish?text=${texts.shift()}`)
})
game.on('said', async ({ text }) => {
  console.log(`heard ${text}`)
  if (text === 'one') await ask('/close')
  else if (text === 'two') await ask('/cut')
  else {
    client.close()
    console.log(`made ${sockets.own} sockets of the runtime's own class`)
  }
})
