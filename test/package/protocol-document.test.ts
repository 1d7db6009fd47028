import { readFileSync } from 'node:fs'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'
import { clientShapes } from '../../src/protocol/client-shapes.ts'
import { closeCodes, isFatalClose } from '../../src/protocol/close-codes.ts'
import { hubShapes } from '../../src/protocol/hub-shapes.ts'
import { subprotocol } from '../../src/protocol/version.ts'
import { SyncError, type SyncErrorCode } from '../../src/shared/errors.ts'

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const document = read('docs/protocol.md')

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

/** The frames of the code as the document writes them: `["sub", ref, channel, options?]`. */
function framesOf(source: string, unionName: string): string[] {
  const file = ts.createSourceFile('frames.ts', source, ts.ScriptTarget.Latest, true)
  const aliases = new Map<string, ts.TypeNode>()
  file.forEachChild((node) => {
    if (ts.isTypeAliasDeclaration(node)) aliases.set(node.name.text, node.type)
  })
  const union = aliases.get(unionName)
  if (!union || !ts.isUnionTypeNode(union)) throw new Error(`No union ${unionName}`)
  return union.types.map((member) => layoutOf(aliases.get(member.getText())!))
}

function layoutOf(tuple: ts.TypeNode): string {
  if (!ts.isTupleTypeNode(tuple)) throw new Error(`Not a tuple: ${tuple.getText()}`)
  const cells = tuple.elements.map((element) =>
    ts.isNamedTupleMember(element)
      ? element.name.text + (element.questionToken ? '?' : '')
      : element.getText().replaceAll("'", '"'),
  )
  return `[${cells.join(', ')}]`
}

/** The fields of an interface as the document writes them: `{ since?, rewind? }`. */
function fieldsOf(source: string, name: string): string {
  const file = ts.createSourceFile('frames.ts', source, ts.ScriptTarget.Latest, true)
  const found = file.statements.find((node) => ts.isInterfaceDeclaration(node) && node.name.text === name)
  if (!found || !ts.isInterfaceDeclaration(found)) throw new Error(`No interface ${name}`)
  const fields = found.members.map((member) => member.name!.getText() + (member.questionToken ? '?' : ''))
  return `{ ${fields.join(', ')} }`
}

const source = read('src/protocol/frames.ts')
const bothWays = tableAfter(document, '### Both ways').map(([layout]) => layout!)
const fromClient = tableAfter(document, '### From the client to the hub').map(([layout]) => layout!)
const fromHub = tableAfter(document, '### From the hub to the client').map(([layout]) => layout!)

describe('the frames of the document and of the code', () => {
  test('are the same from the client to the hub', () => {
    expect([...fromClient, ...bothWays].sort()).toEqual(framesOf(source, 'ClientFrame').sort())
  })

  test('are the same from the hub to the client', () => {
    expect([...fromHub, ...bothWays].sort()).toEqual(framesOf(source, 'HubFrame').sort())
  })

  test('have a check for each type, in each direction', () => {
    const typesOf = (layouts: string[]) => layouts.map((layout) => JSON.parse(/"\w+"/.exec(layout)![0]))
    expect(Object.keys(clientShapes).sort()).toEqual(typesOf([...fromClient, ...bothWays]).sort())
    expect(Object.keys(hubShapes).sort()).toEqual(typesOf([...fromHub, ...bothWays]).sort())
  })

  test('have every field explained', () => {
    const explained = tableAfter(document, '## Types of fields').flatMap(([field]) => field!.split(', '))
    const used = [...fromClient, ...fromHub, ...bothWays]
      .flatMap((layout) => layout.slice(1, -1).split(', ').slice(1))
      .map((field) => field.replace('?', ''))
    expect([...new Set(used)].filter((field) => !explained.includes(field))).toEqual([])
  })

  test('have the same objects', () => {
    for (const [of, fields] of tableAfter(document, 'Objects:')) {
      const name = of === 'details' ? 'ErrorDetails' : `${of![0]!.toUpperCase()}${of!.slice(1)}Options`
      expect([of, fields]).toEqual([of, fieldsOf(source, name)])
    }
  })

  test('differ when a field is renamed on one side only', () => {
    const renamed = source.replace("'cancel', ref: number", "'cancel', number: number")
    expect(framesOf(renamed, 'ClientFrame')).not.toEqual(framesOf(source, 'ClientFrame'))
    expect(framesOf(renamed, 'ClientFrame').sort()).not.toEqual([...fromClient, ...bothWays].sort())
  })
})

test('the gap reasons of the document are those of the code', () => {
  const inDocument = tableAfter(document, '## Positions and recovery').map(([reason]) => reason)
  const inCode = /type GapReason = ([^\n]+)/.exec(source)![1]!.match(/\w+/g)
  expect(inDocument).toEqual(inCode)
})

test('the close codes of the document are those of the code, with the same verdict', () => {
  const inDocument = tableAfter(document, '## Close codes').map(([code, name, retry]) => [code, name, retry])
  const inCode = Object.entries(closeCodes).map(([code, name]) => [
    code,
    name,
    isFatalClose(Number(code)) ? 'no' : 'yes',
  ])
  expect(inDocument).toEqual(inCode)
})

test('the error codes of the document exist, and are as retryable as it says', () => {
  for (const [code, retryable] of tableAfter(document, '## Error codes')) {
    expect([code, retryable]).toEqual([
      code,
      new SyncError(code as SyncErrorCode, '').retryable ? 'yes' : 'no',
    ])
    expect(read('src/shared/errors.ts')).toContain(`'${code}'`)
  }
})

test('the document names the subprotocol of the code', () => {
  expect(document).toContain(`\`${subprotocol}\``)
})
