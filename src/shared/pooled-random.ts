import type { Random } from './random.ts'

const pool = new Uint32Array(512)
let left = 0

/** As `secureRandom`, drawn many at a time: one call into the platform for each number costs more than the rest of a publication. */
export const pooledRandom: Random = () => {
  if (left === 0) {
    crypto.getRandomValues(pool)
    left = pool.length
  }
  left--
  const value = pool[left]! / 2 ** 32
  // What was given out is nowhere any more.
  pool[left] = 0
  return value
}
