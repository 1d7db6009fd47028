import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** Tests import the package by its public names and get the sources, so a change shows without a build. */
const alias = [
  { find: '#websocket', replacement: at('src/client/websocket/node.ts') },
  { find: /^syncline$/, replacement: at('src/index.ts') },
  { find: /^syncline\/(client|react|server|testing)$/, replacement: at('src/$1/index.ts') },
]

/** Node 20 has a WebSocket global only behind this flag; msw's `ws.link` needs one to patch. */
const execArgv = ['--experimental-websocket']

const project = (name: string, include: string[], extra: object = {}) => ({
  resolve: { alias },
  test: { name, include, execArgv, ...extra },
})

// biome-ignore lint/style/noDefaultExport: vitest reads its configuration from the default export
export default defineConfig({
  test: {
    projects: [
      project('unit', ['test/unit/**/*.test.ts', 'test/regression/**/*.test.ts']),
      project('contract', ['test/contract/**/*.test.ts']),
      project('simulation', ['test/simulation/**/*.test.ts'], { testTimeout: 120_000 }),
      project('integration', ['test/integration/*.test.ts'], { testTimeout: 20_000 }),
      project('foreign', ['test/integration/foreign/**/*.test.ts'], { testTimeout: 60_000 }),
      project('react', ['test/react/**/*.test.tsx'], { environment: 'jsdom' }),
      project('types', [], {
        typecheck: { enabled: true, only: true, include: ['test/types/**/*.test-d.ts'] },
      }),
      project('browser', ['test/browser/**/*.test.ts'], { testTimeout: 120_000, hookTimeout: 120_000 }),
      project('package', ['test/package/**/*.test.ts'], {
        testTimeout: 180_000,
        hookTimeout: 180_000,
        globalSetup: 'test/package/support/build.ts',
      }),
      project('example-challenge', ['examples/challenge/test/**/*.test.ts'], { testTimeout: 60_000 }),
    ],
  },
})
