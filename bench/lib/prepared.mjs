import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { buildIsStale } from '../../scripts/prepare.mjs'
import { say } from './progress.mjs'

const at = (path) => fileURLToPath(new URL(path, import.meta.url))
const built = at('../../dist/client.js')

/** Why nothing can be measured, for people. */
export class NotPrepared extends Error {
  isPlain = true
}

/** Which `ws` a file loads. */
function wsVersion(file) {
  return JSON.parse(readFileSync(createRequire(file).resolve('ws/package.json'), 'utf8')).version
}

/**
 * Measured is what users get: the built package. Throws {@link NotPrepared} where it is not built, or would be
 * measured over another WebSocket than its peers; says so where the sources have changed since the build.
 */
export function requireBuilt() {
  if (!existsSync(at('../node_modules/syncline'))) {
    throw new NotPrepared('Not installed yet: run `npm ci` in bench/.')
  }
  if (!existsSync(built)) {
    throw new NotPrepared('dist/ is missing: run `npm ci && npm run build` in the root of the repository.')
  }
  const [own, peers] = [wsVersion(built), wsVersion(import.meta.url)]
  if (own !== peers) {
    throw new NotPrepared(
      `syncline loads ws ${own} and its peers ${peers}: put ${own} into bench/package.json.`,
    )
  }
  if (buildIsStale()) say('note: dist/ is older than src/; `npm run build` in the root brings it up to date')
}
