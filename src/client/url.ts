import { SyncError } from '../shared/errors.ts'

/**
 * The absolute `ws:` or `wss:` address for `url`: `http(s)` becomes `ws(s)`; in a page, a relative one is
 * taken from the page's own address. `path` is resolved against `url` as a link is in a page of that address: `/sync`
 * replaces its path, `sync` the last segment of it. Throws `bad_options`.
 */
export function webSocketUrl(url: string, path = ''): string {
  try {
    const absolute = new URL(path, new URL(url, globalThis.location?.href))
    absolute.protocol = absolute.protocol.replace(/^http/, 'ws')
    absolute.hash = ''
    if (/^wss?:$/.test(absolute.protocol)) return absolute.href
  } catch {
    // Told below, like every other address that is not one.
  }
  throw new SyncError('bad_options', `Not an http(s) or ws(s) URL here: ${url} ${path}`.trim())
}
