import type { Transitions } from '../../src/shared/machine.ts'

/** A table as text, one move a line, so that a changed cell is one changed line in a review. */
export function drawTransitions(table: Transitions<string, string>): string {
  return Object.entries(table)
    .flatMap(([from, moves]) => {
      const lines = Object.entries(moves).map(([event, to]) => `${from} --${event}--> ${to}`)
      return lines.length > 0 ? lines : [`${from} (end)`]
    })
    .join('\n')
}
