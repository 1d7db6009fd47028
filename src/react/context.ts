'use client'
import { createContext } from 'react'
import type { Client } from '../client/create-client.ts'
import type { AnyRegistry } from '../registry/registry.ts'

/** The client of the nearest provider; one context for all registries, told apart where it is read. */
export const ClientContext = createContext<Client<AnyRegistry> | undefined>(undefined)
