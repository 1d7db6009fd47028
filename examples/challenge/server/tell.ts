/**
 * Waits for what tells others of a change. By then the change is committed, so a failure cannot undo it: it is logged, and whoever did
 * not hear has the change with what they load next.
 */
export type Tell = (what: string, telling: () => Promise<unknown>) => Promise<void>

export function createTell(log: (line: string) => void): Tell {
  return async (what, telling) => {
    try {
      await telling()
    } catch (error) {
      log(
        `${what} is committed but was not broadcast: ${error instanceof Error ? error.message : String(error)}`,
      )
    }
  }
}
