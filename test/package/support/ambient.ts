import ts from 'typescript'

/** Globals that bring time, chance or another thread of execution in by the back door; the object and the member, or a name alone. */
const forbidden = new Set([
  // timers and turns of the event loop
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'process.nextTick',
  'process.getBuiltinModule',
  'requestAnimationFrame',
  'requestIdleCallback',
  'scheduler.postTask',
  'AbortSignal.timeout',
  'Atomics.waitAsync',
  // clocks
  'Date.now',
  'Date()',
  'new Date()',
  'performance.now',
  'performance.timeOrigin',
  'process.hrtime',
  // chance
  'Math.random',
  'crypto.getRandomValues',
  'crypto.randomUUID',
  // what answers when it likes
  'crypto.subtle',
  'MessageChannel',
  'BroadcastChannel',
  'indexedDB',
  'navigator.locks',
  'FinalizationRegistry',
  'fetch',
  'import()',
])

/** Modules of Node that bring the same; imported under any name. */
const forbiddenModules =
  /^(node:)?(timers|timers\/promises|crypto|worker_threads|child_process|perf_hooks|fs|fs\/promises)$/

/** What only names the global: a member of something else, a key, a declaration. */
function isNoGlobal(node: ts.Identifier): boolean {
  const { parent } = node
  if (ts.isPropertyAccessExpression(parent) && parent.name === node) {
    return !/^(globalThis|window|self)$/.test(parent.expression.getText())
  }
  return (
    (ts.isPropertyAssignment(parent) || ts.isMethodDeclaration(parent) || ts.isPropertySignature(parent)) &&
    parent.name === node
  )
}

function nameOf(node: ts.Node): string | undefined {
  if (ts.isIdentifier(node)) return isNoGlobal(node) ? undefined : node.text
  if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
    return `${node.expression.text}.${node.name.text}`
  }
  if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
    const { text } = node.moduleSpecifier
    return forbiddenModules.test(text) && !node.importClause?.isTypeOnly ? `import ${text}` : undefined
  }
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) return 'import()'
  if (ts.isCallExpression(node) && node.expression.getText() === 'Date') return 'Date()'
  const isBareDate =
    ts.isNewExpression(node) && node.expression.getText() === 'Date' && (node.arguments?.length ?? 0) === 0
  return isBareDate ? 'new Date()' : undefined
}

/**
 * One line for each use of time, of chance, or of what answers when it likes, in a source text.
 * The syntax tree is read, so a comment or a string does not count.
 */
export function ambientUses(file: string, source: string): string[] {
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true)
  const found: string[] = []
  const visit = (node: ts.Node): void => {
    const name = nameOf(node)
    if (name && (forbidden.has(name) || name.startsWith('import '))) {
      const { line } = tree.getLineAndCharacterOfPosition(node.getStart())
      found.push(`${file}:${line + 1} uses ${name}`)
    }
    ts.forEachChild(node, visit)
  }
  visit(tree)
  return found
}
