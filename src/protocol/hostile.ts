import { SyncError } from '../shared/errors.ts'
import { maxDepth } from '../shared/limits.ts'

const suspicious = /__proto__|\\u00/i

/**
 * Why a message from a client must not be let in although it is JSON: it nests deeper than {@link maxDepth}
 * (recursive code behind us would overflow its stack), or it has an own `__proto__` key (merging it would
 * change every object). `undefined` when it may.
 */
export function hostility(message: string): SyncError | undefined {
  // Nesting to depth d takes at least d opening brackets and d closing ones.
  if (message.length > 2 * maxDepth && depthOf(message) > maxDepth) {
    return new SyncError('bad_frame', `Message refused: nests deeper than ${maxDepth}`)
  }
  if (suspicious.test(message) && hasProtoKey(message)) {
    return new SyncError('bad_frame', 'Message refused: a "__proto__" key')
  }
  return undefined
}

/** Counts brackets outside strings, without parsing, so that no depth can hurt the counter itself. */
function depthOf(message: string): number {
  let depth = 0
  let deepest = 0
  let quoted = false
  for (let i = 0; i < message.length; i++) {
    const char = message.charCodeAt(i)
    if (quoted) {
      if (char === 92) i++
      else if (char === 34) quoted = false
    } else if (char === 34) quoted = true
    else if (char === 91 || char === 123) deepest = Math.max(deepest, ++depth)
    else if (char === 93 || char === 125) depth--
  }
  return deepest
}

function hasProtoKey(message: string): boolean {
  let found = false
  try {
    JSON.parse(message, (key, value) => {
      found ||= key === '__proto__'
      return value
    })
  } catch {
    // Not JSON: the parser says so in its own words.
  }
  return found
}
