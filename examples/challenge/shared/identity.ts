import * as z from 'zod'

/** A person as everyone may see them. There is no password: whoever asks gets a name of their own. */
export const Person = z.object({ id: z.string().min(1), name: z.string().trim().min(1).max(40) })
export type Person = z.output<typeof Person>

/** The body of `POST /session`: a new person, or, with a token, a new name for the one that it names. */
export const SessionInput = z.object({ name: Person.shape.name, token: z.string().optional() })
export type SessionInput = z.output<typeof SessionInput>

/** The answer of `POST /session`. The token opens the live connection, and goes as `Authorization: Bearer` with HTTP. */
export const Session = z.object({ token: z.string(), person: Person })
export type Session = z.output<typeof Session>
