/** What stands in a list by age: everything in O(1). Written by the list alone. */
export interface Aged<Item> {
  /** When it was last used, in milliseconds since 1970. */
  at: number
  /** An estimate of what it occupies. */
  bytes: number
  older: Item | undefined
  newer: Item | undefined
}

/** Items from the least to the most recently used, with the sum of their sizes. */
export class AgeList<Item extends Aged<Item>> {
  bytes = 0
  oldest: Item | undefined
  #newest: Item | undefined

  /** Adds an item that stands in no list, as the newest. */
  add(item: Item): void {
    this.bytes += item.bytes
    item.older = this.#newest
    item.newer = undefined
    if (this.#newest) this.#newest.newer = item
    else this.oldest = item
    this.#newest = item
  }

  /** Removes an item of this list. */
  remove(item: Item): void {
    this.bytes -= item.bytes
    if (item.older) item.older.newer = item.newer
    else this.oldest = item.newer
    if (item.newer) item.newer.older = item.older
    else this.#newest = item.older
    item.older = item.newer = undefined
  }
}
