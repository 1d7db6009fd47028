import { SyncError } from '../shared/errors.ts'
import { maxDepth } from '../shared/limits.ts'

/**
 * Why a message from a client must not be let in although it is JSON: it nests deeper than {@link maxDepth}
 * (recursive code behind us would overflow its stack), or it has an own `__proto__` key (merging it would
 * change every object). `undefined` when it may.
 */
export function hostility(message: string): SyncError | undefined {
  // Nesting to depth d takes at least d opening brackets and d closing ones.
  if (message.length > 2 * maxDepth && opensMoreThan(message, maxDepth) && depthOf(message) > maxDepth) {
    return new SyncError('bad_frame', `Message refused: nests deeper than ${maxDepth}`)
  }
  if ((message.includes('__proto__') || message.includes('\\u00')) && hasProtoKey(message)) {
    return new SyncError('bad_frame', 'Message refused: a "__proto__" key')
  }
  return undefined
}

/** Whether there are more than `most` opening brackets at all: a search for them is quicker than a look at each character. */
function opensMoreThan(message: string, most: number): boolean {
  let left = most
  for (const bracket of ['[', '{']) {
    for (let at = message.indexOf(bracket); at >= 0; at = message.indexOf(bracket, at + 1)) {
      if (left-- === 0) return true
    }
  }
  return false
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
