import { useSyncExternalStore } from 'react'
import { labNetwork, type NetworkMode } from '../net/lab-network.ts'
import { reach } from '../net/reach.ts'

/** Whether this window has a network, as far as the browser and the visitor's own hand say. */
export function useNetwork(): boolean {
  return useSyncExternalStore(labNetwork.subscribe, () => labNetwork.hasNetwork)
}

/** Whether the server can be reached over HTTP, as far as this window knows. */
export function useReach(): boolean {
  return useSyncExternalStore(reach.subscribe, () => reach.isThere)
}

/** How the visitor has set this window's network. */
export function useNetworkMode(): NetworkMode {
  return useSyncExternalStore(labNetwork.subscribe, () => labNetwork.mode)
}
