// @vitest-environment jsdom
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { ask } from '../web/src/net/http.ts'
import { labNetwork, labSignals, labSocket } from '../web/src/net/lab-network.ts'
import { setOnline, sharedServer } from './page-support.ts'

const url = sharedServer()
afterEach(() => labNetwork.set('whole'))

/** Sockets to the hub, and what they have told. */
function openSocket() {
  const told: unknown[] = []
  const listener = {
    opened: vi.fn((protocol: string) => void told.push(['opened', protocol])),
    received: vi.fn(),
    closed: (code: number, reason: string) => void told.push(['closed', code, reason]),
  }
  const address = { url: `${url().replace('http', 'ws')}/sync`, protocol: 'syncline.1' }
  const open = () => labSocket(address, listener)
  return { told, listener, open }
}

const cut = ['closed', 1006, 'the network was cut by hand']
const opened = ['opened', 'syncline.1']

describe('the sockets of the lab', () => {
  it('are those of the platform while nothing is broken', async () => {
    const { told, listener, open } = openSocket()
    const socket = open()
    await vi.waitFor(() => expect(told).toEqual([opened]))
    socket.send('nonsense')
    expect(socket.bufferedBytes).toBeTypeOf('number')
    // The hub's own verdict on what was sent.
    await vi.waitFor(() => expect(told.at(-1)).toEqual(['closed', expect.any(Number), expect.any(String)]))
    expect(told.at(-1)).not.toEqual(cut)
    expect(listener.opened).toHaveBeenCalledTimes(1)
  })

  it.each(['cut', 'http-only'] as const)('are dropped, once, when the network is set to %s', async (mode) => {
    const { told, open } = openSocket()
    open()
    await vi.waitFor(() => expect(told).toEqual([opened]))
    labNetwork.set(mode)
    expect(told).toEqual([opened, cut])
    labNetwork.set('whole')
    labNetwork.set(mode)
    expect(told).toEqual([opened, cut])
  })

  it('are dropped before they are open', async () => {
    const { told, open } = openSocket()
    open()
    labNetwork.set('cut')
    expect(told).toEqual([cut])
    // A socket that opens after it has closed would tell so before this one.
    labNetwork.set('whole')
    open()
    await vi.waitFor(() => expect(told).toEqual([cut, opened]))
  })

  it.each(['cut', 'http-only'] as const)(
    'cannot be made, which is told later, while it is %s',
    async (mode) => {
      const { told, open } = openSocket()
      labNetwork.set(mode)
      const socket = open()
      expect([told, socket.bufferedBytes]).toEqual([[], 0])
      await vi.waitFor(() => expect(told).toEqual([cut]))
    },
  )

  it('tell nothing after they were closed', async () => {
    const { told, open } = openSocket()
    const socket = open()
    await vi.waitFor(() => expect(told).toEqual([opened]))
    socket.close()
    labNetwork.set('cut')
    open().close()
    open()
    // The last one's end comes after what the others could have said.
    await vi.waitFor(() => expect(told).toEqual([opened, cut]))
  })
})

describe('the network of the lab', () => {
  it('is there unless it is cut or the browser has none', () => {
    const seen = (['whole', 'http-only', 'cut'] as const).map((mode) => {
      labNetwork.set(mode)
      return labNetwork.hasNetwork
    })
    expect(seen).toEqual([true, true, false])
    labNetwork.set('whole')
    setOnline(false)
    expect(labNetwork.hasNetwork).toBe(false)
  })

  it('tells of each change by the visitor or the browser, and of none after the undo', () => {
    const listener = vi.fn()
    const undo = labNetwork.subscribe(listener)
    labNetwork.set('cut')
    labNetwork.set('cut')
    expect(listener).toHaveBeenCalledTimes(1)
    setOnline(false)
    setOnline(true)
    expect(listener).toHaveBeenCalledTimes(3)
    undo()
    labNetwork.set('whole')
    setOnline(false)
    expect(listener).toHaveBeenCalledTimes(3)
  })

  it('lets no HTTP through when it is cut, and all of it without WebSockets', async () => {
    labNetwork.set('http-only')
    expect(await ask(`${url()}/challenges`)).toMatchObject({ challenges: expect.any(Array) })
    labNetwork.set('cut')
    await expect(ask(`${url()}/challenges`)).rejects.toMatchObject({ code: 'unreachable' })
  })
})

describe('the signals of the lab', () => {
  it('say whether there is a network when the visitor changes it, and what the browser says', () => {
    const tell = vi.fn()
    const undo = labSignals.online!(tell)
    onTestFinished(undo)
    labNetwork.set('cut')
    labNetwork.set('http-only')
    labNetwork.set('whole')
    window.dispatchEvent(new Event('offline'))
    window.dispatchEvent(new Event('online'))
    expect(tell.mock.calls.flat()).toEqual([false, true, true, false, true])
    undo()
    labNetwork.set('cut')
    window.dispatchEvent(new Event('offline'))
    expect(tell).toHaveBeenCalledTimes(5)
  })
})
