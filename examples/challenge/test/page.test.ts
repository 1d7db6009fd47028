import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { dirname, join } from 'node:path'
import express from 'express'
import { describe, expect, it, onTestFinished } from 'vitest'
import { failures, noSuchRoute } from '../server/http.ts'
import { listen } from '../server/listen.ts'
import { openPage } from '../server/page.ts'
import { temporaryFile } from './temporary-file.ts'

async function startPage() {
  const folder = dirname(temporaryFile())
  mkdirSync(join(folder, 'assets'))
  writeFileSync(join(folder, 'index.html'), '<title>Challenges</title>')
  writeFileSync(join(folder, 'assets', 'main.js'), 'export {}')
  const app = express()
  const server = createServer(app)
  const page = await openPage({ folder }, server)
  app.use(
    page.handler,
    noSuchRoute,
    failures(() => {}),
  )
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${await listen(server, { port: 0, host: '127.0.0.1' })}`
}

describe('a built page', () => {
  it.each(['/', '/game', '/game/ABC123', '/game/ABC123?seat=1', '/anything/else'])(
    'is what %s gives',
    async (path) => {
      const response = await fetch((await startPage()) + path)
      expect([response.status, response.headers.get('content-type')]).toEqual([
        200,
        'text/html; charset=utf-8',
      ])
      expect(await response.text()).toBe('<title>Challenges</title>')
    },
  )

  it('gives its files as they are', async () => {
    const response = await fetch(`${await startPage()}/assets/main.js`)
    expect(await response.text()).toBe('export {}')
  })

  it.each([
    ['GET', '/assets/gone.js'],
    ['POST', '/game/ABC123'],
  ])('answers %s %s, which is no page, with coded JSON', async (method, path) => {
    const response = await fetch((await startPage()) + path, { method })
    expect([response.status, await response.json()]).toMatchObject([
      404,
      { error: { code: 'no_such_route' } },
    ])
  })
})
