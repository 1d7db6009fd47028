import { createServer } from 'node:http'
import { expect, it, onTestFinished } from 'vitest'
import { listen } from '../server/listen.ts'

function server() {
  const made = createServer()
  onTestFinished(() => void made.close())
  return made
}

const host = '127.0.0.1'

it('listens on the next port when the wanted one is taken', async () => {
  const taken = await listen(server(), { port: 0, host })
  const next = await listen(server(), { port: taken, host })
  expect(next).toBeGreaterThan(taken)
})

it('says so at once when the address is not one of this machine', async () => {
  await expect(listen(server(), { port: 0, host: '192.0.2.1' })).rejects.toThrow('EADDRNOTAVAIL')
})
