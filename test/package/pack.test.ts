import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Folder, read, root, temporaryFolder } from './support/files.ts'
import { run, tool } from './support/run.ts'
import { npm, pack } from './support/tarball.ts'

const versions: Record<string, string> = JSON.parse(read('package.json')).devDependencies
const beside = ['zod', 'react', '@types/react', '@types/node'].map((name) => `${name}@${versions[name]}`)

let folder: Folder
beforeAll(async () => {
  folder = temporaryFolder({ outside: true })
  folder.write({ 'package.json': '{ "name": "consumer", "private": true }' })
  const { path } = await pack(root, folder.path)
  const { code, output } = await npm(
    folder.path,
    ...['install', path, ...beside, '--prefer-offline', '--no-audit', '--no-fund'],
  )
  if (code !== 0) throw new Error(output)
})
afterAll(() => folder.remove())

/** A hub and a client that hears one event from it; it ends by itself only if both give everything back. */
const body = `
const registry = defineRegistry({
  game: channel('game/:code', { events: { said: z.object({ text: z.string() }) } }),
})
const hub = createHub(registry, { authenticate: () => ({ id: 'ada' }) })
hub.serve('game', { authorize: ({ params }) => params.code === 'A/1' })
const server = createServer()
attachWebSocket(hub, server, { path: '/sync' })
server.listen(0, () => {
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const client = createClient(registry, { url: 'ws://localhost:' + port + '/sync' })
  const game = client.channel('game', { code: 'A/1' })
  game.on('said', async ({ text }) => {
    console.log('heard ' + text)
    client.close()
    await hub.close()
    server.close()
  })
  game.on('subscribed', () => hub.channel('game', { code: 'A/1' }).publish('said', { text: 'hello' }))
})
`

const imports = `
import { createServer } from 'node:http'
import { channel, defineRegistry, isSyncError } from 'syncline'
import { createClient } from 'syncline/client'
import { createHooks } from 'syncline/react'
import { attachWebSocket, createHub } from 'syncline/server'
import * as testing from 'syncline/testing'
import * as z from 'zod'
`

const typed = `${imports}${body}
export const { SyncProvider, useChannel, useEvent } = createHooks(registry)
export const check: boolean = isSyncError(testing)
`

const requires = `
const { createServer } = require('node:http')
const { channel, defineRegistry } = require('syncline')
const { createClient } = require('syncline/client')
const { createHooks } = require('syncline/react')
const { attachWebSocket, createHub } = require('syncline/server')
require('syncline/testing')
const z = require('zod')
`

function typeCheck(files: Record<string, string>) {
  const tsconfig = {
    compilerOptions: {
      target: 'ES2022',
      module: 'NodeNext',
      lib: ['ES2022', 'DOM'],
      types: ['node'],
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      skipLibCheck: false,
    },
    files: Object.keys(files),
  }
  folder.write({ ...files, 'tsconfig.json': JSON.stringify(tsconfig) })
  return run(tool('tsc'), ['--project', folder.path, '--pretty', 'false'], folder.path)
}

describe('the packed package, installed into an empty project', () => {
  it.each([
    ['an ES module', 'main.mjs', imports],
    ['a CommonJS module', 'main.cjs', requires],
  ])('lets %s hear an event and end by itself', async (_, name, head) => {
    folder.write({ [name]: `${head}${body}createHooks(registry)\n` })
    expect(await run(process.execPath, [name], folder.path)).toEqual({ code: 0, output: 'heard hello\n' })
  })

  it('compiles in both module systems, its declarations checked too', async () => {
    const { code, output } = await typeCheck({ 'main.mts': typed, 'main.cts': typed })
    expect(code, output).toBe(0)
  })

  it('does not compile with a wrong event, payload or parameter', async () => {
    const wrong = ['said', 'text', 'code'].map((name) => [
      `wrong-${name}.mts`,
      imports + body.replace(name, 'wrong'),
    ])
    const { code, output } = await typeCheck(Object.fromEntries(wrong))
    expect(code).not.toBe(0)
    for (const [name] of wrong) expect(output).toContain(name)
  })
})
