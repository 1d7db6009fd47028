import { webSocketUrl } from 'syncline/client'
import { describe, expect, onTestFinished, test, vi } from 'vitest'

/** As in a page at this address. */
function inPage(href: string) {
  vi.stubGlobal('location', { href })
  onTestFinished(() => void vi.unstubAllGlobals())
}

describe('an absolute address', () => {
  test.each([
    ['http://example.com/sync', 'ws://example.com/sync'],
    ['https://example.com/sync', 'wss://example.com/sync'],
    ['HTTPS://example.com/sync', 'wss://example.com/sync'],
    ['ws://example.com:8080/sync?room=1', 'ws://example.com:8080/sync?room=1'],
    ['wss://example.com/sync', 'wss://example.com/sync'],
    ['https://example.com/http/sync', 'wss://example.com/http/sync'],
    ['https://example.com/sync#top', 'wss://example.com/sync'],
  ])('%s is %s', (url, expected) => {
    expect(webSocketUrl(url)).toBe(expected)
  })

  test('is the same in a page of another address', () => {
    inPage('https://page.example/here')
    expect(webSocketUrl('http://example.com/sync')).toBe('ws://example.com/sync')
  })
})

describe('a relative address', () => {
  test.each([
    ['/sync', 'wss://page.example/sync'],
    ['sync', 'wss://page.example/app/sync'],
    ['?v=2', 'wss://page.example/app/index.html?v=2'],
    ['//other.example/sync', 'wss://other.example/sync'],
  ])('%s is taken from the page: %s', (url, expected) => {
    inPage('https://page.example/app/index.html#part')
    expect(webSocketUrl(url)).toBe(expected)
  })
})

describe('a path beside the address', () => {
  test.each([
    ['https://api.example/v1', '/sync', 'wss://api.example/sync'],
    ['https://api.example/v1', 'sync', 'wss://api.example/sync'],
    ['https://api.example/v1/', 'sync', 'wss://api.example/v1/sync'],
    ['https://api.example/v1/', '../sync?room=1#top', 'wss://api.example/sync?room=1'],
    ['https://api.example/v1?key=1', '?key=2', 'wss://api.example/v1?key=2'],
    ['https://api.example/v1?key=1', '', 'wss://api.example/v1?key=1'],
    ['http://localhost:8000', '/ws/progress', 'ws://localhost:8000/ws/progress'],
    ['ws://localhost:8000/', 'ws', 'ws://localhost:8000/ws'],
    ['https://api.example/v1', '//sync.example/', 'wss://sync.example/'],
    ['https://api.example/v1', 'http://sync.example/x', 'ws://sync.example/x'],
  ])('is resolved as a link is: %s and %j', (url, path, expected) => {
    expect(webSocketUrl(url, path)).toBe(expected)
  })

  test('is resolved against a relative address where that leads in the page', () => {
    inPage('https://page.example/app/index.html')
    expect(webSocketUrl('api/', 'sync')).toBe('wss://page.example/app/api/sync')
    expect(webSocketUrl('/', '/sync')).toBe('wss://page.example/sync')
  })

  test.each([
    ['/v1', '/sync'],
    ['', 'https://api.example/sync'],
    ['https://api.example', 'ftp://api.example/sync'],
    ['mailto:ada@example.com', 'sync'],
  ])('throws bad_options for what is none: %j and %j', (url, path) => {
    const error = expect.objectContaining({ code: 'bad_options', message: expect.stringContaining(path) })
    expect(() => webSocketUrl(url, path)).toThrow(error)
  })
})

describe('what is no address of a hub', () => {
  test.each(['/sync', '', 'ftp://example.com/sync', 'http://', 'mailto:ada@example.com'])(
    '%j throws bad_options outside of a page',
    (url) => {
      const error = expect.objectContaining({ code: 'bad_options', message: expect.stringContaining(url) })
      expect(() => webSocketUrl(url)).toThrow(error)
    },
  )

  test('throws bad_options in a page that was opened from a file', () => {
    inPage('file:///home/page.html')
    expect(() => webSocketUrl('/sync')).toThrow(expect.objectContaining({ code: 'bad_options' }))
  })
})
