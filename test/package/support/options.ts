import { tableRows } from './markdown.ts'

/** A default that is a number, as a table shows it. */
export function shownNumber(value: number): string {
  return Number.isFinite(value) ? value.toLocaleString('en-US') : String(value)
}

function unitOf(option: string): string {
  if (option.endsWith('Ms')) return 'ms'
  return option.endsWith('Bytes') ? 'bytes' : ''
}

/** One line for each way in which a document's table of options differs from the code: option → default, as it must be shown. */
export function optionDifferences(markdown: string, expected: Readonly<Record<string, string>>): string[] {
  const rows = tableRows(markdown, ['option', 'default', 'unit', 'meaning'])
  const names = rows.map(([name]) => name!)
  const missing = Object.keys(expected).filter((name) => !names.includes(name))
  const wrong = rows.flatMap(([name = '', value, unit, meaning], index) => {
    if (!Object.hasOwn(expected, name)) return [`${name} is no option`]
    return [
      ...(names.indexOf(name) === index ? [] : [`${name} stands there twice`]),
      ...(value === expected[name] ? [] : [`${name}: the default is ${expected[name]}, not ${value}`]),
      ...(unit === unitOf(name) ? [] : [`${name}: the unit is "${unitOf(name)}", not "${unit}"`]),
      ...(meaning ? [] : [`${name} means nothing`]),
    ]
  })
  return [...missing.map((name) => `${name} is missing`), ...wrong]
}
