/** A number in [0, 1), like `Math.random`; injected so that one seed replays one history. */
export type Random = () => number

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** A mark of `length` base64url characters (6 bits each) drawn from `random`. */
export function randomMark(random: Random, length: number): string {
  let mark = ''
  for (let i = 0; i < length; i++) mark += alphabet[Math.floor(random() * 64)]
  return mark
}

/** A number in [0, 1) from the platform's cryptographic source, which every supported runtime has. */
export const secureRandom: Random = () => crypto.getRandomValues(new Uint32Array(1))[0]! / 2 ** 32
