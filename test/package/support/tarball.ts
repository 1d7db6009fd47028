import { join } from 'node:path'
import { type Ended, run } from './run.ts'

/** Runs npm in `cwd`. */
export function npm(cwd: string, ...args: string[]): Promise<Ended> {
  const own = process.env['npm_execpath']
  return own?.endsWith('npm-cli.js') ? run(process.execPath, [own, ...args], cwd) : run('npm', args, cwd)
}

export interface Tarball {
  /** Absolute. */
  readonly path: string
  /** What it holds, relative to the package's root. */
  readonly files: readonly string[]
}

/** Packs the package in folder `from` as it would be published, into folder `to`. */
export async function pack(from: string, to: string): Promise<Tarball> {
  const { code, output } = await npm(from, 'pack', '--json', '--loglevel=silent', '--pack-destination', to)
  if (code !== 0) throw new Error(`npm pack failed:\n${output}`)
  const [packed] = JSON.parse(output.slice(output.indexOf('['), output.lastIndexOf(']') + 1))
  const files = packed.files.map((file: { path: string }) => file.path)
  return { path: join(to, packed.filename), files }
}
