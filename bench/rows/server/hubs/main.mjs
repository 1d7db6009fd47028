import { createServer } from 'node:net'
import process from 'node:process'
import { answer, measureCpu, readTask, tell } from '../../../lib/child.mjs'
import { channelAt, payloadOf, timeNow } from '../payload.mjs'
import { listen } from './listen.mjs'

const { variant } = readTask()
const { start } = await import(`./${variant}.mjs`)
const { port, publish } = await start()

/** How many ticks the load has counted in full: it writes one byte for each. */
let counted = 0
let onCounted = () => {}
const credit = createServer((socket) => {
  socket.on('data', ({ length }) => {
    counted += length
    onCounted()
  })
})

/** Resolves once the load has counted this many ticks since the start. */
const until = (ticks) =>
  new Promise((resolve) => {
    onCounted = () => {
      if (counted < ticks) return
      onCounted = () => {}
      resolve()
    }
    onCounted()
  })

const nextTick = () => new Promise((resolve) => setImmediate(resolve))
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

let seq = 0
let ticks = 0
let next = 0

/** Publishes to `perTick` channels, each in its turn, in one turn of the event loop. */
function publishTick({ perTick, channels, isTimed }) {
  for (let i = 0; i < perTick; i++) {
    publish(channelAt(next++ % channels), payloadOf(seq++, isTimed ? timeNow() : undefined))
  }
  ticks++
}

/** Publishes as fast as it goes, with at most `window` ticks on their way, so that no buffer grows. */
async function publishMany({ count, window, ...tick }) {
  const stop = measureCpu()
  for (let i = 0; i < count; i++) {
    if (ticks - counted >= window) await until(ticks - window + 1)
    publishTick(tick)
    await nextTick()
  }
  await until(ticks)
  return stop()
}

/** Publishes at a fixed rate, however long it takes to publish. */
async function publishSteadily({ count, everyMs, ...tick }) {
  const stop = measureCpu()
  const since = performance.now()
  for (let i = 0; i < count; i++) {
    await pause(Math.max(0, since + i * everyMs - performance.now()))
    publishTick({ ...tick, isTimed: true })
  }
  await until(ticks)
  return stop()
}

/** More than once, as what one collection finds to be unused is given back by the next. */
async function collect() {
  for (let i = 0; i < 4; i++) {
    globalThis.gc?.()
    globalThis.Bun?.gc(true)
    await pause(50)
  }
  const { rss, heapUsed, external } = process.memoryUsage()
  return { rss, heapUsed, external }
}

let stopCpu = measureCpu()

answer({
  publishMany,
  publishSteadily,
  collect,
  startCpu: () => {
    stopCpu = measureCpu()
  },
  stopCpu: () => stopCpu(),
  // A process that is killed writes no profile.
  leave: () => {
    setImmediate(() => process.exit(0))
  },
})
await tell({ port, creditPort: await listen(credit) })
