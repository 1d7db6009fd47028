import { join } from 'node:path'
import ts from 'typescript'
import { root } from './files.ts'

/** The string literals of an exported union type, sorted; `file` is relative to the root. */
export function literalsOf(file: string, type: string): string[] {
  const path = join(root, file)
  const program = ts.createProgram([path], { strict: true, noEmit: true, allowImportingTsExtensions: true })
  const checker = program.getTypeChecker()
  const source = program.getSourceFile(path)
  const module = source && checker.getSymbolAtLocation(source)
  const symbol = module && checker.getExportsOfModule(module).find(({ name }) => name === type)
  if (!symbol) throw new Error(`${file} exports no type ${type}`)
  const declared = checker.getDeclaredTypeOfSymbol(symbol)
  const members = declared.isUnion() ? declared.types : [declared]
  return members
    .filter((member) => member.isStringLiteral())
    .map(({ value }) => value)
    .sort()
}
