import { connect, type Socket } from 'node:net'
import { SyncError, type SyncErrorCode } from 'syncline'
import type { Broadcaster, Deliver, LogEntry } from '../../../src/broadcasters/broadcaster.ts'

/** What a hub asks of a log in another process, as one line of JSON; `call` names a method. */
interface Call {
  readonly id: number
  readonly call: Exclude<keyof Broadcaster, 'close'> | 'unsubscribe'
  readonly args: readonly unknown[]
}

/** What comes back: how a call has ended, or an entry for the subscription that was asked for by the call `to`. */
type Reply =
  | { readonly id: number; readonly value?: unknown }
  | { readonly id: number; readonly code: SyncErrorCode; readonly message: string }
  | { readonly to: number; readonly entry: LogEntry; readonly epoch: string }

function lines<T>(socket: Socket, hear: (line: T) => void): void {
  let rest = ''
  socket.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n')
    rest = parts.pop()!
    for (const line of parts) hear(JSON.parse(line) as T)
  })
  // Whoever is killed resets its connections.
  socket.on('error', () => {})
}

const put = (socket: Socket, line: Call | Reply) => void socket.write(`${JSON.stringify(line)}\n`)

/** Serves a log to a hub in another process; what the hub follows ends with its connection. */
export function serveLog(log: Broadcaster, socket: Socket): void {
  const undos = new Map<number, () => void>()
  const methods = log as unknown as Record<string, (...args: readonly unknown[]) => Promise<unknown>>
  const run = async ({ id, call, args }: Call): Promise<unknown> => {
    if (call === 'unsubscribe') {
      undos.get(args[0] as number)?.()
      return undefined
    }
    // JSON has no way to say that an argument is left out.
    if (call !== 'subscribe') return methods[call]!(...args.map((arg) => arg ?? undefined))
    undos.set(
      id,
      await log.subscribe(args[0] as string, (entry, epoch) => put(socket, { to: id, entry, epoch })),
    )
    return undefined
  }
  socket.on('close', () => {
    for (const undo of undos.values()) undo()
  })
  lines<Call>(socket, (call) => {
    run(call).then(
      (value) => put(socket, { id: call.id, value }),
      ({ code, message }: SyncError) => put(socket, { id: call.id, code, message }),
    )
  })
}

/** The log of another process, which outlives the hub's. */
export function remoteLog(port: number): Broadcaster {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: SyncError): void }>()
  const delivers = new Map<number, Deliver>()
  let lastId = 0
  const ask = <T>(call: Call['call'], ...args: readonly unknown[]): Promise<T> =>
    new Promise((resolve, reject) => {
      waiting.set(++lastId, { resolve: resolve as (value: unknown) => void, reject })
      put(socket, { id: lastId, call, args })
    })
  lines<Reply>(socket, (reply) => {
    if ('to' in reply) return delivers.get(reply.to)?.(reply.entry, reply.epoch)
    const { resolve, reject } = waiting.get(reply.id)!
    waiting.delete(reply.id)
    return 'code' in reply ? reject(new SyncError(reply.code, reply.message)) : resolve(reply.value)
  })
  return {
    append: (...args) => ask('append', ...args),
    recall: (...args) => ask('recall', ...args),
    read: (...args) => ask('read', ...args),
    claim: (...args) => ask('claim', ...args),
    settle: (...args) => ask('settle', ...args),
    release: (...args) => ask('release', ...args),
    async subscribe(channel, deliver) {
      const asked = ask('subscribe', channel)
      const id = lastId
      // Entries may come with the answer.
      delivers.set(id, deliver)
      await asked
      return () => {
        if (delivers.delete(id)) void ask('unsubscribe', id)
      }
    },
    async close() {
      socket.destroy()
    },
  }
}
