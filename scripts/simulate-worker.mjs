import { parentPort, workerData } from 'node:worker_threads'

// A stack for each error that is thrown on purpose costs a tenth of a run.
Error.stackTraceLimit = 0

const { runScenario, minimise } = await import(workerData.bundle)
const options = { steps: workerData.steps, ...(workerData.faults && { faults: workerData.faults }) }

/** What is known of a seed that breaks a promise, for people and for whoever mends it. */
async function findingOf(seed, first) {
  const { steps, report, runs } = await minimise(seed, options)
  // One that is not found again is worse: something was not drawn from the seed.
  const again = report.violations.length > 0 ? report : first
  return {
    seed,
    steps,
    runs,
    isRepeated: again !== first,
    violations: again.violations,
    history: again.history,
  }
}

/** Runs the seeds of one portion and tells what happened in them. */
parentPort.on('message', async ({ from, count }) => {
  const counts = {}
  const findings = []
  for (let seed = from; seed < from + count; seed++) {
    const report = await runScenario(seed, options)
    for (const [name, times] of Object.entries(report.counts)) counts[name] = (counts[name] ?? 0) + times
    if (report.violations.length > 0) findings.push(await findingOf(seed, report))
  }
  parentPort.postMessage({ count, counts, findings })
})
