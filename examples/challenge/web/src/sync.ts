import { createClient } from 'syncline/client'
import { createHooks } from 'syncline/react'
import { registry } from '../../shared/registry.ts'

/** The one connection of this window; every component shares it. */
export const client = createClient(registry, { url: '/sync' })

export const { SyncProvider, useChannel, useConnection, useEvent } = createHooks(registry)
