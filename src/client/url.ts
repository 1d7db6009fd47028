import { SyncError } from '../shared/errors.ts'

/**
 * The absolute `ws:` or `wss:` address for `url`: `http(s)` becomes `ws(s)`; in a page, a relative one is
 * taken from the page's own address. Throws `bad_options`.
 */
export function webSocketUrl(url: string): string {
  try {
    const absolute = new URL(url, globalThis.location?.href)
    absolute.protocol = absolute.protocol.replace(/^http/, 'ws')
    absolute.hash = ''
    if (/^wss?:$/.test(absolute.protocol)) return absolute.href
  } catch {
    // Told below, like every other address that is not one.
  }
  throw new SyncError('bad_options', `Not an http(s) or ws(s) URL here: ${url}`)
}
