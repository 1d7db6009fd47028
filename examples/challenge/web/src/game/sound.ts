const storageKey = 'challenges:sound'
const listeners = new Set<() => void>()
let isOn = read()
let context: AudioContext | undefined

/** The chime for what needs a person's attention. */
export const sound = {
  get isOn(): boolean {
    return isOn
  },
  subscribe(listener: () => void): () => void {
    listeners.add(listener)
    return () => listeners.delete(listener)
  },
  set(next: boolean): void {
    isOn = next
    try {
      localStorage.setItem(storageKey, String(next))
    } catch {
      // Without storage it is asked for again after a reload.
    }
    for (const listener of [...listeners]) listener()
    if (next) chime()
  },
  /** Two notes, where the person wants them and the browser lets a page be heard. */
  play(): void {
    // Browsers keep a page silent, and say so in the console, until somebody has touched it.
    if (isOn && navigator.userActivation?.hasBeenActive !== false) chime()
  },
}

function chime(): void {
  context ??= new AudioContext()
  void context.resume().catch(() => {})
  for (const [at, pitch] of [
    [0, 660],
    [0.14, 880],
  ] as const) {
    const start = context.currentTime + at
    const tone = new OscillatorNode(context, { type: 'sine', frequency: pitch })
    const volume = new GainNode(context, { gain: 0 })
    volume.gain.setValueAtTime(0, start)
    volume.gain.linearRampToValueAtTime(0.12, start + 0.02)
    volume.gain.exponentialRampToValueAtTime(0.0001, start + 0.35)
    tone.connect(volume).connect(context.destination)
    tone.start(start)
    tone.stop(start + 0.4)
  }
}

function read(): boolean {
  try {
    return localStorage.getItem(storageKey) !== 'false'
  } catch {
    return true
  }
}
