import { beforeEach, inject } from 'vitest'

declare module 'vitest' {
  interface ProvidedContext {
    /** Why tests run on Node only, by how their names (file > suites > test) begin. */
    nodeOnly: Record<string, string>
  }
}

beforeEach(({ task, skip }) => {
  const reason = Object.entries(inject('nodeOnly')).find(([start]) => task.fullName.startsWith(start))?.[1]
  if (reason) skip(`on Node only: ${reason}`)
})
