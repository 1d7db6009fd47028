import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:net'
import { after, describe, it } from 'node:test'
import { Sender, WebSocketServer } from 'ws'
import { startProcess } from '../lib/processes.mjs'
import { listen } from '../rows/server/hubs/listen.mjs'
import { answerPlain, eventText } from '../rows/server/hubs/plain.mjs'
import { dialects } from '../rows/server/load/dialects.mjs'
import { Link } from '../rows/server/load/link.mjs'
import { channelAt, mark, payloadOf } from '../rows/server/payload.mjs'

const undos = []
after(() => Promise.all(undos.map((undo) => undo())))

const asText = { fin: true, opcode: 1, mask: false, readOnly: true, rsv1: false }
const frame = (text) => Buffer.concat(Sender.frame(Buffer.from(text), asText))

/** A server that answers the upgrade and then writes these bytes in pieces of `size`, each a turn of the loop after the last. */
async function servePieces(bytes, size) {
  const server = createServer(async (socket) => {
    await once(socket, 'data')
    const all = Buffer.concat([Buffer.from('HTTP/1.1 101 Switching Protocols\r\n\r\n'), bytes])
    for (let at = 0; at < all.length; at += size) {
      socket.write(all.subarray(at, at + size))
      await new Promise((resolve) => setImmediate(resolve))
    }
  })
  undos.push(() => server.close())
  return listen(server)
}

/** Reads until a short text says `end`. */
function readAll(port, gathers) {
  const seen = { marks: 0, texts: [] }
  return new Promise((resolve, reject) => {
    const link = new Link(
      { port, path: '/' },
      {
        opened: () => {},
        marks: (_link, number) => {
          seen.marks += number
        },
        text(link, text) {
          seen.texts.push(text)
          if (text !== 'end') return
          link.end()
          resolve(seen)
        },
        closed: reject,
      },
    )
    link.gathers = gathers
  })
}

const toLength = ({ length }) => length

describe('a link', () => {
  // 94 is the code of the mark itself, which must not be counted in a frame's head.
  const lengths = [0, 1, 94, 125, 126, 94 * 256 + 94, 65_535, 65_536]
  const texts = lengths.map((length) =>
    length < 126 ? 'x'.repeat(length) : `${mark}${'x'.repeat(length - 2)}${mark}`,
  )
  const bytes = Buffer.concat([...texts, 'end'].map(frame))

  for (const size of [7, 1000, bytes.length]) {
    it(`counts the marks of long messages that come in pieces of ${size} bytes`, async () => {
      const { marks, texts: gathered } = await readAll(await servePieces(bytes, size), false)
      assert.equal(marks, 8)
      assert.deepEqual(gathered.map(toLength), [0, 1, 94, 125, 'end'.length])
    })
  }

  it('gathers long messages too when told so', async () => {
    const { marks, texts: gathered } = await readAll(await servePieces(bytes, 1000), true)
    assert.equal(marks, 8)
    assert.deepEqual(gathered.map(toLength), [...lengths, 'end'.length])
  })
})

/** The real load with 4 subscribers of a server that sends what `faulty(sends, text, seq)` makes of each publication. */
async function count(faulty) {
  const http = createHttpServer()
  const members = []
  new WebSocketServer({ server: http }).on('connection', (socket) => {
    const send = (text) => socket.send(text)
    socket.on('message', (text) => answerPlain(text, send, () => members.push(send)))
  })
  const credit = createServer((socket) => socket.resume())
  const task = { dialect: 'plain', port: await listen(http), creditPort: await listen(credit) }
  const load = startProcess(new URL('../rows/server/load/main.mjs', import.meta.url), task)
  undos.push(
    () => load.end(),
    () => http.close(),
    () => credit.close(),
  )
  await load.ask({ do: 'open', count: 4, channels: 1, atOnce: 1 })
  await load.ask({ do: 'expect', ticks: 3, unit: 4, step: 1 })
  const finished = load.ask({ do: 'finished', perLink: 3 })
  for (let seq = 0; seq < 3; seq++) faulty(members, eventText(channelAt(0), payloadOf(seq)), seq)
  return finished
}

const toAll = (members, text) => {
  for (const send of members) send(text)
}

/** What a server may do wrong, each of which must end the round. */
const faults = {
  'an event comes twice to one and not at all to another'(members, text, seq) {
    toAll(seq === 1 ? [...members.slice(0, 3), members[2]] : members, text)
  },
  'the data of an event is not what was published'(members, text, seq) {
    toAll(members, seq === 1 ? text.replace('lantern', 'harbour') : text)
  },
  'an event comes again in place of the next'(members, text, seq) {
    toAll(members, seq === 2 ? eventText(channelAt(0), payloadOf(1)) : text)
  },
}

describe('the dialect of Syncline', () => {
  for (const echo of [[], [7]]) {
    it(`answers a ping ${echo.length > 0 ? 'with its number' : 'without a number in kind'}`, () => {
      const { send } = dialects.syncline.read(JSON.stringify(['ping', ...echo]), channelAt(0))
      assert.equal(send, JSON.stringify(['pong', ...echo]))
    })
  }
})

describe('the load', () => {
  it('counts each event once on each link', async () => {
    const { cpuUs, busy } = await count(toAll)
    assert.ok(cpuUs > 0 && busy > 0)
  })

  for (const [fault, serve] of Object.entries(faults)) {
    it(`fails when ${fault}`, async () => {
      await assert.rejects(count(serve), /ended early \(1\)/)
    })
  }
})
