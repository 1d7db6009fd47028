import { createHmac, timingSafeEqual } from 'node:crypto'
import { type Request, Router } from 'express'
import { type Person, type Session, SessionInput } from '../shared/identity.ts'
import { Refused, read } from './http.ts'
import type { PeopleStore } from './people.ts'

/** Who is behind a token, and behind an HTTP request. */
export interface Identity {
  /** Makes a person, or, with a token, gives the one that it names another name. Throws `unauthorized`. */
  open(input: SessionInput): Session
  /** The person whose token it is, under their present name; `undefined` for a token that this server never gave. */
  personOf(token: string): Person | undefined
  /** Who sent it, or `null` when it carries no token. Throws `unauthorized` for a token that is nobody's. */
  sender(request: Request): Person | null
  /** Who sent it. Throws `unauthorized`. */
  requireSender(request: Request): Person
}

export function createIdentity(people: PeopleStore): Identity {
  const signatureOf = (id: string) => createHmac('sha256', people.secret).update(id).digest()
  const tokenOf = ({ id }: Person) => `${id}.${signatureOf(id).toString('base64url')}`
  const personOf = (token: string) => {
    const [id = '', signature = ''] = token.split('.')
    const [given, right] = [Buffer.from(signature, 'base64url'), signatureOf(id)]
    const isRight = given.length === right.length && timingSafeEqual(given, right)
    return isRight ? people.find(id) : undefined
  }
  const known = (token: string) => {
    const person = personOf(token)
    if (person) return person
    throw new Refused('unauthorized', 'This token is nobody’s here; ask POST /session for one without it.')
  }
  const sender = (request: Request) => {
    const header = request.get('authorization')
    return header === undefined ? null : known(/^Bearer +(\S+)$/i.exec(header)?.[1] ?? '')
  }
  return {
    personOf,
    sender,
    requireSender(request) {
      const person = sender(request)
      if (person) return person
      throw new Refused(
        'unauthorized',
        'Say who you are: send the token of POST /session as Authorization: Bearer.',
      )
    },
    open({ name, token }) {
      const person = token === undefined ? people.add(name) : people.rename({ id: known(token).id, name })!
      return { token: tokenOf(person), person }
    },
  }
}

/** `POST /session`. */
export function sessionRoutes(identity: Identity): Router {
  const router = Router()
  router.post('/session', (req, res) => {
    res.set('Cache-Control', 'no-store').json(identity.open(read(SessionInput, req.body)))
  })
  return router
}
