import type { ClientDiagnostic, ClientStats, DiagnosticType, Note } from './diagnostics.ts'

/** Counts what happens in a client, and hands it on. */
export class Stats {
  readonly #tell: (diagnostic: ClientDiagnostic) => void
  readonly #counts: Partial<Record<DiagnosticType, number>> = {}
  #roundTripMs: number | undefined

  constructor(tell: (diagnostic: ClientDiagnostic) => void) {
    this.#tell = tell
  }

  readonly note: Note = (type, fields) => {
    this.#counts[type] = (this.#counts[type] ?? 0) + 1
    const diagnostic = { type, ...fields } as ClientDiagnostic
    if (diagnostic.type === 'roundTrip') this.#roundTripMs = diagnostic.ms
    this.#tell(diagnostic)
  }

  read(pending: ClientStats['pending']): ClientStats {
    return { roundTripMs: this.#roundTripMs, pending, counts: { ...this.#counts } }
  }
}
