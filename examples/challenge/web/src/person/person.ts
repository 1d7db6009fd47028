import { type Person, Session } from '../../../shared/identity.ts'
import { ApiError, ask } from '../net/http.ts'

/** `?as=…` in the address makes another person of a second frame of the same tab, which shares its storage. */
const slot = new URLSearchParams(window.location.search).get('as') ?? 'first'
const storageKey = `challenges:person:${slot}`

const listeners = new Set<() => void>()
let session = stored()
let opening: Promise<Session> | undefined

/** Who this window is. A new window is somebody new, with a name that can be changed. */
export const person = {
  get current(): Person | undefined {
    return session?.person
  },
  subscribe(listener: () => void): () => void {
    listeners.add(listener)
    return () => listeners.delete(listener)
  },
  /** The token, got from the server when there is none yet, or when the present one is the one that was refused. */
  async token(refused?: string): Promise<string> {
    // Another may have been got meanwhile, for whoever was refused first: the window must stay one person.
    if (refused !== undefined && session?.token === refused) forget()
    return (session ?? (await open())).token
  },
  /** Gives this person another name, for everyone. Rejects with {@link ApiError}. */
  async rename(name: string): Promise<void> {
    await asPerson(async (token) =>
      keep(Session.parse(await ask('/session', { method: 'POST', body: { name, token } }))),
    )
  },
}

/** One request, however many ask. */
function open(): Promise<Session> {
  opening ??= ask('/session', { method: 'POST', body: { name: someName() } })
    .then((answer) => keep(Session.parse(answer)))
    .finally(() => {
      opening = undefined
    })
  return opening
}

function keep(next: Session): Session {
  session = next
  try {
    sessionStorage.setItem(storageKey, JSON.stringify(next))
  } catch {
    // Without storage a reload makes somebody new, which is all that is lost.
  }
  for (const listener of [...listeners]) listener()
  return next
}

function forget(): void {
  session = undefined
  try {
    sessionStorage.removeItem(storageKey)
  } catch {
    // What cannot be kept is not there either.
  }
}

function stored(): Session | undefined {
  try {
    const kept = Session.safeParse(JSON.parse(sessionStorage.getItem(storageKey) ?? 'null'))
    return kept.success ? kept.data : undefined
  } catch {
    return undefined
  }
}

/** Many, so that two windows are seldom called the same. */
const moods = 'Brave Bright Busy Calm Clever Fair Gentle Glad Jolly Keen Kind Lively Lucky Merry Neat Patient'
const animals =
  'Badger Beaver Falcon Finch Fox Hare Heron Ibex Lark Lynx Marten Mole Otter Owl Plover Puffin Raven Seal Swift Wren'

function someName(): string {
  const pick = (names: readonly string[]) => names[Math.floor(Math.random() * names.length)]
  return `${pick(moods.split(' '))} ${pick(animals.split(' '))}`
}

/** Asks as this person, with a new token if the server does not know the old one any more. Rejects with {@link ApiError}. */
export async function asPerson<T>(send: (token: string) => Promise<T>): Promise<T> {
  const token = await person.token()
  try {
    return await send(token)
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'unauthorized') throw error
    return send(await person.token(token))
  }
}
