import { describe, expect, it } from 'vitest'
import { filesBelow, read } from './support/files.ts'
import { importsOf, violations } from './support/imports.ts'

describe('the import table', () => {
  it('holds for every file of src', () => {
    const files = filesBelow('src', '.ts', '.tsx')
    expect(files.length).toBeGreaterThan(5)
    expect(files.flatMap((file) => violations(file.replace('src/', ''), read(file)))).toEqual([])
  })
})

describe('the checker of the import table', () => {
  it.each([
    ['shared/a.ts', `import { x } from '../registry/x.ts'`, 'not in its row'],
    ['registry/a.ts', `export * from '../client/x.ts'`, 'not in its row'],
    ['protocol/a.ts', `type X = import('../server/x.ts').X`, 'not in its row'],
    ['client/a.ts', `const x = await import('../react/x.ts')`, 'not in its row'],
    ['client/deep/a.ts', `import { x } from '../../server/x.ts'`, 'not in its row'],
    ['client/a.ts', `import * as z from 'zod'`, 'not in its row'],
    ['client/a.ts', `import { EventEmitter } from 'eventemitter3'`, 'not in its row'],
    ['client/a.ts', `import { readFile } from 'node:fs'`, 'no node: modules here'],
    ['registry/a.ts', `import { StandardSchemaV1 } from '@standard-schema/spec'`, 'not in its row'],
    ['server/a.ts', `import { redis } from '../broadcasters/redis.ts'`, 'not in its row'],
    ['react/a.ts', `import { Connection } from '../client/connection.ts'`, 'only its types'],
    ['client/a.ts', `import { x } from './index.ts'`, 'a door'],
    ['server/a.ts', `import { x } from '../registry/index.ts'`, 'a door'],
    ['server/a.ts', `const x = require('express')`, 'not in its row'],
    ['server/a.ts', 'const x = await import(name)', 'not in its row'],
    ['novel/a.ts', '', 'has no row'],
  ])('refuses in %s: %s', (file, source, why) => {
    expect(violations(file, source)).toEqual([expect.stringContaining(why)])
  })

  it.each([
    ['client/a.ts', `import { SyncError } from '../shared/errors.ts'`],
    ['client/deep/a.ts', `import { x } from '../other.ts'`],
    ['shared/listeners.ts', `import { EventEmitter } from 'eventemitter3'`],
    ['client/websocket/node.ts', `import WebSocket from 'isomorphic-ws'`],
    ['registry/a.ts', `import type { StandardSchemaV1 } from '@standard-schema/spec'`],
    [
      'server/a.ts',
      `import { memory } from '../broadcasters/memory.ts'; import { createServer } from 'node:http'`,
    ],
    ['react/a.ts', `import { createClient } from '../client/create-client.ts'`],
    ['react/a.ts', `import { type Client } from '../client/client.ts'; import { useEffect } from 'react'`],
  ])('allows in %s: %s', (file, source) => {
    expect(violations(file, source)).toEqual([])
  })

  it('tells imports of types from imports of values', () => {
    const source = `import type { A } from 'a'; import { type B, c } from 'b'; export type { D } from 'd'; import 'e'`
    expect(importsOf('x.ts', source)).toEqual([
      { specifier: 'a', typeOnly: true },
      { specifier: 'b', typeOnly: false },
      { specifier: 'd', typeOnly: true },
      { specifier: 'e', typeOnly: false },
    ])
  })
})
