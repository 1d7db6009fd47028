/** What tests of this package, and of apps that use it, stand on: `syncline/testing`. @module */
export { broadcasterContract, type ContractCase } from './broadcaster-contract.ts'
export type { BroadcasterContractOptions, BroadcasterUnderTest } from './broadcaster-trial.ts'
export { type ManualClock, manualClock } from './manual-clock.ts'
export { createNetwork, type Network, type NetworkOptions } from './network.ts'
export { seededRandom } from './seeded-random.ts'
export type { Link, Reachable, Way } from './wire.ts'
