import { SyncError } from '../shared/errors.ts'
import { type ChannelDefinition, type ChannelSpec, channel, isName, own } from './channel.ts'
import type { AnyRegistry, ChannelMap, Registry } from './infer.ts'
import { formatName, matchName, overlaps, type Params } from './pattern.ts'

export type { AnyRegistry, ChannelMap, Registry } from './infer.ts'

/** Both are whole numbers from 1. */
export interface RegistryOptions {
  /** The app's own version of the registry. Default 1. */
  readonly version?: number
  /** The oldest version of the other side that is still served, at most `version`. Default 1. */
  readonly minVersion?: number
}

/** What a channel name stands for. */
export interface ResolvedName {
  readonly key: string
  readonly definition: ChannelDefinition
  readonly params: Readonly<Record<string, string>>
}

/**
 * Declares all channels of an app, once, for both of its sides. The result is frozen.
 * @throws SyncError `bad_registry` for a bad key, definition or version, or for two patterns that one name could match
 */
export function defineRegistry<const Channels extends ChannelMap>(
  channels: Channels,
  options: RegistryOptions = {},
): Registry<Channels> {
  const { version = 1, minVersion = 1 } = options
  const check = (ok: boolean, why: string) => {
    if (!ok) throw new SyncError('bad_registry', why)
  }
  const whole = Number.isSafeInteger(version) && Number.isSafeInteger(minVersion)
  check(
    whole && minVersion > 0 && minVersion <= version,
    'Bad version: pass integers, 1 <= minVersion <= version.',
  )
  const taken: string[] = []
  const entries = Object.entries<ChannelDefinition>(channels).map(([key, given]) => {
    check(isName(key), `Bad channel key "${key}": write an identifier.`)
    // Made anew, so that a definition that was written by hand is checked like any other.
    const definition = channel<string, ChannelSpec>(given?.pattern, given?.spec ?? {})
    const other = taken.find((pattern) => overlaps(pattern, given.pattern))
    check(other === undefined, `"${other}" and "${given.pattern}" match the same names: change one.`)
    taken.push(given.pattern)
    return [key, definition] as const
  })
  return Object.freeze({
    channels: Object.freeze(Object.fromEntries(entries)) as unknown as Channels,
    version,
    minVersion,
    hash: hashText(JSON.stringify([version, entries.map(listing).sort()])),
  })
}

/**
 * What the registry says of one channel.
 * @throws SyncError `unknown_channel` for a key that the registry does not have
 */
export function definitionOf(registry: AnyRegistry, key: string): ChannelDefinition {
  const definition = own(registry.channels, key)
  if (!definition)
    throw new SyncError('unknown_channel', `No channel "${key}" in the registry: define it there.`)
  return definition
}

/**
 * The name on the wire of one channel: `(registry, 'game', { code: 'ABC' })` → `'game/ABC'`.
 * @throws SyncError `unknown_channel` for a key that the registry does not have, `bad_channel` for parameters that do not fit
 */
export function channelName(registry: AnyRegistry, key: string, params?: Params): string {
  return formatName(definitionOf(registry, key).pattern, params)
}

/** What `name` stands for, or `undefined` if no pattern of the registry writes exactly this name. Total: never throws. */
export function resolveName(registry: AnyRegistry, name: string): ResolvedName | undefined {
  for (const [key, definition] of Object.entries(registry.channels)) {
    const params = matchName(definition.pattern, name)
    if (params) return { key, definition, params }
  }
  return undefined
}

/** Everything that has a name in a channel, as JSON that is the same whatever order it was written in. */
function listing([key, { pattern, spec }]: readonly [string, ChannelDefinition]): string {
  const sections = Object.entries(spec).map(([section, entries]) =>
    // A schema's own keys are no names of the registry.
    [section, section === 'presence' || Object.keys(entries ?? {}).sort()],
  )
  return JSON.stringify([key, pattern, sections.filter(([, names]) => `${names}`).sort()])
}

/**
 * 53 bits: the text's characters as digits to the base 257, modulo the largest prime below 2^53, in base 36.
 * Tells versions apart, resists no attacker.
 */
function hashText(text: string): string {
  let hash = 0n
  for (const character of text) hash = (hash * 257n + BigInt(character.charCodeAt(0))) % 9007199254740881n
  return hash.toString(36)
}
