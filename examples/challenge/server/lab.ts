import { Router } from 'express'
import * as z from 'zod'
import { Refused, read } from './http.ts'

const FreezeInput = z.object({ seconds: z.number().positive().max(20) })

/** Holds the process for that long, with everything in it. */
export type Block = (ms: number) => void

export const block: Block = (ms) => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

export interface LabOptions {
  /** The address that the server listens on. */
  readonly host: string
  readonly block: Block
}

/**
 * `POST /lab/freeze`: the server stands still, so that a visitor can see pages recover. Only where nobody but this machine can ask
 * for it, and only with a JSON body, which pages of other origins cannot send.
 */
export function labRoutes({ host, block }: LabOptions): Router {
  const router = Router()
  router.post('/lab/freeze', (req, res) => {
    if (!isLoopback(host)) {
      throw new Refused(
        'forbidden',
        'This server can be reached from other machines, so nobody may freeze it.',
      )
    }
    const { seconds } = read(FreezeInput, req.body)
    // Who asked is answered first: nothing can be sent while the process stands still.
    res.once('finish', () => setImmediate(() => block(seconds * 1_000)))
    res.status(202).json({ seconds })
  })
  return router
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}
