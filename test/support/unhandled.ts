/**
 * The rejections that nobody has handled by the end of `run`. The runner's own listeners, which fail the test for each, are
 * put aside meanwhile.
 */
export async function unhandledDuring(run: () => Promise<void> | void): Promise<unknown[]> {
  const listeners = process.listeners('unhandledRejection')
  const reasons: unknown[] = []
  process.removeAllListeners('unhandledRejection')
  process.on('unhandledRejection', (reason) => reasons.push(reason))
  try {
    await run()
    // The platform tells of them before the next macrotask.
    await new Promise((resolve) => setImmediate(resolve))
    return reasons
  } finally {
    process.removeAllListeners('unhandledRejection')
    for (const listener of listeners) process.on('unhandledRejection', listener)
  }
}
