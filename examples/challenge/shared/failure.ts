import * as z from 'zod'

/** The body of every HTTP answer that is not a success. */
export const Failure = z.object({
  error: z.object({ code: z.string(), message: z.string() }),
})
export type Failure = z.output<typeof Failure>

/** The request header that carries the public id of the window's Syncline client. */
export const clientHeader = 'x-sync-client'
