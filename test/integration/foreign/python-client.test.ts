import { fileURLToPath } from 'node:url'
import { memory } from 'syncline/server'
import { manualClock } from 'syncline/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { registry } from '../../support/challenge-registry.ts'
import { type HubServerOptions, startHub, startHubFor } from '../../support/hub-server.ts'
import { startPython } from '../../support/python.ts'

/** One line of the program; a step that ends in `?` waits until the test has done what it asks for. */
type Step = { readonly step: string; readonly [field: string]: unknown }

type Answers = Readonly<Record<string, (step: Step) => unknown>>

const program = fileURLToPath(new URL('python-client.py', import.meta.url))

/** Runs a scenario of `python-client.py` to its end, and gives what it told, without what it asked for. */
async function play(scenario: string, url: string, answers: Answers = {}): Promise<Step[]> {
  const { lines, exited, complaints, stop } = startPython(program, scenario, url)
  onTestFinished(async () => {
    await stop()
  })
  const steps: Step[] = []
  for await (const line of lines) {
    const step = JSON.parse(line) as Step
    if (!step.step.endsWith('?')) steps.push(step)
    else if (answers[step.step]) await answers[step.step]!(step)
    else throw new Error(`nobody answers "${step.step}"`)
  }
  if ((await exited) !== 0) throw new Error(`"${scenario}" broke off: ${complaints()}`)
  expect(complaints()).toBe('')
  return steps
}

const of = (steps: readonly Step[], name: string) =>
  steps.filter(({ step }) => step === name).map(({ step, ...fields }) => fields)

/** A hub that publishes a numbered line whenever the program asks for it. */
async function startTalker(options: HubServerOptions = {}) {
  const served = await startHub(options)
  let count = 0
  const talk = () => served.hub.channel('lobby').publish('said', { text: `line ${++count}` })
  return { ...served, talk, answers: { 'publish?': talk } }
}

