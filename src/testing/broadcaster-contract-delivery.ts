import { bodiesOf, counting, ensureEqual, pickEntry, type Rules } from './broadcaster-contract-checks.ts'

/** What those hear who follow a channel. */
export const deliveryRules: Rules = {
  'what is appended once a subscribe has resolved is delivered once and in log order': async (t) => {
    const ear = await t.listen()
    await t.appendTogether(bodiesOf(40))
    // A last one on its own: whatever came twice before it has come by then.
    await t.append('end')
    await ear.until(41)
    ensureEqual(ear.offsets, counting(1, 41), 'The offsets in the order of delivery')
  },

  'what is delivered is what is read, in the same epoch': async (t) => {
    const ear = await t.listen()
    const positions = await t.append(...bodiesOf(5))
    await ear.until(5)
    ensureEqual(ear.heard.map(pickEntry), (await t.entries()).map(pickEntry), 'What was delivered')
    ensureEqual([...ear.epochs], [positions[0]!.epoch], 'The epochs that were delivered')
  },

  'a subscription of a channel with entries is told of later ones in log order': async (t) => {
    await t.append(...bodiesOf(3))
    const ear = await t.listen()
    await t.append(...bodiesOf(3))
    await ear.until(6)
    const late = ear.offsets.filter((offset) => offset > 3)
    ensureEqual(late, [4, 5, 6], 'The offsets that were appended after the subscribe')
    const sorted = [...new Set(ear.offsets)].sort((a, b) => a - b)
    ensureEqual(ear.offsets, sorted, 'All offsets in the order of delivery')
  },

  'an append from within a delivery is delivered in log order to everyone': async (t) => {
    const appends: Promise<unknown>[] = []
    const eager = await t.listen(({ heard }) => {
      if (heard.length === 1) appends.push(...['a', 'b'].map((body) => t.broadcaster.append(t.channel, body)))
    })
    const other = await t.listen()
    await t.append('first')
    await Promise.all([eager.until(3), other.until(3)])
    await Promise.all(appends)
    ensureEqual([eager.offsets, other.offsets], [counting(1, 3), counting(1, 3)], 'The orders of delivery')
  },

  'subscriptions of one channel are independent, also with the same function': async (t) => {
    const ear = await t.listen()
    const undo = await t.broadcaster.subscribe(t.channel, ear.hear)
    await t.broadcaster.subscribe(t.channel, ear.hear)
    await t.append('to all three')
    await ear.untilCount(3)
    undo()
    await t.append('to two', 'end')
    await ear.untilCount(7)
    ensureEqual(ear.offsets, [1, 1, 1, 2, 2, 3, 3], 'What three subscriptions heard, then two')
  },

  'nothing is delivered after the undo, which may be called twice': async (t) => {
    const [gone, there] = [await t.listen(), await t.listen()]
    await t.append('to both')
    await Promise.all([gone.until(1), there.until(1)])
    gone.undo()
    gone.undo()
    await t.append('to one', 'end')
    await there.until(3)
    ensureEqual([gone.offsets, there.offsets], [[1], [1, 2, 3]], 'What was delivered to each')
  },

  'nothing is delivered after an undo from within a delivery': async (t) => {
    const gone = await t.listen((ear) => ear.undo())
    const there = await t.listen()
    await t.appendTogether(bodiesOf(5))
    await t.append('end')
    await there.until(6)
    ensureEqual([gone.offsets, there.offsets], [[1], counting(1, 6)], 'What was delivered to each')
  },

  'nothing is delivered after a close, which may be called twice': async (t) => {
    const ears = [await t.listen(), await t.listen()]
    const appends = Promise.allSettled(bodiesOf(5).map((body) => t.broadcaster.append(t.channel, body)))
    await t.broadcaster.close()
    const heard = ears.map(({ offsets }) => offsets)
    await t.broadcaster.close()
    await appends
    await Promise.allSettled([t.broadcaster.append(t.channel, 'late')])
    ensureEqual(
      ears.map(({ offsets }) => offsets),
      heard,
      'What was delivered until the close',
    )
  },
}
