import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hostility } from '../../../src/protocol/hostile.ts'
import { maxDepth } from '../../../src/shared/limits.ts'

const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)

test('a message as deep as allowed passes, one level more does not', () => {
  expect(hostility(nested(maxDepth))).toBeUndefined()
  expect(hostility(nested(maxDepth + 1))).toMatchObject({ code: 'bad_frame' })
})

test('nesting of 10,000 and of a million levels is refused without overflowing anything', () => {
  for (const depth of [10_000, 1_000_000])
    expect(hostility(nested(depth))).toMatchObject({ code: 'bad_frame' })
})

test('brackets inside strings do not count, escaped quotes included', () => {
  expect(hostility(JSON.stringify(['x'.repeat(200), '[{'.repeat(500), '"[\\"['.repeat(500)]))).toBeUndefined()
})

test('a key __proto__ is refused however it is written and wherever it stands', () => {
  for (const key of [
    '"__proto__"',
    '"\\u005f_proto__"',
    '"__pr\\u006Fto__"',
    '"\\u005F\\u005Fproto\\u005F_"',
  ]) {
    expect(hostility(`["tell","a","b",{"deep":[{${key}:{"admin":true}}]}]`)).toMatchObject({
      code: 'bad_frame',
    })
  }
})

test('the text __proto__ as a value passes', () => {
  expect(hostility('["tell","a","b","__proto__ and \\u005f"]')).toBeUndefined()
})

test('what is let in never has a __proto__ key and never nests too deep', () => {
  const keys = fc.constantFrom('a', '__proto__', 'constructor', '\u005f_proto__')
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 90, withCrossShrink: true },
      fc.constant(1),
      fc.array(tie('tree'), { maxLength: 2 }),
      fc.array(fc.tuple(keys, tie('tree')), { maxLength: 2 }).map(
        // Written by hand, because an object literal would take the key for its prototype.
        (entries) => ({ raw: entries }),
      ),
    ),
  }))
  fc.assert(
    fc.property(tree, (value) => {
      const message = JSON.stringify(['tell', 'a', 'b', 0]).replace('0]', `${write(value)}]`)
      const { depth, hasProto } = inspect(JSON.parse(message))
      expect(hostility(message) !== undefined).toBe(hasProto || depth > maxDepth)
    }),
  )
})

function write(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(write).join(',')}]`
  if (typeof value === 'number') return String(value)
  const { raw } = value as { raw: [string, unknown][] }
  return `{${raw.map(([key, inner]) => `${JSON.stringify(key)}:${write(inner)}`).join(',')}}`
}

function inspect(value: unknown): { depth: number; hasProto: boolean } {
  if (typeof value !== 'object' || value === null) return { depth: 0, hasProto: false }
  const inner = Object.values(value).map(inspect)
  return {
    depth: 1 + Math.max(0, ...inner.map(({ depth }) => depth)),
    hasProto: Object.keys(value).includes('__proto__') || inner.some(({ hasProto }) => hasProto),
  }
}
