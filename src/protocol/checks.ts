/** Whether a value just parsed from JSON is a `T`; an absent one is `undefined`. */
export type Check<T> = (value: unknown) => value is T

/** One check for each element of a frame after its type; the compiler holds them to the frame's own types. */
export type Shape<F extends readonly unknown[]> = F extends readonly [string, ...infer Fields]
  ? { readonly [I in keyof Fields]-?: Check<Fields[I]> }
  : never

/** A shape for each frame of a union. */
export type Shapes<F extends readonly [string, ...unknown[]]> = {
  readonly [T in F[0]]: Shape<Extract<F, readonly [T, ...unknown[]]>>
}

const check = <T>(test: (value: unknown) => boolean) => test as Check<T>

export const text = check<string>((value) => typeof value === 'string')
export const flag = check<boolean>((value) => typeof value === 'boolean')
/** A whole number from 0 that JSON carries exactly. */
export const count = check<number>((value) => Number.isSafeInteger(value) && (value as number) >= 0)
/** Anything that JSON can carry, `null` included, but not nothing. */
export const data = check<unknown>((value) => value !== undefined)

export const optional = <T>(inner: Check<T>) =>
  check<T | undefined>((value) => value === undefined || inner(value))

export const nullable = <T>(inner: Check<T>) => check<T | null>((value) => value === null || inner(value))

export const list = <T>(inner: Check<T>) =>
  check<T[]>((value) => Array.isArray(value) && value.every(inner as (item: unknown) => boolean))

/** A fixed run of elements; more than those are for later versions, and pass. */
export const tuple = <T extends readonly unknown[]>(...inner: { readonly [I in keyof T]: Check<T[I]> }) =>
  check<T>((value) => Array.isArray(value) && inner.every((one, i) => one(value[i])))

/** An object with these fields; others are for later versions, and pass. */
export const record = <T extends object>(fields: { readonly [K in keyof T]-?: Check<T[K]> }) =>
  check<T>(
    (value) =>
      typeof value === 'object' &&
      value !== null &&
      !Array.isArray(value) &&
      Object.entries<Check<unknown>>(fields).every(([key, inner]) =>
        inner((value as Record<string, unknown>)[key]),
      ),
  )

export const position = tuple<[epoch: string, offset: number, tag: string]>(text, count, text)
