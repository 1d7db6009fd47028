import type { Listeners } from '../shared/listeners.ts'
import type { ClientStats, DiagnosticType, Note } from './diagnostics.ts'

/** Counts what happens in a client, and hands it on. */
export class Stats {
  readonly #listeners: Listeners
  readonly #counts: Partial<Record<DiagnosticType, number>> = {}
  #roundTripMs: number | undefined

  constructor(listeners: Listeners) {
    this.#listeners = listeners
  }

  readonly note: Note = (type, fields) => {
    this.#counts[type] = (this.#counts[type] ?? 0) + 1
    if ('ms' in fields && type === 'roundTrip') this.#roundTripMs = fields.ms
    // Most clients have no such listener, and each event is noted.
    if (this.#listeners.has('diagnostic')) this.#listeners.emitInOrder('diagnostic', { type, ...fields })
  }

  read(pending: ClientStats['pending']): ClientStats {
    return { roundTripMs: this.#roundTripMs, pending, counts: { ...this.#counts } }
  }
}
