import { readFile, writeFile } from 'node:fs/promises'
import { defineConfig } from 'tsup'

/** One entry a door; `websocket-*` are the two sides of the package import `#websocket`. */
const entries = {
  index: 'src/index.ts',
  client: 'src/client/index.ts',
  react: 'src/react/index.ts',
  server: 'src/server/index.ts',
  testing: 'src/testing/index.ts',
  'websocket-node': 'src/client/websocket/node.ts',
  'websocket-global': 'src/client/websocket/global.ts',
}

/** The CommonJS transform puts its own lines above the directive, and a banner of tsup would also mark the other entries. */
async function markReactForTheClient() {
  for (const file of ['dist/react.js', 'dist/react.cjs']) {
    const code = await readFile(file, 'utf8')
    await writeFile(file, `'use client'\n${code.replace(/["']use client["'];?\s*/, '')}`)
  }
}

// biome-ignore lint/style/noDefaultExport: tsup reads its configuration from the default export
export default defineConfig({
  entry: entries,
  format: ['esm', 'cjs'],
  target: 'es2022',
  platform: 'neutral',
  // Without splitting each CommonJS entry inlines its own copy of the shared modules.
  splitting: true,
  // tsup 8 sets `baseUrl` for its declaration build, which TypeScript 6 reports as deprecated.
  // The package import would lead into `dist`, which this very build is about to write.
  dts: {
    compilerOptions: {
      ignoreDeprecations: '6.0',
      paths: { '#websocket': ['./src/client/websocket/global.ts'] },
    },
  },
  external: ['#websocket', 'react', 'react/jsx-runtime', /^node:/],
  // Bundlers and other runtimes tell a built-in module by its prefix, which tsup would take away.
  removeNodeProtocol: false,
  clean: true,
  treeshake: false,
  onSuccess: markReactForTheClient,
})
