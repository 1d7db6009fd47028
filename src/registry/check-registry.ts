import { SyncError } from '../shared/errors.ts'
import { ownEntry } from '../shared/own-entry.ts'
import type { ChannelDefinition } from './channel.ts'
import type { AnyRegistry } from './infer.ts'
import type { Schema } from './schema.ts'

/** What an entry of each section must hold; those of the first three are schemas themselves and share one namespace. */
const shapes: Record<string, readonly string[]> = {
  events: ['schema'],
  clientEvents: ['schema'],
  messages: ['schema'],
  requests: ['input', 'output', 'idempotent'],
  collections: ['schema', 'key'],
}

/** What a channel tells its listeners itself. */
const reserved = ['gap', 'subscribed', 'unsubscribed']

/**
 * Holds a registry to what its types cannot say. `createHub` calls it; call it in a test where no hub is used.
 * @throws SyncError `bad_registry` for a bad version, key, pattern or section, a name that is bad, reserved or repeated, a
 * value that is no Standard Schema, or two patterns that one name could match
 */
export function checkRegistry({ channels, version, minVersion }: AnyRegistry): void {
  const isWhole = Number.isSafeInteger(version) && Number.isSafeInteger(minVersion)
  check(
    isWhole && minVersion > 0 && minVersion <= version,
    'Bad version: pass integers, 1 <= minVersion <= version.',
  )
  const taken: string[] = []
  for (const [key, definition] of Object.entries(channels)) {
    check(isName(key), `Bad channel key "${key}": write an identifier.`)
    checkDefinition(definition)
    const { pattern } = definition
    const other = taken.find((one) => overlaps(one, pattern))
    check(other === undefined, `"${other}" and "${pattern}" match the same names: change one.`)
    taken.push(pattern)
  }
}

function checkDefinition({ pattern, spec }: ChannelDefinition): void {
  checkPattern(pattern)
  const heard = new Set(reserved)
  for (const [section, given] of Object.entries((spec ?? {}) as Record<string, unknown>)) {
    const where = `Channel "${pattern}": ${section}`
    if (section === 'presence') {
      check(isSchema(given), `${where} is no Standard Schema: correct it.`)
      continue
    }
    const fields = ownEntry(shapes, section)
    if (!fields) throw new SyncError('bad_registry', `${where} is no section: correct its name.`)
    for (const [name, entry] of Object.entries(given ?? {})) {
      const isBare = fields.length === 1
      const isFree = isName(name) && !(isBare && heard.has(name))
      check(isFree, `${where}.${name} is a bad, reserved or repeated name: rename it.`)
      if (isBare) heard.add(name)
      checkEntry(isBare ? { schema: entry } : entry, fields, `${where}.${name}`)
    }
  }
}

function checkEntry(entry: object, fields: readonly string[], where: string): void {
  const given: Record<string, unknown> = { ...entry }
  for (const field of new Set([...fields, ...Object.keys(given)])) {
    const ok = fields.includes(field) && fits(field, given[field])
    check(ok, `${where} has a wrong or missing ${field}: correct it.`)
  }
}

/** Refuses what is not segments between `/`, each a `:name` (an identifier, once) or a text that needs no escaping. */
export function checkPattern(pattern: string): void {
  const names = new Set<string>()
  // A caller without types may pass anything.
  for (const segment of typeof pattern === 'string' ? pattern.split('/') : ['']) {
    const name = segment.slice(1)
    const isParameter = segment[0] === ':'
    // A name that every object inherits could not be told from a missing parameter.
    const isFresh = /^[a-z_]\w*$/i.test(name) && !(name in {}) && !names.has(name)
    check(
      isParameter ? isFresh : /^[\w.!~*'()-]+$/.test(segment) && segment[0] !== '~',
      `Bad segment "${segment}" in pattern "${String(pattern)}": write it like game or :code, each parameter once.`,
    )
    if (isParameter) names.add(name)
  }
}

/** Whether some name matches both patterns. */
export function overlaps(a: string, b: string): boolean {
  const others = b.split('/')
  const segments = a.split('/')
  return (
    segments.length === others.length &&
    segments.every((one, i) => one === others[i] || one[0] === ':' || others[i]![0] === ':')
  )
}

/** Whether `name` may name a channel, an event, a request or a collection. */
function isName(name: string): boolean {
  return /^[a-z_][\w.:-]{0,127}$/i.test(name) && name !== '__proto__'
}

function fits(field: string, value: unknown): boolean {
  if (field === 'key') return typeof value === 'string' && value !== ''
  if (field === 'idempotent') return value === undefined || typeof value === 'boolean'
  return isSchema(value)
}

/** Accepts functions too, as the schemas of some libraries are callable. */
function isSchema(value: unknown): boolean {
  return typeof (value as Partial<Schema> | null | undefined)?.['~standard']?.validate === 'function'
}

function check(ok: boolean, why: string): void {
  if (!ok) throw new SyncError('bad_registry', why)
}
