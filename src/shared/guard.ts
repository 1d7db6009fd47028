/**
 * `call`, made safe for whoever calls it: what it throws, and what it rejects with when it is async, goes to `onThrow`
 * with the arguments of that call.
 */
export function guard<Args extends readonly unknown[]>(
  call: (...args: Args) => unknown,
  onThrow: (thrown: unknown, ...args: Args) => void,
): (...args: Args) => void {
  return (...args) => {
    try {
      const result = call(...args) as Promise<unknown> | undefined
      result?.catch?.((thrown) => onThrow(thrown, ...args))
    } catch (thrown) {
      onThrow(thrown, ...args)
    }
  }
}
