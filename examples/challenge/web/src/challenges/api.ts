import { Challenge, ChallengeList, clientHeader, Failure } from '../../../shared/challenge.ts'

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

/** Every challenge as it stands in the database. Rejects with {@link ApiError}. */
export async function fetchChallenges(): Promise<readonly Challenge[]> {
  return ChallengeList.parse(await request('/challenges', {})).challenges
}

/** Switches one and resolves to the row as committed. Rejects with {@link ApiError}. */
export async function toggleChallenge(id: number, clientId: string | undefined): Promise<Challenge> {
  const headers: HeadersInit = clientId === undefined ? {} : { [clientHeader]: clientId }
  return Challenge.parse(await request(`/challenges/${id}/toggle`, { method: 'PATCH', headers }))
}

async function request(path: string, init: RequestInit): Promise<unknown> {
  const response = await fetch(path, { ...init, signal: AbortSignal.timeout(timeoutMs) }).catch((cause) => {
    throw new ApiError('unreachable', 'The server cannot be reached.', cause)
  })
  const body: unknown = await response.json().catch(() => undefined)
  if (response.ok) return body
  const failure = Failure.safeParse(body)
  if (failure.success) throw new ApiError(failure.data.error.code, failure.data.error.message)
  throw new ApiError('unexpected', `The server answered with status ${response.status}.`)
}
