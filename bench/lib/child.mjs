import process from 'node:process'

/** What the parent wants of this process. A child does not outlive its parent. */
export function readTask() {
  process.once('disconnect', () => process.exit(1))
  return JSON.parse(process.argv[2])
}

/** Tells the parent something. */
export const tell = (message) => new Promise((resolve) => process.send(message, resolve))
