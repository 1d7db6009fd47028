/** Takes back one side effect. Calling it twice is harmless. */
export type Undo = () => void

/** Collects the undo of every side effect; `dispose` runs them last-first, each once, and then throws what the first to fail threw. */
export class Disposer {
  #undos: Undo[] = []
  #disposed = false

  get disposed(): boolean {
    return this.#disposed
  }

  /** Runs `undo` at disposal, or at once when that is past. */
  own(undo: Undo): void {
    if (this.#disposed) undo()
    else this.#undos.push(undo)
  }

  dispose(): void {
    this.#disposed = true
    const failures: unknown[] = []
    for (let undo = this.#undos.pop(); undo; undo = this.#undos.pop()) {
      try {
        undo()
      } catch (failure) {
        failures.push(failure)
      }
    }
    if (failures.length > 0) throw failures[0]
  }
}
