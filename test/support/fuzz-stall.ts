import { connect, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** A way to a server on which a client can stop reading. */
export interface StallingLink {
  readonly url: string
  /** From now on nothing of what the server says is read, on the connections that there are. */
  stall(): void
  /** Reads on, to what the system has kept, and to the end. */
  resume(): void
}

/** A TCP proxy to a port of this machine; ended after the test. */
export async function startStallingLink(to: number): Promise<StallingLink> {
  /** The server's ends, and the client's end of each. */
  const lines = new Map<Socket, Socket>()
  const all = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect({ port: to, host: '127.0.0.1' })
    lines.set(far, near)
    for (const [from, into] of [
      [near, far],
      [far, near],
    ] as const) {
      all.add(from)
      from.pipe(into)
      from.on('error', () => into.destroy())
      from.on('close', () => {
        into.end()
        all.delete(from)
      })
    }
    far.on('close', () => lines.delete(far))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of all) socket.destroy()
    server.close()
  })
  const { port } = server.address() as { port: number }
  return {
    url: `ws://127.0.0.1:${port}/sync`,
    stall() {
      for (const [far, near] of lines) far.unpipe(near).pause()
    },
    resume() {
      for (const [far, near] of lines) far.pipe(near)
    },
  }
}
