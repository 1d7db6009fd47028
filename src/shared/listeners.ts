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
  readonly #waiting: [event: string, a: unknown][] = []
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

  /** As `emit`, but what is told from within a listener waits until all have heard what came before it. */
  emitInOrder(event: string, a?: unknown): void {
    this.#waiting.push([event, a])
    if (this.#waiting.length > 1) return
    for (let next = this.#waiting[0]; next; next = this.#waiting[0]) {
      this.emit(...next)
      this.#waiting.shift()
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
