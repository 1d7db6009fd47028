import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type HubHealth, healthHandler } from '../../../src/server/health.ts'

/** The address of a server that answers everything with the health of a hub that is like this. */
async function serve(health: () => HubHealth): Promise<string> {
  const server = createServer(healthHandler({ health })).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/health`
}

describe('the health of a hub', () => {
  it.each([
    ['ok', 200],
    ['full', 503],
    ['draining', 503],
    ['closed', 503],
  ] as const)('is told as JSON that nobody stores: %s with status %i', async (status, code) => {
    const answer = await fetch(await serve(() => ({ status, connections: 3 })))
    expect([answer.status, await answer.json()]).toEqual([code, { status, connections: 3 }])
    expect(answer.headers.get('content-type')).toBe('application/json')
    expect(answer.headers.get('cache-control')).toBe('no-store')
  })

  it('is asked anew each time', async () => {
    let connections = 0
    const url = await serve(() => ({ status: 'ok', connections: connections++ }))
    const ask = async () => ((await (await fetch(url)).json()) as HubHealth).connections
    expect([await ask(), await ask()]).toEqual([0, 1])
  })

  it('is told to HEAD by the status alone', async () => {
    const url = await serve(() => ({ status: 'draining', connections: 3 }))
    const answer = await fetch(url, { method: 'HEAD' })
    expect([answer.status, await answer.text()]).toEqual([503, ''])
  })

  it.each(['POST', 'PUT', 'DELETE'])('is no answer to %s', async (method) => {
    const url = await serve(() => ({ status: 'ok', connections: 0 }))
    const answer = await fetch(url, { method })
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  })
})
