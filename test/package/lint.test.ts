import { afterEach, describe, expect, it } from 'vitest'
import { type Folder, temporaryFolder } from './support/files.ts'
import { run, tool } from './support/run.ts'

const lines = (count: number, text: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => text(index)).join('\n')

let folder: Folder | undefined
afterEach(() => folder?.remove())

async function rulesBroken(files: Record<string, string>): Promise<string[]> {
  folder = temporaryFolder()
  folder.write(files)
  // The folder is ignored by git, and so by the linter unless told otherwise.
  const args = ['lint', '--vcs-use-ignore-file=false', '--reporter=json', '--colors=off', folder.path]
  const { output } = await run(tool('biome'), args)
  const report = JSON.parse(output.slice(output.indexOf('{"'), output.lastIndexOf('}') + 1))
  return report.diagnostics.map(
    (each: { category: string; severity: string }) => `${each.severity} ${each.category}`,
  )
}

describe('the linter fails', () => {
  it('on a file of 401 lines and not on one of 400', async () => {
    const file = (count: number) => `${lines(count, (index) => `export const a${index} = ${index}`)}\n`
    const broken = await rulesBroken({ 'long.ts': file(401), 'right.ts': file(400) })
    expect(broken).toEqual(['error lint/style/noExcessiveLinesPerFile'])
  })

  it('on a function of 61 lines', async () => {
    const body = lines(59, (index) => `  console.log(${index})`).replaceAll('console.log', 'call')
    const source = `declare function call(n: number): void\nexport function long() {\n${body}\n  call(1)\n  call(2)\n}\n`
    expect(await rulesBroken({ 'long-function.ts': source })).toEqual([
      'error lint/complexity/noExcessiveLinesPerFunction',
    ])
  })

  it('on four parameters', async () => {
    const source = 'export const four = (a: 1, b: 2, c: 3, d: 4) => [a, b, c, d]\n'
    expect(await rulesBroken({ 'four.ts': source })).toEqual(['error lint/complexity/useMaxParams'])
  })

  it('on a default export', async () => {
    expect(await rulesBroken({ 'thing.ts': 'export default 1\n' })).toEqual([
      'error lint/style/noDefaultExport',
    ])
  })

  it('on two files that import each other', async () => {
    const broken = await rulesBroken({
      'one.ts': `import { two } from './two.ts'\n\nexport const one = () => two\n`,
      'two.ts': `import { one } from './one.ts'\n\nexport const two = () => one\n`,
    })
    expect(new Set(broken)).toEqual(new Set(['error lint/suspicious/noImportCycles']))
  })

  it('on a file name that is not in kebab case', async () => {
    expect(await rulesBroken({ 'myFile.ts': 'export const a = 1\n' })).toEqual([
      'error lint/style/useFilenamingConvention',
    ])
  })
})

describe('the linter passes', () => {
  it('on a small file', async () => {
    expect(await rulesBroken({ 'small.ts': 'export const a = 1\n' })).toEqual([])
  })
})
