import type { Socket } from 'node:net'
import {
  type AttachOptions,
  attachWebSocket,
  type HubSettings,
  hubDefaults,
  type SessionSocket,
} from 'syncline/server'
import { onTestFinished, vi } from 'vitest'
import { WebSocket } from 'ws'
import { patience, startHttp } from './hub-server.ts'

/** One connection, from both of its ends. */
export interface Ends {
  /** What a hub is given. */
  readonly session: SessionSocket
  /** The server's half of the connection below it. */
  readonly stream: Socket
  readonly client: WebSocket
  /** What the client got. */
  readonly got: readonly string[]
  /** What the hub was told: texts, codes of failures, and how it ended. */
  readonly told: readonly (string | number | undefined)[]
}

/** The transport on a real server, and nothing behind it: what it hands to a hub is handed to the test. */
export async function startTransport(
  options: Partial<AttachOptions> = {},
  limits: Partial<HubSettings> = {},
) {
  const http = await startHttp()
  const streams: Socket[] = []
  const sessions: { session: SessionSocket; told: Ends['told'] }[] = []
  http.server.on('connection', (stream) => streams.push(stream))
  const accept = (session: SessionSocket) => {
    const told: (string | number | undefined)[] = []
    sessions.push({ session, told })
    return {
      received: (text: string) => told.push(text),
      failed: ({ code }: { code: string }) => told.push(code),
      closed: (code?: number) => told.push(code),
    }
  }
  const hub = { accept, settings: { ...hubDefaults, ...limits }, isTakingSessions: true, refused: () => {} }
  attachWebSocket(hub, http.server, { path: '/sync', ...options })

  const open = async (asks: { readonly perMessageDeflate?: boolean } = {}): Promise<Ends> => {
    const client = new WebSocket(`ws://127.0.0.1:${http.port}/sync`, 'syncline.1', {
      perMessageDeflate: false,
      ...asks,
    })
    onTestFinished(() => client.terminate())
    const got: string[] = []
    client.on('message', (data) => got.push(String(data)))
    await new Promise((resolve, reject) => client.once('open', resolve).once('error', reject))
    client.on('error', () => {})
    return { client, got, stream: streams.at(-1)!, ...sessions.at(-1)! }
  }
  return { ...http, open }
}

/** Waits until a condition of the two ends holds. */
export const until = (holds: () => boolean) =>
  vi.waitFor(() => {
    if (!holds()) throw new Error(`${holds} does not hold`)
  }, patience)
