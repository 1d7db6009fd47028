import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build, type Plugin } from 'esbuild'
import type * as scenario from '../../src/testing/scenario.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** One change of a source file: `from` is what stands there, once. */
export interface Edit {
  readonly file: string
  readonly from: string
  readonly to: string
}

/** The scenarios over sources that were broken on purpose. Throws where an edit does not fit what it edits. */
export async function mutatedScenario(edits: readonly Edit[]): Promise<typeof scenario> {
  const folder = await mkdtemp(join(tmpdir(), 'syncline-mutation-'))
  const outfile = join(folder, 'scenario.mjs')
  try {
    await build({
      entryPoints: [join(root, 'src/testing/scenario.ts')],
      bundle: true,
      platform: 'node',
      format: 'esm',
      outfile,
      logLevel: 'silent',
      plugins: [mutating(edits)],
    })
    return await import(pathToFileURL(outfile).href)
  } finally {
    await rm(folder, { recursive: true })
  }
}

function mutating(edits: readonly Edit[]): Plugin {
  return {
    name: 'mutating',
    setup(bundle) {
      const made = new Set<Edit>()
      // The world has sockets of its own.
      bundle.onResolve({ filter: /^#websocket$/ }, () => ({ path: 'none', namespace: 'none' }))
      bundle.onLoad({ filter: /.*/, namespace: 'none' }, () => ({
        contents: 'export const webSocketClass = 0',
      }))
      bundle.onLoad({ filter: /\/src\/.*\.ts$/ }, async ({ path }) => {
        const file = relative(root, path).split(sep).join('/')
        let contents = await readFile(path, 'utf8')
        for (const edit of edits) {
          if (edit.file !== file) continue
          const places = contents.split(edit.from).length - 1
          if (places !== 1) throw new Error(`${file} has ${places} times: ${edit.from}`)
          contents = contents.replace(edit.from, () => edit.to)
          made.add(edit)
        }
        return { contents, loader: 'ts' }
      })
      bundle.onEnd(() => {
        for (const edit of edits)
          if (!made.has(edit)) throw new Error(`Not part of the scenarios: ${edit.file}`)
      })
    },
  }
}
