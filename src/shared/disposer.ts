/** Takes back one side effect. Calling it twice is harmless. */
export type Undo = () => void

/** Collects the undo of every side effect; `dispose` runs them last-first, each once, also after one that throws; what it threw is thrown in the end. */
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
    const undo = this.#undos.pop()
    if (!undo) return
    try {
      undo()
    } finally {
      this.dispose()
    }
  }
}
