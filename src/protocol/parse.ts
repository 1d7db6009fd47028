import { SyncError } from '../shared/errors.ts'
import type { Check } from './checks.ts'

/** The frames of one WebSocket message, or why it is none. */
export type Parsed<F> =
  | { readonly ok: true; readonly frames: readonly F[]; readonly unknown: readonly string[] }
  | { readonly ok: false; readonly error: SyncError }

type AnyShapes = Readonly<Record<string, readonly Check<unknown>[]>>

/**
 * Reads one WebSocket message: a frame, or a batch of frames. Total: it never throws. Types that it does not
 * know are left out and listed in `unknown`; one frame of a wrong shape refuses the whole message.
 */
export function parseFrames<F>(message: string, shapes: AnyShapes): Parsed<F> {
  let value: unknown
  try {
    value = JSON.parse(message)
  } catch {
    return refuse('not JSON')
  }
  if (!Array.isArray(value) || value.length === 0) return refuse('no frame')
  return readFrames(Array.isArray(value[0]) ? value : [value], shapes)
}

function readFrames<F>(values: unknown[], shapes: AnyShapes): Parsed<F> {
  const frames: F[] = []
  const unknown: string[] = []
  for (const value of values) {
    const type: unknown = Array.isArray(value) ? value[0] : undefined
    if (typeof type !== 'string') return refuse('no frame')
    if (!Object.hasOwn(shapes, type)) unknown.push(type)
    else if (hasShape(value as unknown[], shapes[type]!)) frames.push(value as F)
    else return refuse(`wrong shape of "${type}"`)
  }
  return { ok: true, frames, unknown }
}

/** A plain loop: every event of a client goes through it. */
function hasShape(frame: unknown[], shape: readonly Check<unknown>[]): boolean {
  for (let i = 0; i < shape.length; i++) if (!shape[i]!(frame[i + 1])) return false
  return true
}

function refuse(why: string): { ok: false; error: SyncError } {
  return { ok: false, error: new SyncError('bad_frame', `Message refused: ${why}`) }
}
