import assert from 'node:assert/strict'
import process from 'node:process'
import { readTask, tell } from '../../lib/child.mjs'
import { sumOfSeq } from './payload.mjs'

// All clients use the `ws` package; without this, newer Node versions would give some of them a global class.
delete globalThis.WebSocket
assert.equal(globalThis.WebSocket, undefined)

const { client, url, warmUp, events } = readTask()
const total = warmUp + events
let count = 0
let sum = 0
let cpu
let since

/** Every variant ends here, with the payload of one event as its app would get it. */
function heard({ seq }) {
  sum += seq
  count++
  if (count === warmUp) {
    since = performance.now()
    cpu = process.cpuUsage()
  } else if (count === total) finish(process.cpuUsage(cpu), performance.now() - since)
}

async function finish({ user, system }, elapsedMs) {
  // Each event once, and its data intact.
  assert.equal(sum, sumOfSeq(total))
  await tell({ userUs: user, systemUs: system, elapsedMs })
  process.exit(0)
}

const { open } = await import(`./clients/${client}.mjs`)
open(url, heard)
