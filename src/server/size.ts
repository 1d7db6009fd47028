/** Whether a text has more bytes on the wire than that. A UTF-16 unit has three at most: what is short need not be counted. */
export function isLarger(text: string, maxBytes: number): boolean {
  return text.length > maxBytes / 3 && Buffer.byteLength(text) > maxBytes
}
