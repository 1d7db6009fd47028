import type { Position } from '../shared/position.ts'
import type { WirePosition } from './frames.ts'

/** A position as apps see it. */
export function toPosition([epoch, offset, tag]: WirePosition): Position {
  return { epoch, offset, tag }
}
