import ts from 'typescript'

const parse = (source: string) => ts.createSourceFile('source.ts', source, ts.ScriptTarget.Latest, true)

/** The frames of a union as the document writes them: `["sub", ref, channel, options?]`. */
export function framesOf(source: string, unionName: string): string[] {
  const aliases = new Map<string, ts.TypeNode>()
  parse(source).forEachChild((node) => {
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

/**
 * Every interface of the frames, by the name that the document gives it, with its fields as the document writes them:
 * `SubOptions` is `sub`, `{ since?, rewind? }`.
 */
export function objectsOf(source: string): Record<string, string> {
  const objects = parse(source)
    .statements.filter(ts.isInterfaceDeclaration)
    .map(({ name, members }) => {
      const fields = members.map((member) => member.name!.getText() + (member.questionToken ? '?' : ''))
      const of = name.text === 'ErrorDetails' ? 'details' : name.text.replace(/Options$/, '').toLowerCase()
      return [of, `{ ${fields.join(', ')} }`]
    })
  return Object.fromEntries(objects)
}

/** The codes that a source gives to the errors that it makes, each once. One that is worked out there throws. */
export function codesMadeIn(source: string): string[] {
  const codes = new Set<string>()
  const read = (code: ts.Expression): void => {
    if (ts.isStringLiteral(code)) codes.add(code.text)
    else if (ts.isConditionalExpression(code)) {
      read(code.whenTrue)
      read(code.whenFalse)
    } else throw new Error(`Not a code but what makes one: ${code.getText()}`)
  }
  const visit = (node: ts.Node): void => {
    const isError = ts.isNewExpression(node) && node.expression.getText() === 'SyncError'
    if (isError && node.arguments?.[0]) read(node.arguments[0])
    ts.forEachChild(node, visit)
  }
  visit(parse(source))
  return [...codes]
}
