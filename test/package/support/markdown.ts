/** A fenced block of a document. */
export interface Block {
  /** The first word after the fence, such as `ts`; empty where there is none. */
  readonly language: string
  /** What stands between the fences, without the line that names the file. */
  readonly text: string
  /** The line of the opening fence, from 1. */
  readonly line: number
  /** The name in a first line such as `// server.ts`. */
  readonly file?: string
}

const named = /^\/\/ ([\w./-]+\.(?:ts|tsx|mts|cts))\b.*$/

function block(language: string, lines: readonly string[], line: number): Block {
  const file = named.exec(lines[0] ?? '')?.[1]
  return { language, line, text: lines.slice(file ? 1 : 0).join('\n'), ...(file ? { file } : {}) }
}

/** The fenced blocks of a document, in order. */
export function codeBlocks(markdown: string): Block[] {
  const found: Block[] = []
  let open: { fence: string; language: string; line: number; indent: number; lines: string[] } | undefined
  for (const [index, text] of markdown.split('\n').entries()) {
    const [, indent = '', fence, info = ''] = /^(\s*)(`{3,}|~{3,})\s*(.*)$/.exec(text) ?? []
    if (open) {
      const closes = fence && info === '' && fence.startsWith(open.fence)
      if (!closes) open.lines.push(text.slice(open.indent))
      else {
        found.push(block(open.language, open.lines, open.line))
        open = undefined
      }
    } else if (fence) {
      open = { fence, language: info.split(/\s/)[0] ?? '', line: index + 1, indent: indent.length, lines: [] }
    }
  }
  return found
}

const isCode = ({ language }: Block) => language === 'ts' || language === 'tsx'

/**
 * The files (name → text) that the ts and tsx blocks of a document make together: named blocks under their name,
 * two of one name one after the other; each other block a file of its own, named after its line.
 */
export function projectOf(markdown: string): Record<string, string> {
  const files: Record<string, string> = {}
  for (const { file, language, line, text } of codeBlocks(markdown).filter(isCode)) {
    const name = file ?? `line-${line}.${language}`
    files[name] = name in files ? `${files[name]}\n${text}` : text
  }
  return files
}

/** The number of lines of a text that hold code: neither blank nor a comment alone. */
export const linesOfCode = (text: string): number =>
  text.split('\n').filter((line) => line.trim() !== '' && !line.trim().startsWith('//')).length

/** The document without its fenced blocks and code spans, in which a link is no link; lines keep their numbers. */
function prose(markdown: string): string {
  let fence = ''
  const lines = markdown.split('\n').map((text) => {
    const [, mark = ''] = /^\s*(`{3,}|~{3,})/.exec(text) ?? []
    const inside = fence !== ''
    if (inside && mark.startsWith(fence)) fence = ''
    else if (!inside) fence = mark
    return inside || mark ? '' : text.replace(/`[^`]*`/g, '')
  })
  return lines.join('\n')
}

/** The targets of a document's links and images, as they are written. */
export function linksOf(markdown: string): string[] {
  const text = prose(markdown)
  const inline = [...text.matchAll(/\]\(\s*<?([^)\s>]+)>?[^)]*\)/g)]
  const references = [...text.matchAll(/^\s*\[[^\]]+\]:\s*(\S+)/gm)]
  const attributes = [...text.matchAll(/\b(?:href|src)="([^"]+)"/g)]
  return [...inline, ...references, ...attributes].map((match) => match[1]!)
}

/** Those of {@link linksOf} that lead to files or headings beside the document. */
export const localLinks = (markdown: string): string[] =>
  linksOf(markdown).filter((target) => !/^[a-z][a-z0-9+.-]*:/i.test(target))

/** The anchors of a document's headings, as GitHub makes them. */
export function anchorsOf(markdown: string): string[] {
  const seen = new Map<string, number>()
  const withoutFences = codeBlocks(markdown).reduce(
    (text, { text: code }) => text.replace(code, ''),
    markdown,
  )
  const headings = [...withoutFences.matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)]
  const explicit = [...withoutFences.matchAll(/<a\s+(?:id|name)="([^"]+)"/g)].map((match) => match[1]!)
  const made = headings.map((match) => {
    const text = match[1]!.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/[`*]/g, '')
    const slug = text
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M} _-]/gu, '')
      .replaceAll(' ', '-')
    const count = seen.get(slug) ?? 0
    seen.set(slug, count + 1)
    return count === 0 ? slug : `${slug}-${count}`
  })
  return [...made, ...explicit]
}

/** The rows (cells, trimmed, code marks off) of every table whose header begins with the cells of `header`. */
export function tableRows(markdown: string, header: readonly string[]): string[][] {
  const rows: string[][] = []
  let inside = false
  for (const line of markdown.split('\n')) {
    const cells = line.trim().startsWith('|')
      ? line
          .trim()
          .slice(1)
          .split('|')
          .map((cell) => cell.trim().replaceAll('`', ''))
      : undefined
    if (!cells) inside = false
    else if (header.every((name, index) => cells[index]?.toLowerCase() === name)) inside = true
    else if (inside && !/^:?-+:?$/.test(cells[0]!)) rows.push(cells)
  }
  return rows
}
