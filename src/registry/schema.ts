import type { StandardSchemaV1 } from '@standard-schema/spec'

/** Any schema of the Standard Schema specification, version 1 (zod, valibot, arktype, …). It must answer synchronously. */
export type Schema<Input = unknown, Output = Input> = StandardSchemaV1<Input, Output>

/** What a schema accepts: what one passes in and what travels. */
export type InputOf<S extends Schema> = StandardSchemaV1.InferInput<S>

/** What a schema makes of its input, defaults and transforms applied: what the other side hears. */
export type OutputOf<S extends Schema> = StandardSchemaV1.InferOutput<S>
