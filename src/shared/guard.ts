/**
 * `call`, made safe for whoever calls it: what it throws, and what it rejects with when it is async, goes to `onThrow`
 * with the arguments of that call. Of two arguments, not of any number: events go through it.
 */
export function guard<A, B>(
  call: (a: A, b: B) => unknown,
  onThrow: (thrown: unknown, a: A, b: B) => void,
): (a: A, b: B) => void {
  return (a, b) => {
    try {
      const result = call(a, b) as Promise<unknown> | undefined
      result?.catch?.((thrown) => onThrow(thrown, a, b))
    } catch (thrown) {
      onThrow(thrown, a, b)
    }
  }
}
