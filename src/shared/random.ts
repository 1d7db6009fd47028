/** A number in [0, 1), like `Math.random`; injected so that one seed replays one history. */
export type Random = () => number

/** A mark of `length` characters of base 36 (5.17 bits each) drawn from `random`. */
export function randomMark(random: Random, length: number): string {
  let mark = ''
  for (let i = 0; i < length; i++) mark += Math.floor(random() * 36).toString(36)
  return mark
}

/** A number in [0, 1) from the platform's cryptographic source, which every supported runtime has. */
export const secureRandom: Random = () => crypto.getRandomValues(new Uint32Array(1))[0]! / 2 ** 32
