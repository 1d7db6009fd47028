/**
 * Where a client keeps its records: small texts by key. Every method may reject; the client goes on without it then.
 * What one call writes must be seen by every later `read`, of other tabs too.
 */
export interface PersistStorage {
  /** All records whose keys begin with `prefix`. */
  read(prefix: string): Promise<ReadonlyMap<string, string>>
  /** Puts texts, and removes what is `undefined`; all of it or nothing, where the storage can. */
  write(changes: ReadonlyMap<string, string | undefined>): Promise<void>
  /** Lets go of what it holds open. A later call may open it again. */
  close?(): void
}

const store = 'records'

/**
 * Keeps records in the database `name` of IndexedDB, each batch in one transaction. What was written survives a crash of the page at once, and
 * a loss of power only after the system has flushed it.
 */
export function indexedDbStorage(name = 'syncline'): PersistStorage {
  let opening: Promise<IDBDatabase> | undefined
  const open = () => {
    opening ??= new Promise((resolve, reject) => {
      const request = indexedDB.open(name, 1)
      request.onupgradeneeded = () => request.result.createObjectStore(store)
      request.onerror = () => reject(request.error)
      request.onsuccess = () => {
        const database = request.result
        // Whoever deletes or upgrades it must not wait for this page.
        database.onversionchange = () => database.close()
        resolve(database)
      }
    })
    return opening
  }
  const run = async <T>(mode: IDBTransactionMode, work: (records: IDBObjectStore) => () => T): Promise<T> => {
    const database = await open()
    return new Promise((resolve, reject) => {
      const transaction = database.transaction(store, mode, { durability: 'relaxed' })
      const result = work(transaction.objectStore(store))
      transaction.oncomplete = () => resolve(result())
      transaction.onabort = () => reject(transaction.error)
    })
  }
  return {
    read: (prefix) =>
      run('readonly', (records) => {
        const range = IDBKeyRange.bound(prefix, `${prefix}\uffff`)
        const keys = records.getAllKeys(range)
        const texts = records.getAll(range)
        return () => new Map(keys.result.map((key, i) => [key as string, texts.result[i]]))
      }),
    write: (changes) =>
      run('readwrite', (records) => {
        for (const [key, text] of changes) {
          if (text === undefined) records.delete(key)
          else records.put(text, key)
        }
        return () => {}
      }),
    close() {
      // A transaction that is under way is finished first.
      opening?.then((database) => database.close()).catch(() => {})
      opening = undefined
    },
  }
}

/** Keeps records in `localStorage`, or in what has its methods. Each write blocks the page for as long as it takes, and half of a batch may be lost. */
export function localStorageStorage(
  area: Pick<Storage, 'length' | 'key' | 'getItem' | 'setItem' | 'removeItem'> = localStorage,
): PersistStorage {
  return {
    async read(prefix) {
      const found = new Map<string, string>()
      for (let i = 0; i < area.length; i++) {
        const key = area.key(i)!
        if (key.startsWith(prefix)) found.set(key, area.getItem(key) ?? '')
      }
      return found
    },
    async write(changes) {
      for (const [key, text] of changes) {
        if (text === undefined) area.removeItem(key)
        else area.setItem(key, text)
      }
    },
  }
}
