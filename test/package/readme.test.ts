import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Folder, filesBelow, read, temporaryFolder } from './support/files.ts'
import { codeBlocks, linesOfCode, projectOf } from './support/markdown.ts'
import { promisedOutput, quickStartFiles, runQuickStart, typeCheck } from './support/readme.ts'

let folder: Folder
beforeEach(() => {
  folder = temporaryFolder()
})
afterEach(() => folder.remove())

const fenced = (language: string, ...lines: string[]) => [`\`\`\`${language}`, ...lines, '```'].join('\n')

const quickStartLines = (markdown: string) =>
  quickStartFiles
    .map((name) => linesOfCode(projectOf(markdown)[name] ?? ''))
    .reduce((sum, count) => sum + count, 0)

describe('the code of the documents', () => {
  it('compiles against the built package', async () => {
    const names = ['README.md', ...filesBelow('docs/guide', '.md')]
    const documents = Object.fromEntries(names.map((name) => [name, read(name)]))
    expect(
      Object.values(documents).flatMap((markdown) => Object.keys(projectOf(markdown))).length,
    ).toBeGreaterThan(3)
    const { code, output } = await typeCheck(folder, documents)
    expect(code, output).toBe(0)
  })

  it('has a quick start of at most 30 lines', () => {
    const lines = quickStartLines(read('README.md'))
    expect(lines).toBeGreaterThan(0)
    expect(lines).toBeLessThanOrEqual(30)
  })

  it.each(['README.md', 'docs/guide/1-getting-started.md'])('of %s prints what it promises', async (name) => {
    const printed = await runQuickStart(folder, read(name))
    for (const line of promisedOutput(read(name))) expect(printed).toContain(line)
  })
})

const sample = [
  '# Sample',
  fenced('ts', '// sync.ts — shared', 'export const word: string = "hello"'),
  fenced(
    'ts',
    '// server.ts',
    `import { createServer } from 'node:http'`,
    `import { word } from './sync.ts'`,
    '',
    '// a comment is no code',
    'createServer((_, response) => response.end(word)).listen(3000)',
  ),
  fenced('sh', 'npx tsx server.ts'),
  fenced(
    'ts',
    '// client.ts',
    'const ask = (): Promise<string> => fetch("http://localhost:3000").then((answer) => answer.text()).catch(ask)',
    'console.log("heard", await ask())',
  ),
  fenced('text', 'heard hello'),
  fenced('tsx', 'export const heading = <h1>Hello</h1>'),
].join('\n\n')

describe('the reader of documents', () => {
  it('makes files of the blocks, named ones under their name', () => {
    expect(Object.keys(projectOf(sample))).toEqual(['sync.ts', 'server.ts', 'client.ts', 'line-31.tsx'])
    expect(codeBlocks(sample)[0]).toEqual({
      language: 'ts',
      text: 'export const word: string = "hello"',
      line: 3,
      file: 'sync.ts',
    })
    expect(promisedOutput(sample)).toEqual(['heard hello'])
    expect(quickStartLines(sample)).toBe(6)
  })

  it('compiles and runs a sample', async () => {
    expect(await typeCheck(folder, { 'sample.md': sample })).toEqual({ code: 0, output: '' })
    expect(await runQuickStart(folder, sample)).toContain('heard hello')
  })

  it('finds code that does not compile, and says where', async () => {
    const { code, output } = await typeCheck(folder, {
      'sample.md': fenced('ts', `import { nothing } from 'syncline'`, 'const a: number = "b"'),
    })
    expect(code).not.toBe(0)
    expect(output).toMatch(/line-1\.ts\(1,\d+\).*nothing/)
    expect(output).toMatch(/line-1\.ts\(2,\d+\)/)
  })

  it('finds a quick start that ends without its promised output', async () => {
    const other = sample.replace('heard hello', 'heard goodbye')
    await expect(runQuickStart(folder, other)).rejects.toThrow(/ended before it printed/)
  })

  it('finds a quick start that promises nothing', async () => {
    await expect(runQuickStart(folder, '# Empty')).rejects.toThrow(/lacks sync\.ts, server\.ts, client\.ts/)
  })
})
