/** A place in a channel's log. An empty log is at offset 0 with an empty tag. */
export interface Position {
  /** Names one incarnation of the log; a new one shares nothing with the old. */
  readonly epoch: string
  /** Counts entries from 1. */
  readonly offset: number
  /** The entry's own random mark: tells two entries apart that got the same offset after a rollback. */
  readonly tag: string
}
