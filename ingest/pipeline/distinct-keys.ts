/** Keys of one work item that are held at most: more, and the item is searched for duplicates in SQL. */
const KEYS_MAX = 200_000

/**
 * Tells, while rows stream by, which work items have each key once. Only the others, the suspects, are
 * searched for duplicates in SQL. An item whose keys ascend has no key twice, in whatever order the items
 * come; of an item whose rows come together, the keys are compared in memory. Every other item is a suspect.
 */
export class DistinctKeys {
  /** Positions of the items that may have a key twice. */
  readonly suspects = new Set<number>()
  /** The greatest key of each item so far. */
  readonly #greatest = new Map<number, string>()
  #item_no = -1
  /** The keys of the item whose rows are coming; undefined when they did not all come together. */
  #keys: string[] | undefined = []
  #distinct: Set<string> | undefined

  /** Takes the key of the next row: equal texts are equal keys, and no others are. */
  take(item_no: number, key: string): void {
    if (item_no !== this.#item_no) this.#begin(item_no)
    const greatest = this.#greatest.get(item_no)
    const isAscending = greatest === undefined || greatest < key
    if (isAscending) this.#greatest.set(item_no, key)
    else if (!this.#isNew(key)) this.suspects.add(item_no)
    this.#hold(key)
  }

  #begin(item_no: number): void {
    this.#item_no = item_no
    this.#keys = this.#greatest.has(item_no) ? undefined : []
    this.#distinct = undefined
  }

  #isNew(key: string): boolean {
    if (this.#keys === undefined) return false
    this.#distinct ??= new Set(this.#keys)
    return !this.#distinct.has(key)
  }

  #hold(key: string): void {
    if (this.#keys === undefined) return
    this.#keys.push(key)
    this.#distinct?.add(key)
    if (this.#keys.length <= KEYS_MAX) return
    this.#keys = undefined
    this.#distinct = undefined
  }
}
