import ts from 'typescript'

/** Globals that bring time or chance in by the back door; the object and the member, or a name alone. */
const forbidden = new Set([
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'Date.now',
  'performance.now',
  'Math.random',
  'crypto.subtle',
])

function nameOf(node: ts.Node): string | undefined {
  if (ts.isIdentifier(node)) return node.text
  if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
    return `${node.expression.text}.${node.name.text}`
  }
  const isBareDate =
    ts.isNewExpression(node) && node.expression.getText() === 'Date' && (node.arguments?.length ?? 0) === 0
  return isBareDate ? 'new Date()' : undefined
}

/**
 * One line for each use of time, of chance or of `crypto.subtle` (absent without https) in a source text.
 * The syntax tree is read, so a comment or a string does not count.
 */
export function ambientUses(file: string, source: string): string[] {
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true)
  const found: string[] = []
  const visit = (node: ts.Node): void => {
    const name = nameOf(node)
    if (name && (forbidden.has(name) || name === 'new Date()')) {
      const { line } = tree.getLineAndCharacterOfPosition(node.getStart())
      found.push(`${file}:${line + 1} uses ${name}`)
    }
    ts.forEachChild(node, visit)
  }
  visit(tree)
  return found
}
