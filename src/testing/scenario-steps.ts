import type { Random } from '../shared/random.ts'
import type { Registry } from './scenario-app.ts'
import type { People } from './scenario-people.ts'
import type { World } from './world.ts'

/** What a step works on; `random` is the step's own. */
export interface Stage {
  readonly world: World<Registry>
  readonly people: People
  readonly feeds: readonly string[]
  readonly random: Random
}

type Run = (stage: Stage) => unknown

/** One kind of thing that happens. Without `run`, or where `run` returns `false`, it did not. */
interface Kind {
  readonly weight: number
  readonly run: Run
}

const pick = <T>(items: readonly T[], random: Random): T | undefined =>
  items[Math.floor(random() * items.length)]

const between = (least: number, most: number, random: Random) => least + Math.floor(random() * (most - least))

const runningPage = ({ world, random }: Stage) =>
  pick(
    world.pages.filter(({ process }) => process.isRunning),
    random,
  )

const runningNode = ({ world, random }: Stage) =>
  pick(
    world.nodes.filter(({ isRunning }) => isRunning),
    random,
  )

/** Does something with a page that runs, and a feed. */
const onPage =
  (run: (stage: Stage, page: NonNullable<ReturnType<typeof runningPage>>, feed: string) => unknown): Run =>
  (stage) => {
    const page = runningPage(stage)
    return page ? run(stage, page, pick(stage.feeds, stage.random)!) : false
  }

const onNode =
  (run: (stage: Stage, node: NonNullable<ReturnType<typeof runningNode>>) => unknown): Run =>
  (stage) => {
    const node = runningNode(stage)
    return node ? run(stage, node) : false
  }

const onLink =
  (run: (link: World<Registry>['links'][number], stage: Stage) => unknown): Run =>
  (stage) => {
    const link = pick(stage.world.links, stage.random)
    return link ? run(link, stage) : false
  }

/** Does what ends a fault some time later. */
const later = ({ world, random }: Stage, [least, most]: readonly [number, number], run: () => void) =>
  void world.clock.after(between(least, most, random), run)

/** What happens also where nothing fails. */
export const ordinary: Readonly<Record<string, Kind>> = {
  publish: {
    weight: 60,
    run: onNode(({ people, feeds, random }, { hub }) => {
      const feed = hub.channel('feed', { name: pick(feeds, random)! })
      // A server that cannot publish tries again, or not: it is told.
      feed.publish('tick', { id: people.nextId() }).catch(() => {})
    }),
  },
  send: { weight: 60, run: onPage(({ people, random }, page, feed) => people.publish(page, feed, random)) },
  ask: { weight: 20, run: onPage(({ people, random }, page, feed) => people.ask(page, feed, random)) },
  wave: {
    weight: 8,
    run: onPage(({ people }, { client }, feed) => {
      client.channel('feed', { name: feed }).tell('wave', { id: people.nextId() })
    }),
  },
  listen: { weight: 16, run: onPage(({ people, random }, page, feed) => people.listen(page, feed, random)) },
  leave: { weight: 5, run: ({ people, random }) => people.leave(random) },
  pause: { weight: 8, run: ({ world, random }) => world.advance(between(1_000, 20_000, random)) },
}

const faultsOfLinks: Readonly<Record<string, Kind>> = {
  cut: { weight: 5, run: onLink((link) => link.cut()) },
  'closed by a proxy': {
    weight: 2,
    run: onLink((link, { random }) => link.cut(pick([1000, 1001, 1011, 1012], random))),
  },
  'black hole': { weight: 2, run: onLink((link) => link.blackHole()) },
  'half-open': {
    weight: 2,
    run: onLink((link, { random }) => link.halfOpen(random() < 0.5 ? 'toHub' : 'toClient')),
  },
  'left behind': {
    weight: 3,
    run: onLink((link, { random }) => link.leaveBehind(between(0, 8_000, random))),
  },
  slow: {
    weight: 2,
    run: onLink((link, { random }) =>
      link.slow(random() < 0.5 ? 'toHub' : 'toClient', between(100, 5_000, random)),
    ),
  },
  // The request arrives, and its answer does not.
  'replies lost': {
    weight: 4,
    run: onLink((link, stage) => {
      link.halfOpen('toClient')
      later(stage, [100, 2_000], () => link.cut())
    }),
  },
  twice: {
    weight: 3,
    run: onLink((link, { random }) => link.duplicate(random() < 0.2 ? 'toHub' : 'toClient')),
  },
}

const faultsOfBrokers: Readonly<Record<string, Kind>> = {
  'broker fails': {
    weight: 3,
    run: (stage) => {
      stage.world.broker.failureRate = 0.3
      later(stage, [500, 10_000], () => {
        stage.world.broker.failureRate = 0
      })
    },
  },
  'broker stalls': {
    weight: 2,
    run: ({ world, random }) => world.broker.stall(between(500, 20_000, random)),
  },
  'broker trims': { weight: 2, run: ({ world, random }) => world.broker.trim(between(0, 4, random)) },
  'broker forgets': { weight: 1, run: ({ world }) => world.broker.forget() },
  'broker rolls back': {
    weight: 2,
    run: ({ world, random }) => world.broker.rollBack(between(1, 8, random)),
  },
  'live entry lost': {
    weight: 3,
    run: ({ world, random }) => world.broker.loseLive(between(1, 3, random)),
  },
}

const faultsOfNodes: Readonly<Record<string, Kind>> = {
  'node crashes': {
    weight: 2,
    run: onNode((stage, node) => {
      node.crash({ isSilent: stage.random() < 0.3 })
      later(stage, [500, 15_000], () => {
        if (node.process.hasEnded) node.restart()
      })
    }),
  },
  'node restarts': { weight: 2, run: onNode((_, node) => node.restart()) },
  'node freezes': {
    weight: 2,
    run: onNode((stage, node) => {
      node.freeze()
      later(stage, [5_000, 40_000], () => node.thaw())
    }),
  },
  'node drains': {
    weight: 1,
    run: onNode((stage, node) => {
      void node.hub.drain({ overMs: between(0, 5_000, stage.random) })
      later(stage, [6_000, 12_000], () => node.restart())
    }),
  },
  "node's clock jumps": {
    weight: 1,
    run: onNode(({ random }, node) => node.jumpClock(between(-60_000, 60_000, random))),
  },
}

const faultsOfPages: Readonly<Record<string, Kind>> = {
  'page freezes': {
    weight: 2,
    run: onPage((stage, page) => {
      const isTold = stage.random() < 0.5
      page.freeze({ isTold })
      later(stage, [1_000, 40_000], () => page.process.isFrozen && page.thaw({ isTold }))
    }),
  },
  'page sleeps': {
    weight: 1,
    run: onPage((stage, page) => {
      page.sleep()
      later(stage, [5_000, 60_000], () => page.process.isFrozen && page.thaw())
    }),
  },
  'page reloads': { weight: 1, run: onPage((_, page) => void page.reload()) },
  'page is killed': { weight: 1, run: onPage((_, page) => void page.reload({ isSudden: true })) },
  "page's clock jumps": {
    weight: 1,
    run: onPage(({ random }, page) => page.jumpClock(between(-60_000, 60_000, random))),
  },
  'network is gone': {
    weight: 2,
    run: onPage((stage, page) => {
      page.setNetwork(false)
      later(stage, [500, 30_000], () => page.isOpen && page.setNetwork(true))
    }),
  },
}

/** What fails. */
export const faults: Readonly<Record<string, Kind>> = {
  ...faultsOfLinks,
  ...faultsOfBrokers,
  ...faultsOfNodes,
  ...faultsOfPages,
}
