import { EventEmitter } from 'eventemitter3'
import type { Undo } from './disposer.ts'
import { guard } from './guard.ts'

type Listener = (...args: never[]) => unknown

/**
 * Listeners by event name. Each registration is wrapped, so that one that throws starves nobody, two equal
 * ones are told apart, and one that was taken back in the middle of a dispatch hears nothing more.
 */
export class Listeners {
  readonly #emitter = new EventEmitter()
  readonly #onThrow: (error: unknown, event: string) => void

  constructor(onThrow: (error: unknown, event: string) => void) {
    this.#onThrow = onThrow
  }

  /** Adds a listener. With `first`, it hears this at once, before anything else. */
  on(event: string, listener: Listener, first?: unknown): Undo {
    let active = true
    const guarded = guard<unknown, unknown>(listener as (a: unknown, b: unknown) => unknown, (error) => {
      this.#onThrow(error, event)
    })
    const wrapped = (a: unknown, b: unknown) => {
      if (active) guarded(a, b)
    }
    this.#emitter.on(event, wrapped)
    if (first) wrapped(first, undefined)
    return () => {
      active = false
      this.#emitter.off(event, wrapped)
    }
  }

  has(event: string): boolean {
    return this.#emitter.listenerCount(event) > 0
  }

  emit(event: string, a?: unknown, b?: unknown): void {
    this.#emitter.emit(event, a, b)
  }

  clear(): void {
    this.#emitter.removeAllListeners()
  }
}
