import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository's root, absolute. */
export const root = fileURLToPath(new URL('../../..', import.meta.url))

/** The text of a file, its path relative to the root. */
export const read = (path: string): string => readFileSync(join(root, path), 'utf8')

/** Paths, relative to the root, of the files below `folder` whose name ends in one of `endings`; sorted. */
export function filesBelow(folder: string, ...endings: string[]): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && endings.some((ending) => entry.name.endsWith(ending)))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length))
    .sort()
}

export interface Folder {
  /** Absolute. */
  readonly path: string
  /** Writes files (path relative to the folder → text). */
  write(files: Record<string, string>): void
  remove(): void
}

/**
 * A new empty folder: inside the repository's ignored `.tmp`, where the package and its development tools resolve,
 * or with `outside` in the system's temporary folder, where nothing does.
 */
export function temporaryFolder({ outside = false } = {}): Folder {
  const parent = outside ? tmpdir() : join(root, '.tmp')
  mkdirSync(parent, { recursive: true })
  const path = mkdtempSync(join(parent, 'syncline-'))
  return {
    path,
    write(files) {
      for (const [name, text] of Object.entries(files)) {
        mkdirSync(dirname(join(path, name)), { recursive: true })
        writeFileSync(join(path, name), text)
      }
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  }
}
