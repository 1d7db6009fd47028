import { createServer } from 'node:http'
import express, { json } from 'express'
import { expect, it, onTestFinished } from 'vitest'
import { failures } from '../server/http.ts'
import { block, labRoutes } from '../server/lab.ts'
import { listen } from '../server/listen.ts'
import { call, refusal, startApi } from './support.ts'

/** The lab's routes alone, with a record of how long they would have stood still. */
async function startLab(host: string) {
  const blocked: number[] = []
  const lab = labRoutes({ host, block: (ms) => blocked.push(ms) })
  const server = createServer(
    express().use(
      json(),
      lab,
      failures(() => {}),
    ),
  )
  onTestFinished(() => void server.close())
  const port = await listen(server, { port: 0, host: '127.0.0.1' })
  return { url: `http://127.0.0.1:${port}`, blocked }
}

const to = 'POST /lab/freeze'

it.each(['127.0.0.1', '127.9.9.9', 'localhost', '::1'])(
  'freezes a server on %s, after the answer',
  async (host) => {
    const { url, blocked } = await startLab(host)
    expect(await call(url, { to, body: { seconds: 1.5 } })).toEqual({ status: 202, body: { seconds: 1.5 } })
    await expect.poll(() => blocked).toEqual([1_500])
  },
)

it.each(['0.0.0.0', '::', '192.168.1.7', '127.evil.example'])('freezes none on %s', async (host) => {
  const { url, blocked } = await startLab(host)
  const answer = await refusal(url, { to, body: { seconds: 1 } })
  expect(answer).toMatchObject({ status: 403, code: 'forbidden' })
  expect(blocked).toEqual([])
})

it.each([{ seconds: 20.1 }, { seconds: 0 }, { seconds: '5' }, {}])('refuses %j', async (body) => {
  const { url, blocked } = await startLab('127.0.0.1')
  const answer = await refusal(url, { to, body })
  expect(answer).toMatchObject({ status: 400, message: expect.stringContaining('seconds: ') })
  expect(blocked).toEqual([])
})

it('refuses a body that a page of another origin could send', async () => {
  const { url } = await startLab('127.0.0.1')
  const headers = { 'content-type': 'text/plain' }
  const response = await fetch(`${url}/lab/freeze`, { method: 'POST', headers, body: '{"seconds":1}' })
  expect(response.status).toBe(400)
})

it('holds the whole process, and lets it go on', async () => {
  const { url } = await startApi()
  let ran = false
  setImmediate(() => {
    ran = true
  })
  block(20)
  expect(ran).toBe(false)
  expect(await call(url, { to, body: { seconds: 0.02 } })).toMatchObject({ status: 202 })
  expect((await call(url, { to: 'GET /challenges' })).status).toBe(200)
})
