import process from 'node:process'

const begun = Date.now()

/** Writes one line for whoever waits, with the time since the start; results alone go to stdout. */
export function say(line) {
  const seconds = ((Date.now() - begun) / 1000).toFixed(1)
  process.stderr.write(`[${seconds.padStart(6)} s] ${line}\n`)
}
