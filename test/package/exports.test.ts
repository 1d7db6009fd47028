import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { publint } from 'publint'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Folder, read, root, temporaryFolder } from './support/files.ts'
import { run, tool } from './support/run.ts'
import { exportsOf } from './support/surface.ts'
import { pack, type Tarball } from './support/tarball.ts'

const manifest = JSON.parse(read('package.json'))
const doors = Object.keys(manifest.exports).filter((door) => door !== './package.json')
const fileOf = (door: string) => (door === '.' ? 'index' : door.slice(2))

let folder: Folder
let tarball: Tarball
beforeAll(async () => {
  folder = temporaryFolder()
  tarball = await pack(root, folder.path)
})
afterAll(() => folder.remove())

/** Every file that a part of a package.json names. */
const pathsIn = (value: unknown): string[] =>
  typeof value === 'string' ? [value] : Object.values(value as object).flatMap(pathsIn)

const missingFrom = (files: readonly string[], value: unknown) =>
  pathsIn(value).filter((path) => !files.includes(path.replace('./', '')))

async function publintMessages(tarballPath: string): Promise<string[]> {
  const bytes = await readFile(tarballPath)
  const copy = new Uint8Array(bytes).buffer
  const { messages } = await publint({ strict: true, pack: { tarball: copy } })
  return messages.map((message) => `${message.type} ${message.code} ${JSON.stringify(message.args)}`)
}

const attw = (path: string) => run(tool('attw'), [path, '--profile', 'node16', '--no-color'])

/** Runs a program as a file inside the package, where `syncline` resolves to itself, and reads its JSON output. */
async function evaluate(name: string, source: string): Promise<unknown> {
  folder.write({ [name]: source })
  const { code, output } = await run(process.execPath, [join(folder.path, name)])
  if (code !== 0) throw new Error(output)
  return JSON.parse(output)
}

describe('the packed package', () => {
  it('holds every file that the exports and imports maps name', () => {
    expect(missingFrom(tarball.files, [manifest.exports, manifest.imports])).toEqual([])
  })

  it('holds no sources, tests or examples', () => {
    const folders = new Set(
      tarball.files.filter((file) => file.includes('/')).map((file) => file.split('/')[0]),
    )
    expect([...folders].sort()).toEqual(['dist', 'docs'])
  })

  it('satisfies publint, strictly', async () => {
    expect(await publintMessages(tarball.path)).toEqual([])
  })

  it('satisfies attw in both module systems', async () => {
    const { code, output } = await attw(tarball.path)
    expect(code, output).toBe(0)
  })
})

describe('the checks of the packed package', () => {
  it('find a path that is not packed', () => {
    expect(missingFrom(['dist/a.js'], { '.': { import: './dist/a.js', require: './dist/a.cjs' } })).toEqual([
      './dist/a.cjs',
    ])
  })

  it('find what publint and attw find in a broken package', async () => {
    const broken = temporaryFolder()
    broken.write({
      'package.json': JSON.stringify({
        name: 'broken',
        version: '1.0.0',
        type: 'module',
        exports: { '.': { import: './a.js', types: './a.d.ts' } },
      }),
      'a.js': 'module.exports = {}',
      'a.d.ts': 'export = 1',
    })
    const packed = await pack(broken.path, broken.path)
    expect(await publintMessages(packed.path)).toContainEqual(expect.stringContaining('error'))
    expect((await attw(packed.path)).code).toBe(1)
    broken.remove()
  })
})

describe('the surface', () => {
  const declarations = () => exportsOf(doors.map((door) => `dist/${fileOf(door)}.d.ts`))

  it('is the one that the listing names', async () => {
    const listing = Object.entries(declarations()).map(([file, names]) => {
      const lines = names.map(({ name, value }) => `  ${value ? '' : 'type '}${name}`)
      return [file.replace('dist/', '').replace('.d.ts', ''), ...lines].join('\n')
    })
    await expect(`${listing.join('\n\n')}\n`).toMatchFileSnapshot('surface.txt')
  })

  it('is the same for types, ES modules and CommonJS', async () => {
    const promised = Object.values(declarations()).map((names) =>
      names.filter((each) => each.value).map((each) => each.name),
    )
    const names = doors.map((door) => manifest.name + door.slice(1))
    const esm = `const list = ${JSON.stringify(names)}
      const all = await Promise.all(list.map((name) => import(name)))
      console.log(JSON.stringify(all.map((each) => Object.keys(each).sort())))`
    const cjs = `const all = ${JSON.stringify(names)}.map((name) => require(name))
      console.log(JSON.stringify(all.map((each) => Object.keys(each).sort())))`
    expect(await evaluate('surface.mjs', esm)).toEqual(promised)
    expect(await evaluate('surface.cjs', cjs)).toEqual(promised)
  })
})

describe("'use client'", () => {
  const firstLine = (file: string) => read(file).split('\n')[0]

  it.each(['dist/react.js', 'dist/react.cjs'])('stands first in %s', (file) => {
    expect(firstLine(file)).toBe(`'use client'`)
  })

  it.each(['dist/client.js', 'dist/index.cjs', 'dist/server.js'])(
    'does not stand in %s, which a server renders',
    (file) => {
      expect(read(file)).not.toContain('use client')
    },
  )
})

describe('the error class', () => {
  it('is recognised by its brand across an ES module and a CommonJS copy', async () => {
    const source = `import { createRequire } from 'node:module'
      import { isSyncError, SyncError } from 'syncline'
      const cjs = createRequire(import.meta.url)('syncline')
      const error = new cjs.SyncError('closed', 'It is closed.')
      console.log(JSON.stringify([isSyncError(error), error instanceof SyncError, cjs.isSyncError(new SyncError('closed', ''))]))`
    expect(await evaluate('brand.mjs', source)).toEqual([true, false, true])
  })

  it('is one class for the CommonJS doors', async () => {
    const source = `const { defineRegistry, SyncError } = require('syncline')
      const registry = defineRegistry({})
      const client = require('syncline/client').createClient(registry, { url: 'ws://localhost' })
      const hub = require('syncline/server').createHub(registry)
      const caught = [client, hub].map((side) => {
        try { side.channel('nowhere') } catch (error) { return error instanceof SyncError && error.code }
      })
      client.close()
      hub.close()
      console.log(JSON.stringify(caught))`
    expect(await evaluate('doors.cjs', source)).toEqual(['unknown_channel', 'unknown_channel'])
  })
})
