import { SyncError } from '../shared/errors.ts'
import { ownEntry } from '../shared/own-entry.ts'
import type { ChannelDefinition } from './channel.ts'
import type { AnyRegistry, ChannelMap, Registry } from './infer.ts'
import { formatName, matchName, type Params } from './pattern.ts'

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
 * Declares all channels of an app, once, for both of its sides. Whether names, patterns and schemas are in order is
 * for `checkRegistry`, which every hub calls: a client does not carry the checks.
 */
export function defineRegistry<const Channels extends ChannelMap>(
  channels: Channels,
  { version = 1, minVersion = 1 }: RegistryOptions = {},
): Registry<Channels> {
  const lines = Object.entries<ChannelDefinition>(channels).flatMap(listing)
  const hash = hashText([version, ...lines.sort()].join('\n'))
  return Object.freeze({ channels, version, minVersion, hash })
}

/**
 * What the registry says of one channel.
 * @throws SyncError `unknown_channel` for a key that the registry does not have
 */
export function definitionOf(registry: AnyRegistry, key: string): ChannelDefinition {
  const definition = ownEntry(registry.channels, key)
  if (!definition) throw new SyncError('unknown_channel', `The registry has no channel "${key}"`)
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

/** One line for each name of a channel, `key,section,name`; none of the three can hold a comma. */
function listing([key, { pattern, spec }]: readonly [string, ChannelDefinition]): string[] {
  const names = Object.entries(spec).flatMap(([section, entries = {}]: [string, object?]) =>
    // The keys of the presence schema are no names of the registry.
    section === 'presence'
      ? `${key},${section}`
      : Object.keys(entries).map((name) => `${key},${section},${name}`),
  )
  return [`${key},,${pattern}`, ...names]
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
