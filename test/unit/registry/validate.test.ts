import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import type { Schema } from '../../../src/registry/schema.ts'
import { validate } from '../../../src/registry/validate.ts'
import { thrown } from './errors.ts'
import { libraries } from './libraries.ts'

const answering = (answer: () => unknown): Schema => ({
  '~standard': { version: 1, vendor: 'test', validate: answer as Schema['~standard']['validate'] },
})

describe.each(Object.entries(libraries))('validate with %s', (_, { row, length, union }) => {
  it('gives what the schema makes of a value that fits', () => {
    const value = { id: 1, name: 'Ada', tags: [{ label: 'a' }] }
    expect(validate(row, value)).toEqual(value)
    expect(validate(union, { kind: 'text', text: 'hi' })).toEqual({ kind: 'text', text: 'hi' })
  })

  it('gives the output of a transform', () => {
    expect(validate(length, 'four')).toBe(4)
  })

  it('refuses a value that does not fit, with the issues and their paths', () => {
    const { issues, message } = thrown('bad_payload', () =>
      validate(row, { id: 1, name: 'Ada', tags: [{ label: 'a' }, { label: 2 }] }),
    )
    expect(issues.map(({ path }) => path)).toEqual([['tags', 1, 'label']])
    expect(issues[0]!.message).not.toBe('')
    expect(message).toContain('tags.1.label')
  })

  it('tells several issues, and keeps the message to one line', () => {
    const { issues, message } = thrown('bad_payload', () => validate(row, { id: 'x', name: 1, tags: [] }))
    expect(issues.map(({ path }) => path).sort()).toEqual([['id'], ['name']])
    expect(message).not.toContain('\n')
  })
})

describe('validate', () => {
  it('refuses an asynchronous schema, and swallows the rejection of its promise', async () => {
    const rejected: unknown[] = []
    const hear = (reason: unknown) => rejected.push(reason)
    process.on('unhandledRejection', hear)
    try {
      thrown('async_schema', () =>
        validate(
          answering(() => Promise.reject(new Error('late'))),
          1,
        ),
      )
      thrown('async_schema', () =>
        validate(
          v.pipeAsync(
            v.string(),
            v.checkAsync(async () => true),
          ),
          'a',
        ),
      )
      thrown('async_schema', () =>
        validate(
          z.string().refine(async () => true),
          'a',
        ),
      )
      await new Promise((turn) => setImmediate(turn))
      expect(rejected).toEqual([])
    } finally {
      process.off('unhandledRejection', hear)
    }
  })

  it('refuses a value whose schema throws, with the cause', () => {
    const cause = new Error('broken')
    const broken = answering(() => {
      throw cause
    })
    expect(thrown('bad_payload', () => validate(broken, 1)).cause).toBe(cause)
    const piped = v.pipe(
      v.string(),
      v.transform(() => {
        throw cause
      }),
    )
    expect(thrown('bad_payload', () => validate(piped, 'a')).cause).toBe(cause)
  })

  it('takes a step of zod that throws for an asynchronous one, as zod answers both with a promise', () => {
    const broken = z.string().transform(() => {
      throw new Error('broken')
    })
    expect(thrown('async_schema', () => validate(broken, 'a')).message).toContain('threw')
  })

  it('writes the message on one line even where a library writes several', () => {
    const wordy = answering(() => ({
      issues: [{ message: 'one\n  two', path: [{ key: 'a' }, 0, Symbol('s')] }],
    }))
    const { message, issues } = thrown('bad_payload', () => validate(wordy, 1))
    expect(message).not.toContain('\n')
    expect(issues[0]!.path).toEqual(['a', 0, 'Symbol(s)'])
  })

  it('refuses a value for which the schema gives no reason', () => {
    expect(
      thrown('bad_payload', () =>
        validate(
          answering(() => ({ issues: [] })),
          1,
        ),
      ).issues,
    ).toEqual([])
  })
})
