import type { Schema } from '../../../src/registry/schema.ts'

/** The schema, and how often it was asked. */
export function counted(schema: Schema) {
  const count = { asked: 0 }
  const standard = schema['~standard']
  const counting: Schema = {
    '~standard': {
      ...standard,
      validate: (value) => {
        count.asked++
        return standard.validate(value)
      },
    },
  }
  return { schema: counting, count }
}
