import { defineRegistry } from 'syncline'
import { describe, expect, test } from 'vitest'
import { clientShapes } from '../../src/protocol/client-shapes.ts'
import { closeCodes, isFatalClose } from '../../src/protocol/close-codes.ts'
import { reservedErrorCodes, servedErrorCodes, wireErrorCodes } from '../../src/protocol/error-codes.ts'
import { hubShapes } from '../../src/protocol/hub-shapes.ts'
import { subprotocol } from '../../src/protocol/version.ts'
import { SyncError, type SyncErrorCode } from '../../src/shared/errors.ts'
import { filesBelow, read } from './support/files.ts'
import { codesMadeIn, framesOf, objectsOf } from './support/frames.ts'
import { numbersOf, onOneLine, type Saying, sayings, wrongNumbers } from './support/protocol-numbers.ts'

const document = read('docs/protocol.md')
const source = read('src/protocol/frames.ts')

/** The rows of the first table after a heading or line, as lists of cells without their back-ticks. */
function tableAfter(text: string, heading: string): string[][] {
  const start = text.indexOf(`\n${heading}\n`)
  if (start < 0) throw new Error(`The document has no line "${heading}"`)
  const lines = text.slice(start + heading.length + 2).split('\n')
  const first = lines.findIndex((line) => line.startsWith('|'))
  const rows: string[][] = []
  for (const line of lines.slice(first + 2)) {
    if (!line.startsWith('|')) break
    rows.push(
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll('`', '')),
    )
  }
  return rows
}

/** What two lists do not share, with the side that has it; a repeated item counts each time. */
function differences(inDocument: readonly string[], inCode: readonly string[]): string[] {
  const beyond = (items: readonly string[], others: readonly string[]) => {
    const left = [...others]
    return items.filter((item) => {
      const at = left.indexOf(item)
      if (at >= 0) left.splice(at, 1)
      return at < 0
    })
  }
  return [
    ...beyond(inDocument, inCode).map((item) => `only in the document: ${item}`),
    ...beyond(inCode, inDocument).map((item) => `only in the code: ${item}`),
  ]
}

const layoutsAfter = (text: string, heading: string) => tableAfter(text, heading).map(([layout]) => layout!)
const fromClient = (text: string) => [
  ...layoutsAfter(text, '### From the client to the hub'),
  ...layoutsAfter(text, '### Both ways'),
]
const fromHub = (text: string) => [
  ...layoutsAfter(text, '### From the hub to the client'),
  ...layoutsAfter(text, '### Both ways'),
]

const frameDifferences = (text: string, code = source) => [
  ...differences(fromClient(text), framesOf(code, 'ClientFrame')),
  ...differences(fromHub(text), framesOf(code, 'HubFrame')),
]

/** The fields that frames have and the table of fields does not explain. */
function unexplainedFields(text: string): string[] {
  const explained = tableAfter(text, '## Types of fields').flatMap(([field]) => field!.split(', '))
  const used = [...fromClient(text), ...fromHub(text)]
    .flatMap((layout) => layout.slice(1, -1).split(', ').slice(1))
    .map((field) => field.replace('?', ''))
  return [...new Set(used)].filter((field) => !explained.includes(field))
}

const objectDifferences = (text: string, code = source) =>
  differences(
    tableAfter(text, 'Objects:').map(([of, fields]) => `${of} ${fields}`),
    Object.entries(objectsOf(code)).map(([of, fields]) => `${of} ${fields}`),
  )

const gapReasonDifferences = (text: string) =>
  differences(
    tableAfter(text, '## Positions and recovery').map(([reason]) => reason!),
    /type GapReason = ([^\n]+)/.exec(source)![1]!.match(/\w+/g)!,
  )

const closeCodeDifferences = (text: string) =>
  differences(
    tableAfter(text, '## Close codes').map(([code, name, retry]) => `${code} ${name} ${retry}`),
    Object.entries(closeCodes).map(
      ([code, name]) => `${code} ${name} ${isFatalClose(Number(code)) ? 'no' : 'yes'}`,
    ),
  )

const retryable = (code: string) => (new SyncError(code as SyncErrorCode, '').retryable ? 'yes' : 'no')

const errorCodeDifferences = (text: string) =>
  differences(
    tableAfter(text, '## Error codes').map(([code, retry]) => `${code} ${retry}`),
    wireErrorCodes.map((code) => `${code} ${retryable(code)}`),
  )

/** The document without the first row that begins with this cell. */
function withoutRow(cell: string): string {
  const lines = document.split('\n')
  const at = lines.findIndex((line) => line.startsWith(`| \`${cell}\` |`))
  if (at < 0) throw new Error(`No row of ${cell}`)
  return lines.filter((_, index) => index !== at).join('\n')
}

