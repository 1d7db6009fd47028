import { describe, expect, it } from 'vitest'
import { startTransport, until } from '../support/attached-transport.ts'

const lengths = [0, 1, 125, 126, 65_535, 65_536, 100_000]
const ofAllLengths = lengths.map((length) => 'x'.repeat(length))
const ofAllKinds = ['Grüße', '日本語 ✓', '👩‍👩‍👧 and \u0000 and "quotes"', 'ü'.repeat(40_000), '']

describe.each([
  ['plain', {}, {}, ''],
  ['compressed', { compression: true }, { perMessageDeflate: true }, 'permessage-deflate'],
  ['not compressed, as the client cannot', { compression: true }, {}, ''],
  ['not compressed, as the server need not', {}, { perMessageDeflate: true }, ''],
] as const)('what is sent over a real socket, %s,', (...[, options, asks, extension]) => {
  it.each([
    ['of any length', ofAllLengths],
    ['of any script', ofAllKinds],
  ])('arrives as it was in both directions: texts %s', async (_name, texts) => {
    const { open } = await startTransport(options)
    const { client, got, session, told } = await open(asks)
    expect(client.extensions).toBe(extension)
    for (const text of texts) {
      session.send(text)
      await until(() => got.length > 0)
      expect(got).toEqual([text])
      ;(got as string[]).length = 0
      client.send(text)
    }
    await until(() => told.length === texts.length)
    expect(told).toEqual(texts)
  })

  it('arrives in order when it leaves in one tick, answers to pings between', async () => {
    const { open } = await startTransport(options)
    const { client, got, session } = await open(asks)
    let pongs = 0
    client.on('pong', () => pongs++)
    const sent = Array.from({ length: 500 }, (_, n) => JSON.stringify(['ev', n, 'x'.repeat(n)]))
    for (const [n, text] of sent.entries()) {
      if (n % 100 === 0) client.ping()
      if (n % 150 === 0) await new Promise((resolve) => setImmediate(resolve))
      if (n % 2) session.send(text)
      else session.sendShared?.({ text })
    }
    const frames = () =>
      got.flatMap((text) => {
        const value = JSON.parse(text)
        return Array.isArray(value[0]) ? value : [value]
      })
    await until(() => frames().length >= sent.length && pongs === 5)
    expect(frames().map((frame) => JSON.stringify(frame))).toEqual(sent)
    expect(got.length).toBeLessThan(sent.length / 10)
  })

  it('leaves before the close that follows it', async () => {
    const { open } = await startTransport(options)
    const { client, got, session, told } = await open(asks)
    const closed = new Promise((resolve) =>
      client.on('close', (code, reason) => resolve([code, String(reason)])),
    )
    session.send('["last"]')
    session.close(4000, 'draining')
    expect(await closed).toEqual([4000, 'draining'])
    expect(got).toEqual(['["last"]'])
    await until(() => told.length === 1)
    expect(told).toEqual([4000])
  })
})

describe('compression', () => {
  it('makes what travels smaller, from 1,024 bytes on, and what is shared too', async () => {
    const { open } = await startTransport({ compression: true })
    const { got, session, stream } = await open({ perMessageDeflate: true })
    const costOf = async (text: string) => {
      const [before, heard] = [stream.bytesWritten, got.length]
      session.sendShared?.({ text })
      await until(() => got.length > heard)
      return stream.bytesWritten - before
    }
    expect(await costOf('x'.repeat(1_000))).toBe(1_004)
    expect(await costOf('x'.repeat(20_000))).toBeLessThan(200)
  })
})

describe('a client that does not read', () => {
  it.each([
    ['plain', false],
    ['compressed', true],
  ])('is ended at once, and what waited for it is let go: %s', async (_name, compression) => {
    const { open } = await startTransport({ compression })
    const { client, session, stream, told } = await open({ perMessageDeflate: compression })
    client.pause()
    let n = 0
    const more = () => {
      // Noise: what compresses well would never fill the buffers of the system.
      session.send(Array.from({ length: 6_000 }, () => Math.random().toString(36)).join())
      return session.bufferedBytes > 1_000_000 && ++n > 3
    }
    await until(more)
    session.close(4002, 'slow_consumer')
    session.terminate?.()
    expect(stream.destroyed).toBe(true)
    await until(() => told.length === 1 && stream.writableLength === 0)
  })
})
