import { Challenge, type ChallengeInput, ChallengeList } from '../../../shared/challenge.ts'
import { ask, type Call } from '../net/http.ts'
import { asPerson } from '../person/person.ts'
import { client } from '../sync.ts'

const send = (path: string, call: Call) =>
  asPerson((token) => ask(path, { ...call, token, clientId: client.id }))

/** Every challenge as it stands in the database. Rejects with {@link ApiError}, as all of these do. */
export async function fetchChallenges(): Promise<readonly Challenge[]> {
  return ChallengeList.parse(await ask('/challenges')).challenges
}

/** Switches one on or off; asking twice is asking once. Resolves to the row as committed. */
export async function switchChallenge(id: number, is_active: boolean): Promise<Challenge> {
  return Challenge.parse(await send(`/challenges/${id}/toggle`, { method: 'PATCH', body: { is_active } }))
}

export async function createChallenge(body: ChallengeInput): Promise<Challenge> {
  return Challenge.parse(await send('/challenges', { method: 'POST', body }))
}

export async function deleteChallenge(id: number): Promise<void> {
  await send(`/challenges/${id}`, { method: 'DELETE' })
}

/** Joins one, or leaves it. Resolves to the row as committed. */
export async function joinChallenge(id: number, isJoined: boolean): Promise<Challenge> {
  return Challenge.parse(await send(`/challenges/${id}/join`, { method: isJoined ? 'PUT' : 'DELETE' }))
}
