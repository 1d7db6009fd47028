import process from 'node:process'

/** What the parent wants of this process. A child does not outlive its parent. */
export function readTask() {
  process.once('disconnect', () => process.exit(1))
  return JSON.parse(process.argv[2])
}

/** Tells the parent something. */
export const tell = (message) => new Promise((resolve) => process.send(message, resolve))

/** Answers the parent's `{ do, … }` with what the handler of that name resolves to. A handler that fails ends this process. */
export function answer(handlers) {
  process.on('message', async ({ do: name, ...rest }) => tell((await handlers[name](rest)) ?? {}))
}

/** Begins to measure this process; the result ends it, as `{ cpuUs, elapsedMs, busy }`: user and system time, and its share of a core. */
export function measureCpu() {
  const before = process.cpuUsage()
  const since = performance.now()
  return () => {
    const { user, system } = process.cpuUsage(before)
    const elapsedMs = performance.now() - since
    return { cpuUs: user + system, elapsedMs, busy: (user + system) / 1000 / elapsedMs }
  }
}
