import { symbolKey } from '../../adapter/notation.ts'
import type { Subject } from '../../contract/provider.ts'

/** The securities that are asked for, by the tickers that a delivery writes. */
export interface Tickers {
  /**
   * The ticker as the universe writes it, where a delivery differs from it in notation alone (`BF-B`, `bf.b`,
   * `BF_B`). Unchanged where it is known, where nothing fits, and where more than one fits.
   */
  spelled(ticker: string): string
  /**
   * The source_id of the security that held a ticker last; null when several did, undefined when none did.
   */
  lastHolder(ticker: string): string | null | undefined
  /** The item of a record, by its source_id or by who held its ticker on the day. */
  itemOf(record: Readonly<Record<string, string | null>>, day: string): string | undefined
}

const keyOf = (ticker: string): string => symbolKey(ticker.replaceAll('_', '.'))

export function tickersOf(subjects: readonly Subject[]): Tickers {
  const last = Map.groupBy(subjects, ({ ticker }) => ticker)
  const bySource = new Map(subjects.map((subject) => [subject.source_id, subject]))
  const intervals = subjects.flatMap((subject) => subject.tickers.map((interval) => ({ subject, interval })))
  const byTicker = Map.groupBy(intervals, ({ interval }) => interval.ticker)
  const known = new Set([...byTicker.keys(), ...last.keys()].filter((ticker) => ticker !== undefined))
  const byKey = Map.groupBy(known, keyOf)
  const spellings = new Map<string, string>()
  return {
    spelled(ticker) {
      if (known.has(ticker)) return ticker
      const remembered = spellings.get(ticker)
      if (remembered !== undefined) return remembered
      const fits = byKey.get(keyOf(ticker)) ?? []
      const spelled = fits.length === 1 ? (fits[0] ?? ticker) : ticker
      spellings.set(ticker, spelled)
      return spelled
    },
    lastHolder(ticker) {
      const held = last.get(ticker)
      if (held === undefined) return undefined
      return held.length > 1 ? null : held[0]?.source_id
    },
    itemOf({ source_id, ticker }, day) {
      if (source_id !== undefined && source_id !== null) return bySource.get(source_id)?.item
      if (ticker === undefined || ticker === null) return undefined
      const held = byTicker.get(ticker)
      if (held === undefined) return last.get(ticker)?.[0]?.item
      return held.find(
        ({ interval }) =>
          interval.valid_from <= day && (interval.valid_to === null || day <= interval.valid_to),
      )?.subject.item
    },
  }
}
