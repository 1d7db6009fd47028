/** One message for many sessions. A transport keeps its own encoding of it here, so that it is made once for all of them. */
export interface SharedMessage {
  readonly text: string
  encoded?: Uint8Array
}
