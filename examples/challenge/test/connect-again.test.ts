import type { ConnectionState } from 'syncline/client'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { againMs, connectAgain } from '../web/src/connection/connect-again.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** A connection that is what the test says, beside a network and a server that come and go. */
function setUp() {
  const heard = {
    status: new Set<(status: never) => void>(),
    network: new Set<() => void>(),
    reach: new Set<() => void>(),
  }
  const listen =
    <Listener>(to: Set<Listener>) =>
    (listener: Listener) => {
      to.add(listener)
      return () => void to.delete(listener)
    }
  const status = (state: ConnectionState) => ({
    state,
    attempt: 0,
    nextAttemptAt: undefined,
    cause: undefined,
  })
  const client = { status: status('connected'), onStatus: listen(heard.status) as never, connect: vi.fn() }
  const network = { mode: 'whole' as 'whole' | 'cut', hasNetwork: true, subscribe: listen(heard.network) }
  const reach = { isThere: true, subscribe: listen(heard.reach) }
  const undo = connectAgain({ client, network, reach })
  onTestFinished(undo)
  const turn = (state: ConnectionState) => {
    client.status = status(state)
    for (const listener of heard.status) listener(client.status as never)
  }
  const tell = (of: 'network' | 'reach') => {
    for (const listener of heard[of]) listener()
  }
  return { client, network, reach, turn, tell, undo, heard }
}

describe('a connection that was given up', () => {
  it('is tried again after a minute, and not before', () => {
    const { client, turn } = setUp()
    turn('error')
    vi.advanceTimersByTime(againMs - 1)
    expect(client.connect).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    expect(client.connect).toHaveBeenCalledTimes(1)
    turn('connecting')
    turn('error')
    vi.advanceTimersByTime(againMs)
    expect(client.connect).toHaveBeenCalledTimes(2)
  })

  it('is not tried again when a person was quicker', () => {
    const { client, turn } = setUp()
    turn('error')
    turn('connecting')
    turn('connected')
    vi.advanceTimersByTime(10 * againMs)
    expect(client.connect).not.toHaveBeenCalled()
  })

  it.each(['network', 'reach'] as const)('is tried again when the %s is back', (what) => {
    const { client, network, reach, turn, tell } = setUp()
    turn('error')
    network.hasNetwork = reach.isThere = false
    tell(what)
    expect(client.connect).not.toHaveBeenCalled()
    network.hasNetwork = reach.isThere = true
    tell(what)
    expect(client.connect).toHaveBeenCalledTimes(1)
  })

  it('is left alone where the visitor lets no connection through', () => {
    const { client, network, turn, tell } = setUp()
    network.mode = 'cut'
    turn('error')
    tell('network')
    tell('reach')
    vi.advanceTimersByTime(againMs)
    expect(client.connect).not.toHaveBeenCalled()
  })

  it('is left alone after the undo, and nothing is left of it', () => {
    const { client, turn, undo, heard } = setUp()
    turn('error')
    undo()
    vi.advanceTimersByTime(10 * againMs)
    expect(client.connect).not.toHaveBeenCalled()
    expect([vi.getTimerCount(), ...Object.values(heard).map(({ size }) => size)]).toEqual([0, 0, 0, 0])
  })
})
