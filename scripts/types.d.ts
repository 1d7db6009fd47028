// A `.d.mts` beside each script would be the usual place, but biome's import rule then rewrites `.mjs` to `.mjs.mts`.
declare module '*/scripts/needs.mjs' {
  /** The absolute path of a Chromium or Chrome: `$CHROMIUM`, else the first on PATH; undefined where there is none. */
  export function findChromium(): string | undefined
  /** The absolute path of a Firefox: `$FIREFOX`, else the first on PATH; undefined where there is none. */
  export function findFirefox(): string | undefined
  /** The absolute path of a Python 3 that has fastapi, uvicorn and websockets; undefined where none has them. */
  export function findPython(): string | undefined
  /** Finds, or installs, what `suites` need: the suites that have to be left out, and a line for each reason. */
  export function provide(suites: readonly string[]): Promise<{ suites: string[]; warnings: string[] }>
}

declare module '*/scripts/prepare.mjs' {
  /** Throws where `version` (default: the running Node's) is older than the package supports. */
  export function checkNode(version?: string): void
  /** Why `node_modules` of `folder` does not hold what its lock file asks for, or undefined where it does. */
  export function installGap(folder?: string): string | undefined
  /** Whether `dist` of `folder` is missing or older than what it is built from. */
  export function buildIsStale(folder?: string): boolean
  /** Builds the library unless `dist` is up to date. */
  export function buildIfStale(): Promise<void>
}

declare module '*/scripts/figures.mjs' {
  /** What the guarantees tell of the runs in a ledger, as Markdown; `kinds` are the names of the faults. */
  export function figuresOf(runs: readonly object[], kinds: readonly string[]): string
  /** The document with these figures in their place. Throws where it has no such place. */
  export function withFigures(document: string, figures: string): string
}
