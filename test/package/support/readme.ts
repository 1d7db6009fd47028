import { join } from 'node:path'
import { freePort } from '../../support/free-port.ts'
import type { Folder } from './files.ts'
import { codeBlocks, projectOf } from './markdown.ts'
import { type Ended, run, start, tool } from './run.ts'

const tsconfig = {
  compilerOptions: {
    target: 'ES2022',
    module: 'NodeNext',
    lib: ['ES2022', 'DOM', 'DOM.Iterable'],
    jsx: 'react-jsx',
    types: ['node'],
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    // A block without an import is a module too, or its names would meet those of the other blocks.
    moduleDetection: 'force',
    allowImportingTsExtensions: true,
  },
}

/** Type-checks documents (name → markdown), each as a folder of its own below `folder`, against the built package. */
export function typeCheck(folder: Folder, documents: Record<string, string>): Promise<Ended> {
  for (const [document, markdown] of Object.entries(documents)) {
    const files = Object.entries(projectOf(markdown))
    folder.write(
      Object.fromEntries(files.map(([name, text]) => [join(document.replaceAll(/\W/g, '-'), name), text])),
    )
  }
  folder.write({ 'tsconfig.json': JSON.stringify(tsconfig) })
  return run(tool('tsc'), ['--project', folder.path, '--pretty', 'false'], folder.path)
}

/** A client that never prints what was promised does not end either: someone has to say so, and show what it did print. */
const deadlineMs = 60_000

/** The files of a quick start, the least set that can be run. */
export const quickStartFiles = ['sync.ts', 'server.ts', 'client.ts'] as const

/** The lines of the first text block after the client's: what the document promises that the client prints. */
export function promisedOutput(markdown: string): string[] {
  const blocks = codeBlocks(markdown)
  const client = blocks.findIndex((block) => block.file === 'client.ts')
  const promise = blocks.slice(client + 1).find((block) => block.language === 'text')
  return client < 0 ? [] : (promise?.text ?? '').split('\n').filter((line) => line.trim() !== '')
}

/** The quick start's files, with the port it names replaced by one that is free on this machine. */
async function onFreePort(files: Record<string, string>): Promise<Record<string, string>> {
  const [, port] = /listen\(\s*(\d+)/.exec(files['server.ts'] ?? '') ?? []
  if (!port) throw new Error('server.ts of the quick start listens on no port: write `listen(3000)`')
  const free = String(await freePort())
  const moved = Object.entries(files).map(([name, text]) => [
    name,
    text.replaceAll(new RegExp(`\\b${port}\\b`, 'g'), free),
  ])
  return Object.fromEntries(moved)
}

/**
 * Runs the quick start of a document in `folder`: its server, then its client, until the client has printed every
 * promised line. Resolves to what the client printed; rejects where either program ends before.
 */
export async function runQuickStart(folder: Folder, markdown: string): Promise<string> {
  const promised = promisedOutput(markdown)
  const missing = quickStartFiles.filter((name) => !(name in projectOf(markdown)))
  if (missing.length > 0 || promised.length === 0) {
    throw new Error(
      `the quick start lacks ${missing.join(', ') || 'a text block with the output of client.ts'}`,
    )
  }
  folder.write(await onFreePort(projectOf(markdown)))
  // Without a configuration of its own, tsx would take the repository's, whose aliases lead to the sources.
  folder.write({ 'tsconfig.json': '{}' })
  const server = start(tool('tsx'), ['server.ts'], folder.path)
  const client = start(tool('tsx'), ['client.ts'], folder.path)
  const serverEnded = server.until(() => false)
  const clientPrinted = client.until((output) => promised.every((line) => output.includes(line)))
  let deadline: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const give = () =>
      reject(new Error(`the promise was not kept.\nserver: ${server.output()}\nclient: ${client.output()}`))
    deadline = setTimeout(give, deadlineMs)
  })
  try {
    await Promise.race([clientPrinted, serverEnded, late])
    return client.output()
  } finally {
    clearTimeout(deadline)
    await Promise.all([client.stop(), server.stop()])
    await Promise.allSettled([clientPrinted, serverEnded])
  }
}
