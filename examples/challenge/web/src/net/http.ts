import { isSyncError } from 'syncline'
import { clientHeader, Failure } from '../../../shared/failure.ts'
import { labNetwork } from './lab-network.ts'
import { reach } from './reach.ts'

/** What the server answered to a request, or that nobody knows. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  /** The server's own code, or `unreachable` when no answer came. */
  readonly code: string

  constructor(code: string, message: string, cause?: unknown) {
    super(message, { cause })
    this.code = code
  }
}

const timeoutMs = 10_000

export interface Call {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'
  readonly body?: unknown
  readonly token?: string | undefined
  /** The public id of this window's client, by which it knows the event that follows as its own. */
  readonly clientId?: string | undefined
}

/** Asks the server. Resolves to the answer's body. Rejects with {@link ApiError}. */
export async function ask(
  path: string,
  { method = 'GET', body, token, clientId }: Call = {},
): Promise<unknown> {
  if (!labNetwork.hasNetwork) throw unreachable()
  const headers = new Headers()
  if (body !== undefined) headers.set('content-type', 'application/json')
  if (token !== undefined) headers.set('authorization', `Bearer ${token}`)
  if (clientId !== undefined) headers.set(clientHeader, clientId)
  const response = await fetch(path, {
    method,
    headers,
    body: body === undefined ? null : JSON.stringify(body),
    signal: AbortSignal.timeout(timeoutMs),
  }).catch((cause) => {
    reach.note(false)
    throw unreachable(cause)
  })
  reach.note(true)
  const answer: unknown = await response.json().catch(() => undefined)
  if (response.ok) return answer
  const failure = Failure.safeParse(answer)
  if (failure.success) throw new ApiError(failure.data.error.code, failure.data.error.message)
  throw new ApiError('unexpected', `The server answered with status ${response.status}.`)
}

function unreachable(cause?: unknown): ApiError {
  return new ApiError('unreachable', 'The server cannot be reached.', cause)
}

/** Why it went wrong, by the server's code or Syncline's. */
export function codeOf(error: unknown): string {
  return error instanceof ApiError || isSyncError(error) ? error.code : 'unexpected'
}

/** Whatever went wrong, in words for a person. */
export function wordsOf(error: unknown): string {
  if (error instanceof ApiError || isSyncError(error)) return error.message
  return 'The server sent something that this page does not understand.'
}
