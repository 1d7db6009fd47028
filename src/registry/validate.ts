import type { StandardSchemaV1 } from '@standard-schema/spec'
import { type PayloadIssue, SyncError } from '../shared/errors.ts'
import type { OutputOf, Schema } from './schema.ts'

/**
 * What `schema` makes of `value`.
 * @throws SyncError `bad_payload` with the schema's issues, or with a cause if the schema threw; `async_schema` if it
 * answered with a promise
 */
export function validate<S extends Schema>(schema: S, value: unknown): OutputOf<S> {
  let result: StandardSchemaV1.Result<unknown> | Promise<unknown>
  try {
    result = schema['~standard'].validate(value)
  } catch (cause) {
    throw new SyncError('bad_payload', 'The schema threw', { cause })
  }
  if ('then' in result) {
    // Nobody awaits the answer, so its rejection must not end the process.
    result.then(undefined, () => {})
    throw new SyncError('async_schema', 'The schema is asynchronous, or threw')
  }
  if (result.issues) throw badPayload(result.issues.map(toIssue))
  return result.value as OutputOf<S>
}

/** The error for data that does not fit; its line tells the first issue. */
export function badPayload(issues: readonly PayloadIssue[]): SyncError {
  const { message, path } = issues[0] ?? { message: 'refused', path: [] }
  // One line, as some libraries write several.
  const line = `Bad payload at "${path.join('.')}": ${message}`.replace(/\s+/g, ' ')
  return new SyncError('bad_payload', line, { issues })
}

function toIssue({ message, path = [] }: StandardSchemaV1.Issue): PayloadIssue {
  // Spread, as a path may be a library's own kind of array, whose map makes another of that kind.
  const steps = [...path].map((step) => (typeof step === 'object' ? step.key : step))
  return { message, path: steps.map((key) => (typeof key === 'number' ? key : String(key))) }
}
