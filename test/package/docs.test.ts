import { existsSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, it } from 'vitest'
import { closeCodes } from '../../src/protocol/close-codes.ts'
import { filesBelow, read, root } from './support/files.ts'
import { literalsOf } from './support/literals.ts'
import { anchorsOf, linksOf, localLinks, tableRows } from './support/markdown.ts'

const { files, homepage, repository, bugs } = JSON.parse(read('package.json'))
const packaged = ['README.md', ...(files as string[])].filter((file) => file.endsWith('.md'))

const documents = () => [
  'README.md',
  'CHANGELOG.md',
  ...filesBelow('docs', '.md').filter((file) => !file.startsWith('docs/api/')),
  ...filesBelow('examples', 'README.md').filter((file) => !file.includes('/node_modules/')),
]

/** The repository in the web; a link below `blob/main` leads to a file of it. */
const site = homepage.replace(/#.*$/, '')
const shown = `${site}/blob/main/`

/** The files and headings of the repository that a document links to, with the link as it is written. */
const targetsOf = (file: string, markdown: string) => {
  const beside = localLinks(markdown).map((link) => {
    const [path = '', anchor] = decodeURI(link).split('#')
    return { link, path: path === '' ? file : normalize(join(dirname(file), path)), anchor }
  })
  const inTheWeb = linksOf(markdown)
    .filter((link) => link.startsWith(`${site}/`))
    .map((link) => {
      const [path = '', anchor] = decodeURI(link.replace(shown, '')).split('#')
      return { link, path, anchor }
    })
  return [...beside, ...inTheWeb]
}

/** One line for each link of a document (its path relative to the root) that leads nowhere. */
function brokenLinks(file: string, markdown: string): string[] {
  return targetsOf(file, markdown).flatMap(({ link, path, anchor }) => {
    if (!existsSync(join(root, path))) return [`${file}: ${link} leads to no file`]
    if (!anchor || !path.endsWith('.md')) return []
    const text = path === file ? markdown : read(path)
    return anchorsOf(text).includes(anchor) ? [] : [`${file}: ${link} leads to no heading`]
  })
}

/** One line for each link of a document of the package that leads to a file which is not in the package. */
function deadInPackage(file: string, markdown: string): string[] {
  const kept = [...packaged, ...(files as string[])]
  return localLinks(markdown)
    .filter((link) => !link.startsWith('#'))
    .filter((link) => !kept.includes(normalize(join(dirname(file), link.split('#')[0]!))))
    .map((link) => `${file}: ${link} is not in the package`)
}

/** code → whether the document says that it may be tried again, from every table `| code | retryable | … |`. */
const codesIn = (markdown: string) =>
  Object.fromEntries(
    tableRows(markdown, ['code', 'retryable']).map(([code, retryable]) => [
      code,
      /^(yes|true)$/i.test(retryable!) ? true : /^(no|false)$/i.test(retryable!) ? false : retryable,
    ]),
  )

/** code → whether the same attempt may succeed later, from the types of the code. */
const errorCodes = () => {
  const answers = (type: string, retryable: boolean) =>
    literalsOf('src/shared/errors.ts', type).map((code) => [code, retryable] as const)
  return Object.fromEntries([...answers('FinalCode', false), ...answers('RetryableCode', true)])
}

/** The codes that the document says nothing raises yet. */
const unraisedIn = (markdown: string) =>
  [...markdown.matchAll(/^Not raised yet: ([^.]+)\./gm)].flatMap(([, codes]) =>
    codes!.split(', ').map((code) => code.replaceAll('`', '')),
  )

/** Where codes are declared, not raised. */
const tables = ['shared/errors.ts', 'protocol/error-codes.ts', 'protocol/close-codes.ts']

/** The codes that no source but the tables names, nor closes a connection with. */
function unraised(): string[] {
  const sources = filesBelow('src', '.ts', '.tsx')
    // What stands for an app in tests refuses with codes of its own choice.
    .filter((file) => !tables.includes(file.replace('src/', '')) && !file.startsWith('src/testing/'))
    .map(read)
    .join('\n')
  const closes = Object.entries(closeCodes).filter(([code]) => new RegExp(`\\b${code}\\b`).test(sources))
  const raised = closes.map(([, code]) => code as string)
  return Object.keys(errorCodes()).filter((code) => !raised.includes(code) && !sources.includes(`'${code}'`))
}

describe('the documents', () => {
  it('link to files and headings that exist', () => {
    expect(documents().flatMap((file) => brokenLinks(file, read(file)))).toEqual([])
  })

  it('of the package link to nothing beside them that is not in it', () => {
    expect(packaged).toContain('docs/protocol.md')
    expect(packaged.flatMap((file) => deadInPackage(file, read(file)))).toEqual([])
  })

  it('lead from an empty folder to the repository that the package names', () => {
    expect(read('README.md')).toContain(`git clone ${site} `)
    expect(repository.url).toBe(`git+${site}.git`)
    expect(bugs).toBe(`${site}/issues`)
  })

  it('say of exactly those error codes that nothing raises them yet', () => {
    expect(unraisedIn(read('docs/errors.md')).sort()).toEqual(unraised().sort())
  })

  it('list exactly the error codes of the code, with the same answer to "may be tried again"', () => {
    expect(codesIn(read('docs/errors.md'))).toEqual(errorCodes())
  })

  it('list each error code once', () => {
    const codes = tableRows(read('docs/errors.md'), ['code', 'retryable']).map(([code]) => code)
    expect(codes).toEqual([...new Set(codes)])
  })
})

describe('the checker of links', () => {
  it('follows links to the repository in the web', () => {
    const markdown = [
      `[a](${shown}docs/protocol.md#close-codes) [b](${shown}docs/gone.md) [c](${shown}docs/protocol.md#gone)`,
      `[d](${site}/tree/other)`,
    ].join('\n')
    expect(brokenLinks('README.md', markdown)).toEqual([
      `README.md: ${shown}docs/gone.md leads to no file`,
      `README.md: ${shown}docs/protocol.md#gone leads to no heading`,
      `README.md: ${site}/tree/other leads to no file`,
    ])
  })

  it('finds files that are not in the package', () => {
    const markdown = '[a](docs/protocol.md#frames) [b](docs/architecture.md) [c](#why) [d](src/index.ts)'
    expect(deadInPackage('README.md', markdown)).toEqual([
      'README.md: docs/architecture.md is not in the package',
      'README.md: src/index.ts is not in the package',
    ])
    expect(deadInPackage('docs/errors.md', '[a](protocol.md) [b](guide/1-getting-started.md)')).toHaveLength(
      1,
    )
  })

  it('finds files and headings that do not exist', () => {
    const markdown = [
      '# One two: `three`',
      '[a](./package.json) [b](missing.md) [c](#one-two-three) [d](#nowhere) [e](https://example.com/x)',
      '![f](docs/no.png) `[g](code.md)`',
      '```md',
      '[h](fenced.md)',
      '# Fenced',
      '```',
      '[i](#fenced)',
      '[j]: reference.md',
    ].join('\n')
    expect(brokenLinks('README.md', markdown)).toEqual([
      'README.md: missing.md leads to no file',
      'README.md: #nowhere leads to no heading',
      'README.md: docs/no.png leads to no file',
      'README.md: #fenced leads to no heading',
      'README.md: reference.md leads to no file',
    ])
  })

  it('makes the anchors that GitHub makes', () => {
    expect(anchorsOf('# A `b` (c), d\n## Twice\n### Twice\n## [Linked](x.md) & more')).toEqual([
      'a-b-c-d',
      'twice',
      'twice-1',
      'linked--more',
    ])
  })
})

describe('the checker of error codes', () => {
  it('tells the codes that are raised from those that are not', () => {
    const rest = unraised().sort()
    expect(rest).toContain('not_found')
    const raised = ['replaced', 'slow_consumer', 'forbidden', 'no_provider', 'auth_failed', 'connection_lost']
    expect(raised.filter((code) => rest.includes(code))).toEqual([])
    const document = 'Not raised yet: `a`, `b_c`. Because.\n\nNot raised yet: `d`. Also.'
    expect(unraisedIn(document)).toEqual(['a', 'b_c', 'd'])
    expect(unraisedIn(read('docs/errors.md').replace('`not_found`.', '`replaced`.')).sort()).not.toEqual(rest)
  })

  it('reads the codes of the code from their types', () => {
    expect(errorCodes()).toMatchObject({
      bad_payload: false,
      closed: false,
      timeout: true,
      connection_lost: true,
    })
    expect(literalsOf('src/shared/errors.ts', 'SyncErrorCode')).toEqual(Object.keys(errorCodes()).sort())
  })

  it('reads every table of codes and no other table', () => {
    const markdown = [
      '| code | retryable | what to do |',
      '|---|:---:|---|',
      '| `closed` | no | open it |',
      '',
      '| name | retryable |',
      '|---|---|',
      '| other | yes |',
      '',
      '| Code | Retryable |',
      '|---|---|',
      '| timeout | yes |',
      '| novel | perhaps |',
    ].join('\n')
    expect(codesIn(markdown)).toEqual({ closed: false, timeout: true, novel: 'perhaps' })
    expect(codesIn(markdown)).not.toEqual(errorCodes())
  })
})