describe('a client in Python, written from the protocol document alone', () => {
  it('is welcomed, derives its public id, hears events, pings, and hears no more after unsub', async () => {
    const { hub, url } = await startHub()
    const lobby = hub.channel('lobby')
    const earliest = Date.now()
    const steps = await play('listen', url, {
      'publish?': async ({ sender }) => {
        await lobby.publish('said', { text: 'mine' }, { from: String(sender) })
        await lobby.publish('said', { text: 'schön 💡' })
      },
      'publish to both?': async ({ channel }) => {
        const game = hub.channel('game', { code: 'ü/💡 %' })
        expect(channel, 'the name is escaped alike').toBe(game.name)
        await lobby.publish('said', { text: 'unheard' })
        await game.publish('moved', { step: 1 })
      },
    })
    const [welcome] = of(steps, 'welcome') as [{ options: Record<string, unknown>; derived: string }]
    expect(welcome.options).toEqual({
      client: welcome.derived,
      resumed: false,
      pingMs: hub.settings.pingMs,
      pongMs: hub.settings.pongMs,
      maxBytes: hub.settings.maxMessageBytes,
      time: expect.any(Number),
      registry: [registry.version, registry.hash],
    })
    const epoch = expect.any(String)
    expect(of(steps, 'subscribed')).toEqual([{ options: { position: [epoch, 0, ''], recovered: null } }])
    const time = expect.toSatisfy((at: number) => at >= earliest && at <= Date.now())
    const said = { name: 'said', time }
    expect(of(steps, 'event')).toEqual([
      { ...said, offset: 1, sender: welcome.derived, data: { text: 'mine' } },
      { ...said, offset: 2, sender: null, data: { text: 'schön 💡' } },
      { name: 'moved', data: { step: 1 } },
    ])
    expect(of(steps, 'position')).toEqual([{ position: [epoch, 2, expect.any(String)] }])
    expect(of(steps, 'pong')).toEqual([{ frame: ['pong', 41, time] }, { frame: ['pong'] }])
    expect(of(steps, 'unsubscribed')).toEqual([{ ref: 1_000, is_its_number: true }])
    expect(of(steps, 'closed')).toEqual([{ code: 1000 }])
  })

  it('finds by the tags that it has lost an entry, and tells of the gap before it goes on', async () => {
    const { url, answers } = await startTalker({ broadcaster: memory({ maxEntries: 1 }) })
    const steps = await play('hole', url, answers)
    expect(steps).toEqual([
      { step: 'hole', offset: 3, at: 1 },
      { step: 'gap', reason: 'retention', offset: 3 },
      { step: 'event', offset: 4, follows: true },
    ])
  })

  it('recovers its position on a new connection, and learns why where it cannot', async () => {
    const { url, answers } = await startTalker()
    const steps = await play('recover', url, answers)
    expect(of(steps, 'welcome')).toEqual([{ same: true }])
    const [first, ...others] = of(steps, 'subscribed')
    expect(first).toEqual({ options: { position: first!['held'], recovered: true }, held: first!['held'] })
    expect(of(steps, 'event')).toEqual([{ offset: 2 }])
    const position = expect.any(Array)
    expect(others).toEqual([
      { options: { position, recovered: false, reason: 'epoch' }, is_top: true },
      { options: { position, recovered: false, reason: 'rollback' }, is_top: true },
      { options: { position, recovered: false, reason: 'rollback' }, is_top: true },
    ])
    expect(of(steps, 'replayed')).toEqual([{ recovered: true, offset: 2, follows: true }])
  })

  it('is refused with the codes of the document, and its connection lives on', async () => {
    const { url, errors } = await startHub()
    const steps = await play('refused', url)
    const err = { kind: 'err', ref_fits: true, line: expect.stringMatching(/^[^\n]+$/) }
    expect(of(steps, 'answer')).toEqual([
      { ...err, code: 'forbidden' },
      { ...err, code: 'unknown_channel' },
      { ...err, code: 'unknown_channel' },
      { frame: ['err', null, 'unknown_frame'] },
      { frame: ['nak', 'lobby', 1, 'unknown_event'] },
    ])
    expect(of(steps, 'batch')).toEqual([{ echoes: [1, 2] }])
    expect(errors.filter(({ code }) => code !== 'unknown_frame')).toEqual([])
  })

  it('is refused before the upgrade without the subprotocol, and from a foreign page', async () => {
    const { url, hub } = await startHub()
    expect(of(await play('upgrade', url), 'upgrade')).toEqual([
      { status: 400 },
      { status: 400 },
      { status: 403 },
    ])
    expect(hub.connections).toBe(0)
  })

  it('is sent away with the close codes of the document, whose reason begins with the error code', async () => {
    const { url, hub } = await startHub()
    const bad = { code: 4501, reason: expect.stringMatching(/^bad_frame: \S/) }
    const cases = ['no JSON', 'no array', 'empty', 'wrong shape', 'second hello', 'binary', 'deep', 'proto']
    expect(of(await play('closes', url), 'closed')).toEqual([
      ...cases.map((name) => ({ case: name, ...bad })),
      // The WebSocket library refuses it while it is on its way, and gives no reason.
      { case: 'large', code: 1009, reason: '' },
      { case: 'early', ...bad },
      { case: 'guessable', ...bad },
    ])
    expect(hub.connections).toBe(0)
  })

  it('comes in, or not, as its token, its session and its version deserve', async () => {
    const authenticate = ({ token }: { token: string | undefined }) => (token ? { id: token } : null)
    const { url } = await startHubFor({ ...registry, version: 2, minVersion: 2 }, { authenticate })
    const steps = await play('admission', url)
    expect(of(steps, 'welcome')).toEqual([{ resumed: true }])
    expect(of(steps, 'closed')).toEqual([
      { case: 'older connection', code: 4506, reason: expect.stringMatching(/^replaced: \S/) },
      { case: 'no token', code: 4500, reason: expect.stringMatching(/^unauthorized: \S/) },
      { case: 'old registry', code: 4502, reason: expect.stringMatching(/^upgrade_required: \S/) },
      { case: 'session of another', code: 4503, reason: expect.stringMatching(/^forbidden: \S/) },
    ])
  })

  it('stays when it answers pings, and is sent away when it does not, or says no hello', async () => {
    const clock = manualClock()
    const { url, hub } = await startHub({ clock })
    const { pingMs, pongMs } = hub.settings
    const steps = await play('silent', url, {
      'advance?': ({ pinged }) => clock.advance(pinged ? pongMs : pingMs),
    })
    expect(of(steps, 'closed')).toEqual([
      { case: 'silent', code: 4001, reason: expect.stringMatching(/^ping_timeout: \S/) },
      { case: 'no hello', code: 4006, reason: expect.stringMatching(/^handshake_timeout: \S/) },
    ])
    expect(of(steps, 'pong')).toEqual([{ frame: ['pong', 6, expect.any(Number)] }])
  })

  it('fails the test where it breaks off, and says why', async () => {
    const { url } = await startHub()
    await expect(play('no such scenario', url)).rejects.toThrow(/KeyError/)
  })
})
