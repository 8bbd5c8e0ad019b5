import type { LocatedRecord } from '../../contract/provider.ts'

/**
 * The ticker interval that follows from a record of the securities, for a drop that has none: its last ticker
 * over its whole listing. What renames it had, the drop does not say; the reason marks the row.
 */
export function intervalOf(
  { record, line, malformed }: LocatedRecord,
  first_session_date: string,
): LocatedRecord {
  const list_date = record['list_date'] ?? null
  const interval = {
    source_id: record['source_id'] ?? null,
    ticker: record['ticker'] ?? null,
    valid_from: list_date ?? first_session_date,
    valid_to: record['delist_date'] ?? null,
    exchange_mic: record['exchange_mic'] ?? null,
    reason:
      list_date === null
        ? 'from the securities master, since the first session known'
        : 'from the securities master',
  }
  return malformed === undefined ? { record: interval, line } : { record: interval, line, malformed }
}
