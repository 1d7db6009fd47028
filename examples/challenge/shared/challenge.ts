import * as z from 'zod'

/** One challenge as it travels: in HTTP answers and in events alike. */
export const Challenge = z.object({
  id: z.int().positive(),
  name: z.string().min(1),
  description: z.string(),
  category: z.string().min(1),
  /** Grows with every change of the row, so that of two copies the newer one is known. */
  version: z.int().positive(),
  toggle_details: z.object({ is_active: z.boolean() }),
})
export type Challenge = z.output<typeof Challenge>

/** The answer of `GET /challenges`. */
export const ChallengeList = z.object({ challenges: z.array(Challenge) })

/** What every window hears after a toggle was committed. */
export const ChallengeToggled = z.object({
  challenge_id: z.int().positive(),
  is_active: z.boolean(),
  challenge: Challenge,
})
export type ChallengeToggled = z.output<typeof ChallengeToggled>

/** The body of every HTTP answer that is not a success. */
export const Failure = z.object({
  error: z.object({ code: z.string(), message: z.string() }),
})
export type Failure = z.output<typeof Failure>

/** The request header that carries the public id of the window's Syncline client. */
export const clientHeader = 'x-sync-client'
