import * as z from 'zod'
import { Person } from './identity.ts'

/** One challenge as it travels: in HTTP answers and in events alike. */
export const Challenge = z.object({
  id: z.int().positive(),
  name: z.string().min(1),
  description: z.string(),
  category: z.string().min(1),
  /** Grows with every change of the row, so that of two copies the newer one is known. */
  version: z.int().positive(),
  toggle_details: z.object({ is_active: z.boolean() }),
  /** The ids of the people who have joined it. */
  joined: z.array(Person.shape.id),
})
export type Challenge = z.output<typeof Challenge>

/** The answer of `GET /challenges`. */
export const ChallengeList = z.object({ challenges: z.array(Challenge) })

/** The body of `POST /challenges`. */
export const ChallengeInput = z.object({
  name: z.string().trim().min(1).max(60),
  description: z.string().trim().max(200),
  category: z.string().trim().min(1).max(20),
})
export type ChallengeInput = z.output<typeof ChallengeInput>

/**
 * What a window asks for, as the body of `PATCH /challenges/:id/toggle` and as the request `toggle`: the state that it wants, so that asking
 * twice is asking once. Without `is_active`, the other state than the present one.
 */
export const ToggleInput = z.object({ id: z.int().positive(), is_active: z.boolean().optional() })
export type ToggleInput = z.output<typeof ToggleInput>

/** What every window hears after a toggle was committed. */
export const ChallengeToggled = z.object({
  challenge_id: z.int().positive(),
  is_active: z.boolean(),
  challenge: Challenge,
  /** Who toggled it; `null` for somebody whom the server does not know. */
  by: Person.nullable(),
})
export type ChallengeToggled = z.output<typeof ChallengeToggled>

/** What every window hears after a challenge was created, or somebody has joined or left it. */
export const ChallengeChanged = z.object({ challenge: Challenge, by: Person.nullable() })
export type ChallengeChanged = z.output<typeof ChallengeChanged>

/** What every window hears after a challenge was deleted. */
export const ChallengeDeleted = z.object({ challenge_id: z.int().positive(), by: Person.nullable() })
export type ChallengeDeleted = z.output<typeof ChallengeDeleted>

/** What those who joined a challenge, and only they, hear when somebody else switches it. */
export const Notice = z.object({ challenge_id: z.int().positive(), text: z.string() })
export type Notice = z.output<typeof Notice>
