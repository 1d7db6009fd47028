import { busyColumns, warningsOf, withPair } from './pair.mjs'
import { packages, variantsFor } from './variants.mjs'

/** What is the same in all rows that publish as fast as it goes. */
const common = {
  group: 'server',
  unit: 'µs',
  baseline: 'ws',
  packages,
  columns: [...busyColumns, { title: 'deliveries', note: 'perSecond', unit: '/s', digits: 0 }],
}

/** One publication a turn of the event loop, for all subscribers of one channel. */
const fanOutOf = ({ name, subscribers, ...rest }) => ({
  ...common,
  name,
  title: `CPU per delivery, one message at a time to ${subscribers.toLocaleString('en')} subscribers`,
  about:
    'User and system CPU time of the server for each event of about 200 bytes that one subscriber gets; one publication a turn of the event loop.',
  measure: measurePublish,
  ...rest,
})

export const fanOut = fanOutOf({
  name: 'fan-out',
  subscribers: 1000,
  settings: { subscribers: 1000, channels: 1, perTick: 1, warmUp: 40, ticks: 120, window: 4 },
  variants: variantsFor(0.8),
})

export const fanOutMany = fanOutOf({
  name: 'fan-out-5000',
  subscribers: 5000,
  settings: { subscribers: 5000, channels: 1, perTick: 1, warmUp: 6, ticks: 24, window: 4 },
  variants: variantsFor(0.85, ['syncline-zod']),
})

export const burst = {
  ...common,
  name: 'burst',
  title: 'CPU per delivery, 20 messages in one tick to 1,000 subscribers',
  about:
    'As `fan-out`, with 20 publications in each turn of the event loop: what is joined for a socket leaves it in one write.',
  settings: { subscribers: 1000, channels: 1, perTick: 20, warmUp: 4, ticks: 10, window: 2 },
  variants: variantsFor(0.08, ['syncline-zod']),
  measure: measurePublish,
}

export const channels = {
  ...common,
  name: 'channels',
  title: 'CPU per delivery, 1,000 channels with 5 subscribers each',
  about:
    'As `fan-out`, with 5,000 connections on 1,000 channels; each turn of the event loop publishes on the next 20 of them.',
  settings: { subscribers: 5000, channels: 1000, perTick: 20, warmUp: 200, ticks: 800, window: 16 },
  variants: variantsFor(0.9),
  measure: measurePublish,
}

/** How many of them reach one subscriber; all must get equally many, as this is checked. */
export function perSubscriber({ channels, perTick, subscribers }, ticks) {
  const each = (ticks * perTick) / channels
  if (!Number.isInteger(each) || subscribers % channels !== 0) {
    throw new Error('Each channel must get equally many publications, and have equally many subscribers')
  }
  return each
}

async function measurePublish(variant, { settings, profile }) {
  const { channels, perTick, subscribers, ticks, warmUp, window } = settings
  const unit = (perTick * subscribers) / channels
  const row = this.name
  return withPair({ variant, row, profile }, async ({ server, load }) => {
    await load.ask({ do: 'open', count: subscribers, channels })
    const run = async (count) => {
      const perLink = perSubscriber(settings, count)
      await load.ask({ do: 'expect', ticks: count, unit, step: channels })
      return Promise.all([
        server.ask({ do: 'publishMany', count, window, perTick, channels }),
        load.ask({ do: 'finished', perLink }),
      ])
    }
    await run(warmUp)
    const [served, counted] = await run(ticks)
    const deliveries = ticks * unit
    return {
      value: served.cpuUs / deliveries,
      notes: {
        serverBusy: served.busy,
        loadBusy: counted.busy,
        perSecond: deliveries / (served.elapsedMs / 1000),
        loadUs: counted.cpuUs / deliveries,
      },
      warnings: warningsOf(counted),
    }
  })
}
