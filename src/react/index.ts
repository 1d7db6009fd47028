'use client'
/** Thin React bindings: `syncline/react`. @module */
export { createHooks, type Hooks, type UseEvent } from './create-hooks.ts'
export type { SyncProviderProps } from './provider.tsx'
