import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express'
import type * as z from 'zod'
import { clientHeader, type Failure } from '../shared/failure.ts'

const statuses = {
  bad_request: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  no_such_route: 404,
  wrong_status: 409,
  too_large: 413,
  internal: 500,
} as const

/** Why a request gets no success. */
export type RefusalCode = keyof typeof statuses

/** Ends a request: its code chooses the status, its message goes to whoever asked. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly code: RefusalCode

  constructor(code: RefusalCode, message: string) {
    super(message)
    this.code = code
  }
}

/** `value` as the schema gives it. Throws `bad_request`, which names each field that is wrong. */
export function read<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const result = schema.safeParse(value === undefined ? {} : value)
  if (result.success) return result.data
  const wrong = result.error.issues.map(({ path, message }) => `${path.join('.') || 'the body'}: ${message}`)
  throw new Refused('bad_request', `This cannot be used: ${wrong.join('; ')}.`)
}

/** An id as it stands in a path. Throws `bad_request`. */
export function readId(text: string | undefined): number {
  const id = /^[1-9]\d*$/.test(text ?? '') ? Number(text) : Number.NaN
  if (Number.isSafeInteger(id)) return id
  throw new Refused('bad_request', `id: "${shortened(text)}" is none; use a whole number from 1.`)
}

/** The public id of the client in whose window the request was made, if it says so. */
export function windowOf(req: Request): string | undefined {
  return req.get(clientHeader)
}

/** For what no route has taken. */
export const noSuchRoute: RequestHandler = (req) => {
  const path = shortened(req.originalUrl)
  throw new Refused(
    'no_such_route',
    `There is no ${req.method} ${path} here; see the README for what there is.`,
  )
}

/** Turns whatever a route threw into `{ error: { code, message } }`; what nobody expected is logged. */
export function failures(log: (line: string) => void): ErrorRequestHandler {
  // biome-ignore lint/complexity/useMaxParams: Express knows an error handler by its four parameters
  return (error: unknown, req, res, next) => {
    if (res.headersSent) return next(error)
    const refused = error instanceof Refused ? error : refusalOf(error)
    if (refused) return fail(res, refused)
    log(`${req.method} ${req.originalUrl} failed: ${error instanceof Error ? error.stack : String(error)}`)
    fail(res, new Refused('internal', 'The server could not do this and has logged why; try again.'))
  }
}

/** What Express itself finds wrong with a request, before a route runs. */
function refusalOf(error: unknown): Refused | undefined {
  if (error instanceof URIError) return new Refused('bad_request', 'The path is not valid percent-encoding.')
  const status = error instanceof Error && 'status' in error ? Number(error.status) : 500
  if (status === 413) return new Refused('too_large', 'The body is larger than this server takes.')
  if (status >= 400 && status < 500) return new Refused('bad_request', 'The body is not valid JSON.')
  return undefined
}

function fail(res: Response, { code, message }: Refused): void {
  res.status(statuses[code]).json({ error: { code, message } } satisfies Failure)
}

/** What a stranger sent, short enough to be said back. */
export function shortened(text = ''): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}
