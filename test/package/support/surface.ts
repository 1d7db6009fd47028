import { join } from 'node:path'
import ts from 'typescript'
import { root } from './files.ts'

const options: ts.CompilerOptions = {
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  jsx: ts.JsxEmit.ReactJSX,
  skipLibCheck: true,
  noEmit: true,
}

export interface Exported {
  readonly name: string
  /** Whether it exists at run time. */
  readonly value: boolean
}

/** The sorted exports of declaration files (paths relative to the root), read by the TypeScript compiler. */
export function exportsOf(files: readonly string[]): Record<string, Exported[]> {
  const program = ts.createProgram(
    files.map((file) => join(root, file)),
    options,
  )
  const checker = program.getTypeChecker()
  const describe = (symbol: ts.Symbol): Exported => {
    const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
    return { name: symbol.name, value: (target.flags & ts.SymbolFlags.Value) !== 0 }
  }
  const byName = (a: Exported, b: Exported) => (a.name < b.name ? -1 : 1)
  return Object.fromEntries(
    files.map((file) => {
      const source = program.getSourceFile(join(root, file))
      const symbol = source && checker.getSymbolAtLocation(source)
      if (!symbol) throw new Error(`${file} exports nothing`)
      return [file, checker.getExportsOfModule(symbol).map(describe).sort(byName)]
    }),
  )
}
