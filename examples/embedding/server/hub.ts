import { createHub } from 'syncline/server'
import { registry } from './registry.ts'

/** The same in front of every server. */
export const hub = createHub(registry)
hub.serve('lobby', {})

/** What each server does on `POST /say?text=…`; resolves to the position in the channel's log. */
export const say = (text: string) => hub.channel('lobby').publish('said', { text })
