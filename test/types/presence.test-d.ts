import { channel, defineRegistry } from 'syncline'
import { createClient, type PresenceCount, type PresenceMember, presence } from 'syncline/client'
import { describe, expectTypeOf, it } from 'vitest'
import * as z from 'zod'

const registry = defineRegistry({
  room: channel('room/:id', {
    presence: z.object({ name: z.string(), at: z.string().transform((text) => new Date(text)) }),
  }),
  news: channel('news', { events: { told: z.object({}) } }),
})
const client = createClient(registry, { url: '/sync' })
const who = presence(client.channel('room', { id: 1 }))

interface Shown {
  name: string
  at: Date
}

describe('who is present', () => {
  it('shows the output of the schema', () => {
    expectTypeOf(who.members).toEqualTypeOf<readonly PresenceMember<Shown>[]>()
    expectTypeOf(who.count).toEqualTypeOf<PresenceCount>()
    who.on('change', (members) => expectTypeOf(members).toEqualTypeOf<readonly PresenceMember<Shown>[]>())
    who.on('join', (member) => expectTypeOf(member).toEqualTypeOf<PresenceMember<Shown>>())
    who.on('leave', (member) => expectTypeOf(member).toEqualTypeOf<PresenceMember<Shown>>())
  })

  it('is entered with the input of the schema', () => {
    expectTypeOf(who.enter({ name: 'Ann', at: '2026-01-01' })).toEqualTypeOf<Promise<void>>()
    // @ts-expect-error a date is what comes out
    who.enter({ name: 'Ann', at: new Date() })
    // @ts-expect-error something is missing
    who.enter({ name: 'Ann' })
  })

  it('does not compile for another event, or with a state where there is no presence', () => {
    // @ts-expect-error there is no such event
    who.on('enter', () => {})
    const nobody = presence(client.channel('news'))
    expectTypeOf(nobody.enter).parameter(0).toEqualTypeOf<never>()
  })
})
