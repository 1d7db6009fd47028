import {
  auditTo,
  type HubDiagnostic,
  type HubLogLevel,
  type HubOptions,
  hubDefaults,
  logTo,
} from 'syncline/server'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../src/shared/clock.ts'
import { read } from './support/files.ts'
import { literalsOf } from './support/literals.ts'
import { tableRows } from './support/markdown.ts'
import { optionDifferences, shownNumber } from './support/options.ts'

const guide = read('docs/guide/3-hub.md')

/** What the table says where the code has no default. The compiler holds these keys to the options. */
const withoutDefault: Record<Exclude<keyof HubOptions, keyof typeof hubDefaults>, string> = {
  authenticate: 'none',
  broadcaster: 'memory()',
}

/** What the table says of a default that is no number. */
const inWords: Readonly<Record<string, string>> = {
  onError: 'reportError, else the console',
  clock: 'systemClock',
  random: "the platform's cryptographic source",
}

const optionsOfTheCode = (): Record<string, string> => ({
  ...withoutDefault,
  ...Object.fromEntries(
    Object.entries(hubDefaults).map(([name, value]) => [
      name,
      typeof value === 'number' ? shownNumber(value) : inWords[name]!,
    ]),
  ),
})

const wrongOptions = (markdown: string) => optionDifferences(markdown, optionsOfTheCode())

const columns = ['diagnostic', 'tells', 'level in the log', 'in the audit'] as const

/** diagnostic → its level and whether it is audited, as the table says. */
const diagnosticsIn = (markdown: string) =>
  Object.fromEntries(
    tableRows(markdown, [...columns]).map(([type, , level, audit]) => [type, [level, audit === 'yes']]),
  )

/** diagnostic → its level and whether it is audited, as the code has it. */
function diagnosticsOfTheCode() {
  const found: Record<string, [HubLogLevel, boolean]> = {}
  for (const type of literalsOf('src/server/diagnostics.ts', 'HubDiagnosticType')) {
    let level: HubLogLevel = 'debug'
    let isAudited = false
    const keep = (at: HubLogLevel) => () => {
      level = at
    }
    const logger = { debug: keep('debug'), info: keep('info'), warn: keep('warn'), error: keep('error') }
    logTo(logger, 'debug')({ type } as HubDiagnostic)
    auditTo(() => {
      isAudited = true
    })({ type } as HubDiagnostic)
    found[type] = [level, isAudited]
  }
  return found
}

describe("the table of the hub's options", () => {
  it('names every option with its default and its unit, and nothing else', () => {
    expect(hubDefaults.clock).toBe(systemClock)
    expect(wrongOptions(guide)).toEqual([])
  })

  it.each([
    ['a row is gone', /^\| `maxHistory` .*\n/m, '', 'maxHistory is missing'],
    ['one without a default is gone', /^\| `authenticate` .*\n/m, '', 'authenticate is missing'],
    ['a number is another', '| `262,144` |', '| `1` |', 'maxMessageBytes: the default is 262,144, not 1'],
    ['a unit is wrong', '`50` | ms', '`50` | s', 'presenceDiffMs: the unit is "ms", not "s"'],
  ])('is found wrong when %s', (...[, from, to, expected]) => {
    const broken = guide.replace(from, to)
    expect(broken).not.toBe(guide)
    expect(wrongOptions(broken)).toContain(expected)
  })
})

describe("the table of the hub's diagnostics", () => {
  it('names each of them, with its level in the log and whether it is audited', () => {
    expect(Object.keys(diagnosticsOfTheCode()).length).toBeGreaterThan(10)
    expect(diagnosticsIn(guide)).toEqual(diagnosticsOfTheCode())
  })

  it('is found wrong when a level is another, an audit is claimed or a row is gone', () => {
    for (const [from, to] of [
      [/^(\| `close` .*)info/m, '$1warn'],
      [/^(\| `drain` .*info \|) \|/m, '$1 yes |'],
      [/^\| `refuse` .*\n/m, ''],
    ] as const) {
      expect(diagnosticsIn(guide.replace(from, to))).not.toEqual(diagnosticsOfTheCode())
    }
  })
})
