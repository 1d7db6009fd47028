import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface ListenOptions {
  /** Where to start looking; 0 lets the system choose. */
  readonly port: number
  readonly host: string
}

const attempts = 20

/** Listens on `port`, or on the next free one of the {@link attempts} after it; resolves to the port it got. */
export async function listen(server: Server, { port, host }: ListenOptions): Promise<number> {
  for (let candidate = port; ; candidate += 1) {
    try {
      return await listenOnce(server, { port: candidate, host })
    } catch (error) {
      const last = port === 0 || candidate === port + attempts - 1 || candidate === 65_535
      if (!isTaken(error)) throw error
      if (last) {
        const range = `${port} to ${candidate}`
        throw new Error(`No port from ${range} is free on ${host}; set PORT to another one.`, {
          cause: error,
        })
      }
    }
  }
}

function listenOnce(server: Server, { port, host }: ListenOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port, host }, () => {
      server.off('error', reject)
      resolve((server.address() as AddressInfo).port)
    })
  })
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
}
