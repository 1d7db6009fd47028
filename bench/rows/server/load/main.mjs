import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { answer, measureCpu, readTask } from '../../../lib/child.mjs'
import { median } from '../../../lib/figures.mjs'
import { channelAt, payloadOf, timeLength, timeNow } from '../payload.mjs'
import { dialects } from './dialects.mjs'
import { frameOf, Link } from './link.mjs'

const task = readTask()
const dialect = dialects[task.dialect]
const links = []
/** The ids of requests begin above what the subscriptions have used. */
const firstId = 1000
const credit = connect(task.creditPort, '127.0.0.1').setNoDelay(true)

/** What is being counted: `{ expected, unit, counted, credited, latencies, request, done, stop }`. */
let counting

/** Opens links, at most `atOnce` at a time; `channels` takes turns. Resolves when all are subscribed. */
async function open({ count, channels = 1, atOnce = 32 }) {
  const stop = measureCpu()
  const from = links.length
  let next = from
  const worker = async () => {
    while (next < from + count) {
      const index = next++
      await openOne(channelAt(index % channels), index)
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, worker))
  return stop()
}

function openOne(channel, index) {
  return new Promise((resolve) => {
    const ready = (link) => {
      link.gathers = link.isChecked
      resolve()
    }
    const link = new Link(
      { ...dialect, port: task.port },
      {
        opened(link) {
          const greeting = dialect.greet(channel)
          if (greeting) link.send(greeting)
        },
        text(link, text) {
          const { send, isReady, data = [] } = dialect.read(text, channel)
          if (send) link.send(send)
          if (isReady) ready(link)
          if (link.isChecked) for (const item of data) check(link, item)
        },
        marks,
        seen: (buffer, at) => counting.latencies && takeTime(buffer, at),
        closed(reason) {
          throw new Error(`Link ${index}: ${reason}`)
        },
      },
    )
    // One link unpacks all that it gets: what the others count is events then, intact and in order.
    Object.assign(link, { isChecked: index === 0, channel, index, seq: undefined, sent: 0 })
    links.push(link)
  })
}

/** Data must be what was published, each after the one before. */
function check(link, data) {
  const { seq, at } = data
  const step = counting.request ? 1 : (counting.step ?? 1)
  if (link.seq !== undefined) assert.equal(seq, link.seq + step)
  link.seq = seq
  assert.deepEqual(data, payloadOf(seq, at.slice(1)))
}

function marks(link, number) {
  const now = counting
  now.counted += number
  if (now.request) now.request(link, number)
  else if (now.unit) giveCredit(now)
  if (now.counted === now.expected) now.finish()
}

/** Tells the server of each tick that has been counted in full; several at a time in one write. */
function giveCredit(now) {
  const whole = Math.floor(now.counted / now.unit)
  if (whole === now.credited) return
  credit.write(Buffer.alloc(whole - now.credited))
  now.credited = whole
}

function takeTime(buffer, at) {
  const sent = Number(buffer.latin1Slice(at + 1, at + 1 + timeLength))
  counting.latencies.push(Number(timeNow()) - sent)
}

/** Counts from now on until `expected` marks have come; `step` is how far apart the numbers of one channel are. */
function startCounting({ expected, ...rest }) {
  const stop = measureCpu()
  for (const link of links) link.count = 0
  counting = { expected, counted: 0, credited: 0, ...rest }
  counting.done = new Promise((resolve) => {
    counting.finish = () => resolve(stop())
  })
}

/** Arms the counter for `ticks` ticks of `unit` deliveries each. */
function expect({ ticks, unit, step, isTimed }) {
  startCounting({ expected: ticks * unit, unit, step, latencies: isTimed ? [] : undefined })
}

/** Resolves when all that was expected has come. */
async function finished({ perLink }) {
  const usage = await counting.done
  for (const { count, index } of links) assert.equal(count, perLink, `deliveries on link ${index}`)
  const { latencies } = counting
  return latencies ? { ...usage, ...percentiles(latencies) } : usage
}

function percentiles(latencies) {
  const sorted = latencies.toSorted((a, b) => a - b)
  return { p50: median(sorted), p99: sorted[Math.floor(sorted.length * 0.99)], samples: sorted.length }
}

/** Each link sends `perLink` requests, `inFlight` at a time: for each reply the next. */
async function request({ perLink, inFlight }) {
  // All are made before the first is sent, so that the load does little else than cross the socket.
  const queues = links.map((link) => framesOf(link, perLink))
  const ask = (link, number) => {
    const queue = queues[link.index]
    const from = queue.at
    queue.at = Math.min(from + number, perLink)
    if (queue.at > from) link.write(queue.bytes.subarray(queue.ends[from], queue.ends[queue.at]))
  }
  startCounting({ expected: perLink * links.length, request: ask })
  for (const link of links) ask(link, inFlight)
  return finished({ perLink })
}

/** The next requests of a link, one behind the other: number `i` lies between `ends[i]` and `ends[i + 1]`. */
function framesOf(link, count) {
  const frames = Array.from({ length: count }, () => {
    const seq = link.sent++
    return frameOf(dialect.request(firstId + seq, link.channel, payloadOf(seq)))
  })
  const ends = [0]
  for (const { length } of frames) ends.push(ends.at(-1) + length)
  return { bytes: Buffer.concat(frames), ends, at: 0 }
}

/** Ends all links. */
function close() {
  for (const link of links.splice(0)) link.end()
}

answer({ open, expect, finished, request, close })
