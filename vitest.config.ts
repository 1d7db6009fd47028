import { isBuiltin } from 'node:module'
import { fileURLToPath } from 'node:url'
import { playwright } from '@vitest/browser-playwright'
import { defineConfig } from 'vitest/config'
import { findChromium } from './scripts/needs.mjs'

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

const reactTests = ['test/react/**/*.test.tsx']

/**
 * The tests of `react` on React 18. It has a folder of its own, from which its parts find each other and not the
 * React 19 of the root; what imports React goes through Vite, as Node knows nothing of an alias.
 */
const react18 = {
  resolve: {
    alias: [
      { find: /^(react|react-dom)(?=\/|$)/, replacement: at('test/support/react-18/node_modules/$1') },
      {
        find: /^@testing-library\/react$/,
        replacement: at('node_modules/@testing-library/react/dist/@testing-library/react.esm.js'),
      },
      ...alias,
    ],
  },
  test: {
    name: 'react-18',
    include: reactTests,
    execArgv,
    environment: 'jsdom',
    provide: { react: '18' },
    server: { deps: { inline: [/@testing-library\/react\//] } },
  },
}

const replacesLocation = 'it replaces `location`, which a page does not allow'
const hearsUnhandled = 'it hears of unhandled rejections from `process`'
const countsListeners = 'it counts the listeners of a signal by `node:events`'
const standsOnHub = 'it stands on a real hub, which is for Node'
const leadsFromPage = 'a page has an address, from which this one leads to a hub'

/** What stays on Node, file or test, by how its name (file > suites > test) begins; why. */
const nodeOnly = {
  'test/unit/client/connection-diagnostics.test.ts': 'it searches objects by `node:util`',
  'test/unit/client/log-to.test.ts': 'it imports esbuild, to see what a bundle holds',
  'test/unit/client/outbox-bounds.test.ts > when it is full > a drop by drop-': hearsUnhandled,
  'test/unit/client/outbox-bounds.test.ts > when it is full > a refusal is a rejection that': hearsUnhandled,
  'test/unit/client/outbox-deadlines.test.ts': countsListeners,
  'test/unit/client/outbox-property.test.ts': countsListeners,
  'test/unit/client/persist-positions.test.ts': standsOnHub,
  'test/unit/client/persist-storage.test.ts': standsOnHub,
  'test/unit/client/persist-tabs.test.ts': standsOnHub,
  'test/unit/client/persist.test.ts': standsOnHub,
  'test/unit/client/signals.test.ts > the signals of a browser > are silent in a runtime whose global scope':
    'a page hears events',
  'test/unit/client/signals.test.ts > the signals of a browser > are heard in a worker, which has no document':
    'a page has a document',
  'test/unit/client/url.test.ts > an absolute address > is the same in a page of another': replacesLocation,
  'test/unit/client/url.test.ts > a relative address > ': replacesLocation,
  'test/unit/client/url.test.ts > a path beside the address > is resolved against a relative':
    replacesLocation,
  'test/unit/client/url.test.ts > a path beside the address > throws bad_options for what is none: "/v1"':
    leadsFromPage,
  'test/unit/client/url.test.ts > a path beside the address > throws bad_options for what is none: ""':
    leadsFromPage,
  'test/unit/client/url.test.ts > what is no address of a hub > "/sync" throws': leadsFromPage,
  'test/unit/client/url.test.ts > what is no address of a hub > "" throws': leadsFromPage,
  'test/unit/client/url.test.ts > what is no address of a hub > throws bad_options in a page that':
    replacesLocation,
  'test/unit/registry/validate.test.ts > validate > refuses an asynchronous schema, and swallows':
    hearsUnhandled,
  'test/unit/shared/listeners.test.ts > an async listener that fails': 'it waits with `setImmediate`',
}

/** Vite gives a page an empty stand-in for a module of Node, and `ws` one that throws when it is used. */
const refuseNodeModules = {
  name: 'refuse-node-modules',
  enforce: 'pre' as const,
  resolveId(id: string, importer: string | undefined) {
    if (!isBuiltin(id) && !/^(isomorphic-)?ws$/.test(id)) return
    throw new Error(`${importer} imports ${id}, which is not for browsers`)
  },
}

/** The client and what it stands on, in a page of the Chromium that is installed: nothing is downloaded. */
const chromium = {
  plugins: [refuseNodeModules],
  resolve: { alias: [{ find: '#websocket', replacement: at('src/client/websocket/global.ts') }, ...alias] },
  // Found in the middle of a run, they would reload the page under the tests.
  optimizeDeps: { include: ['arktype', 'eventemitter3', 'fast-check', 'valibot', 'zod', 'zod/mini'] },
  test: {
    name: 'chromium',
    include: ['test/unit/{client,shared,registry,protocol}/**/*.test.ts'],
    exclude: Object.keys(nodeOnly).filter((name) => name.endsWith('.test.ts')),
    // The manual clock has no `setImmediate` there, and browsers hold nested timers back by 4 ms each.
    testTimeout: 60_000,
    setupFiles: ['test/support/skip-node-only.ts'],
    provide: { nodeOnly },
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      // Without a Chromium the other projects must still run; this one then fails on the name.
      provider: playwright({
        launchOptions: { executablePath: findChromium() ?? 'chromium', args: ['--no-sandbox'] },
      }),
      instances: [{ browser: 'chromium' as const }],
    },
  },
}

// biome-ignore lint/style/noDefaultExport: vitest reads its configuration from the default export
export default defineConfig({
  test: {
    projects: [
      project('unit', ['test/unit/**/*.test.ts', 'test/regression/**/*.test.ts'], { testTimeout: 60_000 }),
      chromium,
      project('contract', ['test/contract/**/*.test.ts']),
      project('simulation', ['test/simulation/**/*.test.ts'], { testTimeout: 120_000 }),
      project('integration', ['test/integration/*.test.ts'], { testTimeout: 20_000 }),
      project('processes', ['test/integration/processes/**/*.test.ts'], { testTimeout: 60_000 }),
      project('foreign', ['test/integration/foreign/**/*.test.ts'], { testTimeout: 60_000 }),
      project('react', reactTests, { environment: 'jsdom', provide: { react: '19' } }),
      react18,
      project('types', [], {
        typecheck: { enabled: true, only: true, include: ['test/types/**/*.test-d.ts'] },
      }),
      project('browser', ['test/browser/**/*.test.ts'], {
        testTimeout: 120_000,
        hookTimeout: 120_000,
        globalSetup: 'test/support/built-page.ts',
        // As long as Playwright waits for what it looks for.
        expect: { poll: { timeout: 30_000 } },
        // Pictures are taken on demand: `npm run screenshots`.
        exclude: process.env['SCREENSHOTS'] ? [] : ['test/browser/screenshots.test.ts'],
      }),
      project('package', ['test/package/**/*.test.ts'], {
        testTimeout: 180_000,
        hookTimeout: 180_000,
        globalSetup: 'test/package/support/build.ts',
      }),
      project('example-challenge', ['examples/challenge/test/**/*.test.ts'], { testTimeout: 60_000 }),
      project('example-embedding', ['examples/embedding/test/**/*.test.ts'], { testTimeout: 60_000 }),
    ],
  },
})
