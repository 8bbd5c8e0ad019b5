import { readAny } from '../../adapter/notation.ts'
import type { AdoptedMapping } from './shapes.ts'

/** The name of a file without its folder and its endings. */
export const stemOfPath = (name: string): string =>
  (name.split('/').at(-1) ?? '').replace(/(\.(csv|txt|tsv))?(\.(gz|zstd?|parquet|pq))?$/i, '')

/** What vendors write before and after the ticker in the names of their files. */
const BEFORE = [/^(time_series_)?daily_(adjusted_)?/i, /^(WIKI|EOD)[-_]/]
const AFTER = [/_us_d$/i, /\.us$/i, /_full_1day(_\w+)?$/i, /_1day(_\w+)?$/i, /_daily$/i, / Historical Data$/]

const isTicker = (text: string): boolean => (readAny(text)?.root.length ?? 9) <= 6

/**
 * How the names of files become tickers: `daily_adjusted_KO.csv` and `ko_us_d.csv` are files of KO. What all
 * names have in common before or after the ticker is taken off only where no name is a ticker as it is:
 * BF-B and BRK-B keep theirs.
 *
 * @returns what the mapping needs, and the stems that are not tickers even then.
 */
export function tickersInNames(names: readonly string[]): {
  readonly mapping: AdoptedMapping
  readonly faults: readonly string[]
} {
  const stems = [...new Set(names.map(stemOfPath))]
  const isLower = stems.every((stem) => stem === stem.toLowerCase() && /[a-z]/.test(stem))
  const before = common(stems, BEFORE, prefixOf)
  const after = common(stems, AFTER, suffixOf)
  const inCase = (text: string): string => (isLower ? text.toUpperCase() : text)
  const symbol_transform = {
    ...(isLower ? { upper_case: true } : {}),
    ...(after === '' ? {} : { strip_suffix: inCase(after) }),
    ...(before === '' ? {} : { replace: { [inCase(before)]: '' } }),
  }
  const faults = stems.filter((stem) => !isTicker(stem.slice(before.length, stem.length - after.length)))
  return { mapping: Object.keys(symbol_transform).length === 0 ? {} : { symbol_transform }, faults }
}

/** What is to be taken off of every stem on one side; nothing where some of them are tickers as they are. */
function common(
  stems: readonly string[],
  patterns: readonly RegExp[],
  shared: (stems: readonly string[]) => string,
): string {
  const known = new Set(
    stems.map((stem) => patterns.map((each) => each.exec(stem)?.[0]).find((found) => found)),
  )
  const [one] = known
  if (known.size === 1 && one !== undefined) return one
  return stems.length > 1 && !stems.some(isTicker) ? shared(stems) : ''
}

/** The longest beginning that all have in common and that ends in a sign. */
function prefixOf(stems: readonly string[]): string {
  const [first = ''] = stems
  for (let length = first.length - 1; length > 0; length--) {
    const start = first.slice(0, length)
    if (/[_\-. ]$/.test(start) && stems.every((stem) => stem.startsWith(start) && stem.length > length))
      return start
  }
  return ''
}

/** The longest end that all have in common and that begins with a sign. */
function suffixOf(stems: readonly string[]): string {
  const [first = ''] = stems
  for (let length = first.length - 1; length > 0; length--) {
    const end = first.slice(-length)
    if (/^[_\-. ]/.test(end) && stems.every((stem) => stem.endsWith(end) && stem.length > length)) return end
  }
  return ''
}
