import { existsSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, it } from 'vitest'
import { filesBelow, read, root } from './support/files.ts'
import { literalsOf } from './support/literals.ts'
import { anchorsOf, localLinks, tableRows } from './support/markdown.ts'

const documents = () => [
  'README.md',
  ...filesBelow('docs', '.md').filter((file) => !file.startsWith('docs/api/')),
]

/** One line for each link of a document (its path relative to the root) that leads nowhere. */
function brokenLinks(file: string, markdown: string): string[] {
  return localLinks(markdown).flatMap((link) => {
    const [path = '', anchor] = decodeURI(link).split('#')
    const target = path === '' ? file : normalize(join(dirname(file), path))
    if (path !== '' && !existsSync(join(root, target))) return [`${file}: ${link} leads to no file`]
    if (!anchor || !target.endsWith('.md')) return []
    const text = target === file ? markdown : read(target)
    return anchorsOf(text).includes(anchor) ? [] : [`${file}: ${link} leads to no heading`]
  })
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

describe('the documents', () => {
  it('link to files and headings that exist', () => {
    expect(documents().flatMap((file) => brokenLinks(file, read(file)))).toEqual([])
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
