import { SyncError } from '../shared/errors.ts'

/**
 * The absolute `ws:` or `wss:` address for `url`: `http(s)` becomes `ws(s)`; in a page, a relative one is
 * taken from the page's own address. Throws `bad_options`.
 */
export function webSocketUrl(url: string): string {
  let absolute: URL
  try {
    absolute = new URL(url, globalThis.location?.href)
  } catch (cause) {
    throw new SyncError('bad_options', `Not a URL here: ${url}`, {
      cause,
    })
  }
  absolute.protocol = absolute.protocol.replace(/^http/, 'ws')
  absolute.hash = ''
  if (!/^wss?:$/.test(absolute.protocol)) {
    throw new SyncError('bad_options', `Neither http(s) nor ws(s): ${url}`)
  }
  return absolute.href
}
