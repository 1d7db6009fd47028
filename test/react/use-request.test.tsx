import { act, renderHook } from '@testing-library/react'
import { type ExoticComponent, Fragment, type ReactNode, StrictMode } from 'react'
import { SyncError } from 'syncline'
import { describe, expect, test } from 'vitest'
import { hooks, SyncProvider, startWorld, useChannel, type WorldOptions } from './support.tsx'

const idle = { pending: false, data: undefined, error: undefined }

function setUp(options?: WorldOptions, Mode: ExoticComponent<{ children?: ReactNode }> = Fragment) {
  const world = startWorld(options)
  const wrapper = ({ children }: { children: ReactNode }) => (
    <Mode>
      <SyncProvider client={world.client}>{children}</SyncProvider>
    </Mode>
  )
  const { result, rerender, unmount } = renderHook(
    (id: number) => hooks.useRequest(useChannel('table', { id }), 'double'),
    { initialProps: 1, wrapper },
  )
  const shown = () => {
    const { pending, data, error } = result.current
    return { pending, data, error }
  }
  return { world, result, shown, rerender, unmount }
}

/** Answers in the order and at the time that the test says. */
function handler() {
  const waiting: { of: number; answer: (is: number) => void; fail: (error: Error) => void }[] = []
  const double = ({ of }: { of: number }) =>
    new Promise<{ is: number }>((resolve, fail) =>
      waiting.push({ of, answer: (is) => resolve({ is }), fail }),
    )
  return { waiting, double }
}

describe('useRequest', () => {
  test('tells of the wait and then of the answer', async () => {
    const { world, result, shown } = setUp()
    expect(shown()).toEqual(idle)
    let answer: unknown
    act(() => {
      result.current.send({ of: 21 }).then((data) => {
        answer = data
      })
    })
    expect(shown()).toEqual({ ...idle, pending: true })
    await world.pass()
    expect(shown()).toEqual({ ...idle, data: { is: 42 } })
    expect(answer).toEqual({ is: 42 })
  })

  test('is sent once under StrictMode, and shows its answer', async () => {
    const { waiting, double } = handler()
    const { world, result, shown } = setUp({ double }, StrictMode)
    await world.pass()
    act(() => void result.current.send({ of: 1 }))
    await world.pass()
    waiting[0]!.answer(2)
    await world.pass()
    expect(shown()).toEqual({ ...idle, data: { is: 2 } })
    expect(waiting).toHaveLength(1)
  })

  test('tells of an error, which is none that nobody caught, and forgets it with the next call', async () => {
    let isAngry = true
    const { world, result, shown } = setUp({
      double: ({ of }) => {
        if (isAngry) throw new SyncError('forbidden', 'not you')
        return { is: 2 * of }
      },
    })
    act(() => void result.current.send({ of: 1 }))
    await world.pass()
    expect(shown()).toEqual({ ...idle, error: expect.objectContaining({ code: 'forbidden' }) })
    isAngry = false
    act(() => void result.current.send({ of: 1 }))
    expect(shown()).toEqual({ ...idle, pending: true })
    await world.pass()
    expect(shown()).toEqual({ ...idle, data: { is: 2 } })
  })

  test('rejects the promise of whoever waits for it', async () => {
    const { world, result, shown } = setUp()
    let code: unknown
    act(() => {
      result.current.send({ of: 'no number' as never }).catch((error) => {
        code = error.code
      })
    })
    await world.pass()
    expect(code).toBe('bad_payload')
    expect(shown().error?.code).toBe('bad_payload')
  })

  test('shows the newest call, in whichever order the answers come', async () => {
    const { waiting, double } = handler()
    const { world, result, shown } = setUp({ double })
    act(() => void result.current.send({ of: 1 }))
    await world.pass()
    act(() => void result.current.send({ of: 2 }))
    await world.pass()
    expect(waiting.map(({ of }) => of)).toEqual([1, 2])
    waiting[1]!.answer(4)
    await world.pass()
    expect(shown()).toEqual({ ...idle, data: { is: 4 } })
    waiting[0]!.answer(2)
    await world.pass()
    expect(shown()).toEqual({ ...idle, data: { is: 4 } })
  })

  test('keeps the last answer while the next is awaited, until it is reset', async () => {
    const { world, result, shown } = setUp()
    act(() => void result.current.send({ of: 1 }))
    await world.pass()
    act(() => void result.current.send({ of: 2 }))
    expect(shown()).toEqual({ pending: true, data: { is: 2 }, error: undefined })
    act(() => result.current.reset())
    expect(shown()).toEqual(idle)
    await world.pass()
    expect(shown()).toEqual(idle)
  })

  test('aborts without an error', async () => {
    const { waiting, double } = handler()
    const { world, result, shown } = setUp({ double })
    let code: unknown
    act(() => {
      result.current.send({ of: 1 }).catch((error) => {
        code = error.code
      })
    })
    await world.pass()
    expect(waiting).toHaveLength(1)
    act(() => result.current.abort())
    await world.pass()
    expect(shown()).toEqual(idle)
    expect(code).toBe('aborted')
  })

  test('gives up after its own time', async () => {
    const { double } = handler()
    const { world, result, shown } = setUp({ double })
    act(() => void result.current.send({ of: 1 }, { timeoutMs: 500 }))
    await world.pass()
    await world.pass(500)
    expect(shown().error?.code).toBe('indeterminate')
  })

  test('waits for a connection, and is sent once', async () => {
    const { waiting, double } = handler()
    const { world, result, shown } = setUp({ double })
    await world.pass()
    world.network.links[0]!.cut()
    await world.pass()
    act(() => void result.current.send({ of: 1 }))
    await world.pass()
    expect(shown().pending).toBe(true)
    await world.pass(10_000)
    waiting[0]!.answer(2)
    await world.pass()
    expect(waiting).toHaveLength(1)
    expect(shown()).toEqual({ ...idle, data: { is: 2 } })
  })

  test('starts anew for another channel', async () => {
    const { world, shown, result, rerender } = setUp()
    act(() => void result.current.send({ of: 1 }))
    await world.pass()
    expect(shown().data).toEqual({ is: 2 })
    rerender(2)
    expect(shown()).toEqual(idle)
  })

  test('goes on after it was unmounted', async () => {
    const { waiting, double } = handler()
    const { world, result, unmount } = setUp({ double })
    let answer: unknown
    act(() => {
      result.current.send({ of: 1 }).then((data) => {
        answer = data
      })
    })
    await world.pass()
    unmount()
    waiting[0]!.answer(2)
    await world.pass()
    expect(answer).toEqual({ is: 2 })
  })

  test('has functions that stay the same', async () => {
    const { world, result } = setUp()
    const { send, abort, reset } = result.current
    act(() => void send({ of: 1 }))
    await world.pass()
    expect(result.current).toMatchObject({ send, abort, reset })
    expect(result.current.send).toBe(send)
  })
})
