import { busyColumns, warningsOf, withPair } from './pair.mjs'
import { perSubscriber } from './publish.mjs'
import { packages, variantsFor } from './variants.mjs'

export const latency = {
  group: 'server',
  name: 'latency',
  title: 'Latency at a fixed rate, 1,000 subscribers',
  about:
    'From just before an event is published to when a subscriber has read it: the median over all deliveries, with 20 publications a second.',
  unit: 'ms',
  baseline: 'ws',
  settings: { subscribers: 1000, channels: 1, perTick: 1, everyMs: 50, warmUp: 30, ticks: 60 },
  packages,
  columns: [{ title: '99th percentile', note: 'p99', unit: ' ms', digits: 2 }, ...busyColumns],
  variants: variantsFor(0.9, ['syncline-zod']),
  measure,
}

function measure(variant, { settings, profile }) {
  const { channels, everyMs, perTick, subscribers, ticks, warmUp } = settings
  const unit = (perTick * subscribers) / channels
  return withPair({ variant, row: 'latency', profile }, async ({ server, load }) => {
    await load.ask({ do: 'open', count: subscribers, channels })
    const run = async (count, pace) => {
      const perLink = perSubscriber(settings, count)
      await load.ask({ do: 'expect', ticks: count, unit, step: channels, isTimed: true })
      return Promise.all([
        server.ask({ do: 'publishSteadily', count, everyMs: pace, perTick, channels }),
        load.ask({ do: 'finished', perLink }),
      ])
    }
    await run(warmUp, 10)
    const [served, counted] = await run(ticks, everyMs)
    return {
      value: counted.p50,
      notes: { p99: counted.p99, samples: counted.samples, serverBusy: served.busy, loadBusy: counted.busy },
      warnings: warningsOf(counted),
    }
  })
}
