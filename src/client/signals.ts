import type { Undo } from '../shared/disposer.ts'

/** Tells its listener whenever something turns on or off, until the undo is called. */
export type Signal = (tell: (isOn: boolean) => void) => Undo

/** What a client must hear of the machine that it runs on. */
export interface Signals {
  /** Whether there is a network. On: connects at once, or looks whether its link still lives. Off: looks, too. */
  readonly online?: Signal
  /** Whether the app is seen. On: as for the network. */
  readonly visible?: Signal
  /** Whether the app sleeps and its timers do not run. On: lets go of the connection. Off: connects at once. */
  readonly frozen?: Signal
}

/** A signal out of DOM events: each says what it means, or nothing. */
const fromEvents =
  (events: Readonly<Record<string, (event: Event) => boolean | undefined>>): Signal =>
  (tell) => {
    // A runtime without a page has no such methods.
    const page: Partial<EventTarget> = globalThis
    const hear = (event: Event) => {
      const isOn = events[event.type]!(event)
      if (isOn !== undefined) tell(isOn)
    }
    // Captured: some are of the document, and not all of those bubble.
    for (const type in events) page.addEventListener?.(type, hear, true)
    return () => {
      for (const type in events) page.removeEventListener?.(type, hear, true)
    }
  }

const yes = () => true
const no = () => false
const isKept = (event: Event) => (event as PageTransitionEvent).persisted

/** Those of a browser; a runtime without a page has none of these events. */
export const browserSignals: Required<Signals> = {
  online: fromEvents({ online: yes, offline: no }),
  visible: fromEvents({ visibilitychange: () => !document.hidden }),
  frozen: fromEvents({
    freeze: yes,
    resume: no,
    // A page that is kept for the way back sleeps, too; not all browsers say freeze then.
    pagehide: (event) => isKept(event) || undefined,
    pageshow: (event) => (isKept(event) ? false : undefined),
  }),
}

/** What the signals lead to. */
export interface SignalReaction {
  /** The network may be back, the app is seen again, or has woken. */
  wake(): void
  /** The network may be gone. */
  doubt(): void
  /** The app goes to sleep. */
  freeze(): void
}

/** Follows the signals until the undo is called. */
export function watchSignals({ online, visible, frozen }: Signals, react: SignalReaction): Undo {
  const { wake, doubt, freeze } = react
  const undos = [
    online?.((isOn) => (isOn ? wake() : doubt())),
    visible?.((isOn) => isOn && wake()),
    frozen?.((isOn) => (isOn ? freeze() : wake())),
  ]
  return () => {
    for (const undo of undos) undo?.()
  }
}
