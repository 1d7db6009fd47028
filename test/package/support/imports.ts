import { dirname, join } from 'node:path'
import ts from 'typescript'

/** What the files of a folder of `src` may import, beside the files of the folder itself. */
export interface Rule {
  /** Folders (`shared/`) or single files (`broadcasters/memory.ts`) below `src`. */
  readonly may?: readonly string[]
  /** As `may`, but for types only: interfaces of a neighbour that is handed in. */
  readonly types?: readonly string[]
  /** npm packages and package imports. */
  readonly packages?: readonly string[]
  /** npm packages whose types alone may be used. */
  readonly typePackages?: readonly string[]
  /** Whether `node:` modules may be used. */
  readonly node?: boolean
}

const core = ['shared/', 'registry/', 'protocol/']

const shownByHooks = ['create-client', 'presence', 'attend', 'typing', 'cursors'].map(
  (name) => `client/${name}.ts`,
)

/** The import table: one row a folder of `src`; `''` is `src` itself. Folders that do not exist yet have their row already. */
export const table: Readonly<Record<string, Rule>> = {
  '': { may: ['shared/', 'registry/', 'protocol/version.ts'] },
  shared: {},
  registry: { may: ['shared/'], typePackages: ['@standard-schema/spec'] },
  protocol: { may: ['shared/'] },
  client: { may: core, packages: ['#websocket'] },
  collection: { may: ['shared/', 'registry/'], types: ['client/'] },
  // What a hook shows is made in these files; it never touches a socket.
  react: {
    may: ['shared/', 'registry/', 'collection/', ...shownByHooks],
    types: ['client/'],
    packages: ['react'],
  },
  plain: { may: [...core, 'client/', 'server/'] },
  broadcasters: { may: ['shared/'] },
  ingress: { may: ['shared/', 'registry/'], types: ['server/'] },
  server: {
    may: [...core, 'broadcasters/broadcaster.ts', 'broadcasters/memory.ts'],
    packages: ['ws'],
    node: true,
  },
  bridges: { may: ['registry/', 'client/', 'collection/'] },
  metrics: { types: ['client/', 'server/'] },
  devtools: { types: ['client/', 'server/'] },
  testing: { may: [...core, 'client/', 'collection/', 'plain/', 'broadcasters/', 'ingress/', 'server/'] },
  cli: { may: ['registry/', 'client/', 'server/'], node: true },
}

/** Files with a package of their own, on top of their folder's row. */
export const exceptions: Readonly<Record<string, Rule>> = {
  'shared/listeners.ts': { packages: ['eventemitter3'] },
  'client/websocket/node.ts': { packages: ['isomorphic-ws'], node: true },
  'broadcasters/redis.ts': { packages: ['redis'] },
  'broadcasters/nats.ts': { packages: ['@nats-io/transport-node', '@nats-io/jetstream'] },
  'testing/msw.ts': { packages: ['msw'] },
}

interface Import {
  readonly specifier: string
  readonly typeOnly: boolean
}

function isTypeOnly(node: ts.ImportDeclaration | ts.ExportDeclaration): boolean {
  if (ts.isExportDeclaration(node)) return node.isTypeOnly
  const clause = node.importClause
  if (!clause) return false
  if (clause.isTypeOnly) return true
  const named = clause.namedBindings
  if (clause.name || !named || !ts.isNamedImports(named)) return false
  return named.elements.length > 0 && named.elements.every((element) => element.isTypeOnly)
}

/** The import that a node of the syntax tree is, if it is one. */
function importAt(node: ts.Node): Import | undefined {
  if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier) {
    return { specifier: (node.moduleSpecifier as ts.StringLiteral).text, typeOnly: isTypeOnly(node) }
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
    return { specifier: (node.argument.literal as ts.StringLiteral).text, typeOnly: true }
  }
  if (!ts.isCallExpression(node)) return undefined
  const { expression } = node
  const loads =
    expression.kind === ts.SyntaxKind.ImportKeyword ||
    (ts.isIdentifier(expression) && expression.text === 'require')
  if (!loads) return undefined
  const [argument] = node.arguments
  const specifier = argument && ts.isStringLiteralLike(argument) ? argument.text : '(computed)'
  return { specifier, typeOnly: false }
}

/** Every import of a source text: static, re-exported, dynamic, `require` and `import('…')` in a type. */
export function importsOf(file: string, source: string): Import[] {
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.Latest, false)
  const found: Import[] = []
  const visit = (node: ts.Node): void => {
    const here = importAt(node)
    if (here) found.push(here)
    ts.forEachChild(node, visit)
  }
  visit(tree)
  return found
}

const packageOf = (specifier: string) =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')

const covers = (allowed: readonly string[] | undefined, target: string) =>
  allowed?.some((entry) => (entry.endsWith('/') ? target.startsWith(entry) : target === entry)) ?? false

function refusal(file: string, rules: readonly Rule[], { specifier, typeOnly }: Import): string | undefined {
  if (specifier.startsWith('.')) {
    const target = join(dirname(file), specifier)
    if (target.split('/').at(-1) === 'index.ts') return 'a door (index.ts) is for those outside src'
    const folder = (path: string) => (path.includes('/') ? path.split('/')[0] : '')
    if (folder(file) === folder(target)) return undefined
    if (rules.some((rule) => covers(rule.may, target) || (typeOnly && covers(rule.types, target))))
      return undefined
    return rules.some((rule) => covers(rule.types, target))
      ? 'only its types may be used here'
      : 'not in its row'
  }
  if (specifier.startsWith('node:'))
    return rules.some((rule) => rule.node) ? undefined : 'no node: modules here'
  const name = packageOf(specifier)
  if (rules.some((rule) => rule.packages?.includes(name))) return undefined
  return typeOnly && rules.some((rule) => rule.typePackages?.includes(name)) ? undefined : 'not in its row'
}

/** One line for each import of `file` (relative to `src`) that the table does not allow. */
export function violations(file: string, source: string): string[] {
  const folder = file.includes('/') ? file.split('/')[0]! : ''
  const row = table[folder]
  if (!row) return [`${file}: the folder has no row in the import table`]
  const rules = [row, exceptions[file] ?? {}]
  return importsOf(file, source).flatMap((each) => {
    const why = refusal(file, rules, each)
    return why ? [`${file} imports ${each.specifier}: ${why}`] : []
  })
}
