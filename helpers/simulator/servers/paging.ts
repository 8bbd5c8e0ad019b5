/** One page of a listing, and the token of the next. */
export interface Slice<T> {
  readonly items: readonly T[]
  readonly next_page_token: string | null
}

export interface Disorder {
  /** The first record of a page is repeated as the last of the page before it. */
  readonly duplicates: boolean
  /** Neighbouring pages change places. */
  readonly shuffled_pages: boolean
}

/**
 * Cuts a listing into pages. A token is base64 of the key of the last record, as the broker's tokens are; it
 * is valid with the same listing and limit alone.
 *
 * @throws RangeError for a token that was never given.
 */
export function slice<T>(
  all: readonly T[],
  keyOf: (item: T) => string,
  limit: number,
  token: string | null,
  disorder: Disorder,
): Slice<T> {
  const pages = Math.ceil(all.length / limit)
  const page = token === null || token === '' ? 0 : pageOf(all, keyOf, limit, token, pages, disorder)
  const items = chunk(all, limit, page, pages, disorder)
  const last = items.at(-1)
  const is_last = page + 1 >= pages || last === undefined
  const next_page_token = is_last ? null : tokenOf(keyOf(last))
  const again = chunk(all, limit, page + 1, pages, disorder)[0]
  return {
    items: disorder.duplicates && !is_last && again !== undefined ? [...items, again] : items,
    next_page_token,
  }
}

const tokenOf = (key: string): string => Buffer.from(key).toString('base64')

function chunk<T>(
  all: readonly T[],
  limit: number,
  page: number,
  pages: number,
  disorder: Disorder,
): readonly T[] {
  // A last page without a neighbour keeps its place.
  const partner = page % 2 === 0 ? page + 1 : page - 1
  const at = disorder.shuffled_pages && partner < pages ? partner : page
  return all.slice(at * limit, (at + 1) * limit)
}

function pageOf<T>(
  all: readonly T[],
  keyOf: (item: T) => string,
  limit: number,
  token: string,
  pages: number,
  disorder: Disorder,
): number {
  for (let page = 0; page < pages; page++) {
    const last = chunk(all, limit, page, pages, disorder).at(-1)
    if (last !== undefined && tokenOf(keyOf(last)) === token) return page + 1
  }
  throw new RangeError('invalid page token')
}
