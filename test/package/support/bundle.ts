import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { root } from './files.ts'

export interface Bundle {
  /** Bytes of the minified bundle, gzipped at level 9. */
  readonly size: number
  /** The minified code. */
  readonly code: string
  /** The files that went in, relative to the root. */
  readonly inputs: readonly string[]
}

/** Bundles a program as an app's build would for a browser; `react` stays outside. */
export async function bundle(program: string): Promise<Bundle> {
  const { metafile, outputFiles } = await build({
    stdin: { contents: program, resolveDir: root, loader: 'js' },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    external: ['react', 'react/jsx-runtime'],
    // The repository's own path aliases lead to the sources of the Node side; an app has none of them.
    tsconfigRaw: {},
    metafile: true,
    write: false,
    logLevel: 'silent',
  })
  const code = outputFiles[0]!.text
  return { size: gzipSync(code, { level: 9 }).length, code, inputs: Object.keys(metafile.inputs) }
}

/** One line if `size` is above `budget` (both bytes), else nothing. */
export function overBudget(name: string, size: number, budget: number): string[] {
  return size > budget
    ? [`${name} is ${size} B gzipped, ${size - budget} B over its budget of ${budget} B`]
    : []
}

const foreign = ['zod', 'valibot', 'arktype', 'ws', 'isomorphic-ws', 'msw']

/** What a browser bundle must not hold: validators, `ws`, `node:` modules. */
export function intruders({ inputs, code }: Bundle): string[] {
  const packages = inputs
    .flatMap((input) => input.split('node_modules/').slice(-1))
    .map((path) => path.split('/')[0]!)
  const builtins = code.match(/["'`]node:[a-z/]+["'`]/g) ?? []
  return [...new Set([...packages.filter((name) => foreign.includes(name)), ...builtins])]
}
