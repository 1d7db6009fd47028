import { spawnSync } from 'node:child_process'
import { statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { findChromium, findFirefox, findPython, provide } from '../../scripts/needs.mjs'
import { buildIsStale, checkNode, installGap } from '../../scripts/prepare.mjs'
import { type Folder, read, root, temporaryFolder } from './support/files.ts'
import { run, start } from './support/run.ts'

let folder: Folder
beforeEach(() => {
  folder = temporaryFolder()
})
afterEach(() => folder.remove())

const lock = (packages: Record<string, object>) => JSON.stringify({ packages })

describe('the two commands', () => {
  it.each(['18.20.8', '20.18.3'])('refuse Node %s and say what to do', (version) => {
    expect(() => checkNode(version)).toThrow(/too old: Syncline needs Node 20\.19 or newer\. Install one/)
  })

  it.each(['20.19.0', '22.1.0', '24.0.0', '26.0.0'])('accept Node %s', (version) => {
    expect(() => checkNode(version)).not.toThrow()
  })

  it('support the oldest Node that package.json names', () => {
    const [, oldest] = /(\d+\.\d+)/.exec(JSON.parse(read('package.json')).engines.node) ?? []
    expect(() => checkNode(`${oldest}.0`)).not.toThrow()
    const [major, minor] = oldest!.split('.').map(Number)
    expect(() => checkNode(`${major}.${minor! - 1}.0`)).toThrow()
  })

  it('install where a package is missing or of another version, and not otherwise', () => {
    const want = {
      '': { version: '1.0.0' },
      'examples/one': { version: '0.0.0' },
      'node_modules/a': { version: '1.0.0' },
      'node_modules/b': { version: '2.0.0', optional: true },
    }
    folder.write({ 'package-lock.json': lock(want) })
    expect(installGap(folder.path)).toBe('not installed yet')
    folder.write({ 'node_modules/.package-lock.json': lock({}) })
    expect(installGap(folder.path)).toContain('a is not at the version')
    folder.write({ 'node_modules/.package-lock.json': lock({ 'node_modules/a': { version: '1.0.1' } }) })
    expect(installGap(folder.path)).toContain('a is not at the version')
    folder.write({ 'node_modules/.package-lock.json': lock({ 'node_modules/a': { version: '1.0.0' } }) })
    expect(installGap(folder.path)).toBeUndefined()
  })

  it('build where dist is missing or older than a source, and not otherwise', () => {
    const built = ['dist/index.js', 'dist/index.cjs', 'dist/index.d.ts']
    const sources = ['src/a/b.ts', 'tsup.config.ts', 'tsconfig.json', 'package.json']
    folder.write(Object.fromEntries(sources.map((name) => [name, ''])))
    expect(buildIsStale(folder.path)).toBe(true)
    folder.write(Object.fromEntries(built.map((name) => [name, ''])))
    expect(buildIsStale(folder.path)).toBe(false)
    const later = statSync(join(folder.path, 'dist/index.js')).mtimeMs / 1000 + 5
    utimesSync(join(folder.path, 'src/a/b.ts'), later, later)
    expect(buildIsStale(folder.path)).toBe(true)
  })

  const shell = ['-c', `env npm_lifecycle_event=start "${process.execPath}" stopped.mjs; true`]

  it.each([
    { on: 'a signal', program: process.execPath, args: ['stopped.mjs'], cause: 'SIGTERM' },
    { on: 'the end of the shell that npm puts between', program: 'sh', args: shell, cause: 'SIGHUP' },
  ])('end all that they have started on $on', async ({ program, args, cause }) => {
    folder.write({
      'stopped.mjs': `import { command, mustRun } from ${JSON.stringify(join(root, 'scripts/steps.mjs'))}
        const grandchild = "console.log('grandchild ' + process.pid); setInterval(() => {}, 1e6)"
        await command(() => mustRun(['sh', '-c', \`"\${process.execPath}" -e "\${grandchild}" & wait\`], { stream: true }), 0)`,
    })
    const running = start(program, args, folder.path)
    await running.until((output) => /grandchild \d+\n/.test(output))
    const pid = Number(/grandchild (\d+)/.exec(running.output())![1])
    running.signal('SIGTERM')
    await running.until((output) => output.includes(`stopped by ${cause}`))
    await running.ended
    expect(() => process.kill(pid, 0)).toThrow('ESRCH')
  })
})

describe('npm test', () => {
  it.each([['--only', 'nonsense'], ['--only'], ['--fast']])('refuses %s %s', async (...args) => {
    const { code, output } = await run(process.execPath, ['scripts/test.mjs', ...args])
    expect(code).toBe(1)
    expect(output).toContain('--only')
  })

  function npmTest(only: string, variables: Record<string, string | undefined>) {
    const { status, stdout } = spawnSync(process.execPath, ['scripts/test.mjs', '--only', only], {
      cwd: root,
      env: { ...process.env, ...variables },
      encoding: 'utf8',
    })
    return { status, stdout, lastLine: stdout.trimEnd().split('\n').at(-1) }
  }

  it('ends in a failure, named and counted, where a step fails', () => {
    const ended = npmTest('lint', { BIOME_CONFIG_PATH: join(folder.path, 'missing.json') })
    expect(ended.stdout).toContain('Stopped at "lint"')
    expect(ended).toMatchObject({ status: 1, lastLine: '0 passed, 1 failed' })
  })

  it.each(['chromium', 'browser'])('leaves %s out, and says so, where what it needs is missing', (suite) => {
    const ended = npmTest(suite, { CHROMIUM: '/nowhere/chromium', CI: undefined })
    expect(ended.stdout).toContain(
      'LEFT OUT: Chromium is missing, which chromium, browser tests need: on Debian',
    )
    expect(ended).toMatchObject({ status: 0, lastLine: '0 passed, 0 failed' })
  })

  it('leaves out one file of a suite, and says so, where only that file needs what is missing', async () => {
    vi.stubEnv('FIREFOX', '/nowhere/firefox')
    vi.stubEnv('CI', undefined)
    onTestFinished(() => void vi.unstubAllEnvs())
    expect(await provide(['browser'])).toEqual({
      suites: [],
      warnings: [
        expect.stringContaining('Firefox is missing, which test/browser/firefox.test.ts needs: on Debian'),
      ],
    })
  })

  it('fails under CI where what a suite needs is missing', () => {
    const ended = npmTest('browser', { CHROMIUM: '/nowhere/chromium', CI: 'true' })
    expect(ended.stdout).toContain('Chromium is missing')
    expect(ended).toMatchObject({ status: 1, lastLine: '0 passed, 1 failed' })
  })

  it('is what CI runs, with CI set', () => {
    expect(read('.ci/run')).toContain('CI=true npm test')
    expect(statSync(join(root, '.ci/run')).mode & 0o111).not.toBe(0)
    expect(read('.github/workflows/ci.yml')).toMatch(/node: \[20, 22, 24\][\s\S]*- run: npm test/)
  })
})

describe('the search for what tests need', () => {
  const { CHROMIUM, FIREFOX, PYTHON } = process.env
  const restore = (name: string, value: string | undefined) => {
    if (value === undefined) delete process.env[name]
    else process.env[name] = value
  }
  afterEach(() => {
    restore('CHROMIUM', CHROMIUM)
    restore('FIREFOX', FIREFOX)
    restore('PYTHON', PYTHON)
  })

  it('takes the browsers and the Python that the environment names', () => {
    process.env['CHROMIUM'] = process.execPath
    process.env['FIREFOX'] = process.execPath
    expect(findChromium()).toBe(process.execPath)
    expect(findFirefox()).toBe(process.execPath)
  })

  it('finds nothing where the environment names what is not there, or what lacks the modules', () => {
    process.env['CHROMIUM'] = '/nowhere/chromium'
    process.env['FIREFOX'] = '/nowhere/firefox'
    process.env['PYTHON'] = process.execPath
    expect(findChromium()).toBeUndefined()
    expect(findFirefox()).toBeUndefined()
    expect(findPython()).toBeUndefined()
  })
})
