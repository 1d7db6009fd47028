/** What tests of this package, and of apps that use it, stand on: `syncline/testing`. @module */
export { broadcasterContract, type ContractCase } from './broadcaster-contract.ts'
export type { BroadcasterContractOptions, BroadcasterUnderTest } from './broadcaster-trial.ts'
export {
  type ClientFact,
  type Fact,
  type Invariant,
  invariants,
  type LogFact,
  type ReaderFact,
  type RunFact,
  type SendFact,
  type Violation,
} from './facts.ts'
export { type BrokerOptions, FaultyBroker, type Untimed } from './faulty-broker.ts'
export { checkHistory } from './history.ts'
export { type ManualClock, manualClock } from './manual-clock.ts'
export { createNetwork, type Network, type NetworkOptions } from './network.ts'
export { seededRandom } from './seeded-random.ts'
export { SimulatedProcess } from './simulated-process.ts'
export type { Link, Reachable, Way } from './wire.ts'
export { createWorld, type Leftovers, type World } from './world.ts'
export type { WorldOptions } from './world-options.ts'
export { Page, type Surroundings, WorldNode } from './world-parts.ts'