describe('the frames of the document and of the code', () => {
  test('are the same in each direction', () => {
    expect(frameDifferences(document)).toEqual([])
  })

  test('have a check for each type, in each direction', () => {
    const typesOf = (layouts: string[]) => layouts.map((layout) => JSON.parse(/"\w+"/.exec(layout)![0]))
    expect(Object.keys(clientShapes).sort()).toEqual(typesOf(fromClient(document)).sort())
    expect(Object.keys(hubShapes).sort()).toEqual(typesOf(fromHub(document)).sort())
  })

  test('have every field explained', () => {
    expect(unexplainedFields(document)).toEqual([])
  })

  test('have the same objects', () => {
    expect(Object.keys(objectsOf(source)).length).toBeGreaterThan(5)
    expect(objectDifferences(document)).toEqual([])
  })

  test('differ when one side has a frame, a field or an object that the other has not', () => {
    const frame = '["cancel", ref]'
    expect(frameDifferences(withoutRow(frame))).toEqual([`only in the code: ${frame}`])
    const renamed = source.replace("'cancel', ref: number", "'cancel', number: number")
    expect(frameDifferences(document, renamed)).toHaveLength(2)
    expect(unexplainedFields(withoutRow('echo'))).toEqual(['echo'])
    expect(objectDifferences(withoutRow('bye'))).toEqual(['only in the code: bye { message?, afterMs? }'])
    expect(objectDifferences(document, `${source}\nexport interface LeaveOptions { why?: string }`)).toEqual([
      'only in the code: leave { why? }',
    ])
    expect(objectDifferences(document.replace('{ limit, before? }', '{ limit }'))).toHaveLength(2)
  })
})

describe('the codes of the document and of the code', () => {
  test('are the same for gaps', () => {
    expect(gapReasonDifferences(document)).toEqual([])
  })

  test('are the same for closes, with the same verdict', () => {
    expect(closeCodeDifferences(document)).toEqual([])
  })

  test('are the same for errors, with the same answer to "may be tried again"', () => {
    expect(errorCodeDifferences(document)).toEqual([])
  })

  test('differ when a row is missing, is one too many or says something else', () => {
    expect(gapReasonDifferences(withoutRow('rollback'))).toEqual(['only in the code: rollback'])
    expect(closeCodeDifferences(document.replace('| 4506 |', '| 4507 |'))).toHaveLength(2)
    expect(closeCodeDifferences(document.replace('`draining` | yes', '`draining` | no'))).toHaveLength(2)
    expect(errorCodeDifferences(withoutRow('timeout'))).toEqual(['only in the code: timeout yes'])
    expect(errorCodeDifferences(document.replace('| `timeout` |', '| `closed` |'))).toHaveLength(2)
    expect(errorCodeDifferences(document.replace('`unavailable` | yes', '`unavailable` | no'))).toHaveLength(
      2,
    )
  })
})

/** What the hub tells its own app, or says by closing: these codes are in no frame. */
const inNoFrame = ['bad_frame', 'bad_options', 'connection_lost', 'handshake_timeout']

/** What comes from elsewhere in the package: from the schemas, and from the broadcaster. */
const fromElsewhere = ['bad_payload', 'out_of_order']

const codeDifferences = (sources: readonly string[]) => {
  const made = new Set([...sources.flatMap(codesMadeIn), ...fromElsewhere])
  const sent = [...made].filter((code) => !inNoFrame.includes(code))
  return differences(servedErrorCodes, sent)
}

describe('the error codes of the hub', () => {
  const sources = filesBelow('src/server', '.ts').map(read)

  test('are exactly those that it is said to send', () => {
    expect(codeDifferences(sources)).toEqual([])
  })

  test('and those that are kept for later frames make up the list, without an overlap', () => {
    expect([...new Set(wireErrorCodes)]).toEqual([...servedErrorCodes, ...reservedErrorCodes])
  })

  test('are found missing and found beyond the list', () => {
    expect(codeDifferences([...sources, `new SyncError('rate_limited', 'slower')`])).toEqual([
      'only in the code: rate_limited',
    ])
    const without = sources.map((text) => text.replace("'limit_exceeded'", "'forbidden'"))
    expect(codeDifferences(without)).toEqual(['only in the document: limit_exceeded'])
    expect(codesMadeIn(`new SyncError(isBig ? 'too_large' : 'bad_frame', '')`)).toEqual([
      'too_large',
      'bad_frame',
    ])
    expect(() => codesMadeIn('new SyncError(code, message)')).toThrow('Not a code')
  })
})

describe('the numbers in the text of the document', () => {
  test('are those of the code', async () => {
    expect(await wrongNumbers(document)).toEqual([])
  })

  test.each(Object.keys(sayings) as Saying[])('are found wrong when that of %s is another', async (name) => {
    const text = onOneLine(document)
    const [sentence, number] = sayings[name].exec(text)!
    const other = String(numbersOf(document)[name] + 10)
    const changed = text.replace(sentence, sentence.replace(number!, other))
    expect(numbersOf(changed)[name]).toBe(Number(other))
    expect(await wrongNumbers(changed)).not.toEqual([])
    await expect(wrongNumbers(text.replace(sentence, ''))).rejects.toThrow('says nothing of')
  })
})

test('the document gives the hash of a registry without channels, and the subprotocol of the code', () => {
  const [, hash] = /version 1 without any channel has the hash `(\w+)`/.exec(onOneLine(document))!
  expect(hash).toBe(defineRegistry({}).hash)
  expect(document).toContain(`\`${subprotocol}\``)
})
