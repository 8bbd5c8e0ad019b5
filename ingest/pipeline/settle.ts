import { join } from 'node:path'
import type { Database } from '../../helpers/postgres/database.ts'
import { queryFile } from '../../helpers/postgres/query-file.ts'
import type { SourcedJob } from '../contract/job.ts'
import type { FileTally, Reject, Tally } from './read.ts'
import { listOf, type TargetTable } from './stage.ts'

// Decides which staged rows are merged: items that cannot be trusted fail as a whole and their rows are
// withheld; of duplicates one stays; of a conflict none.

const SQL = join(import.meta.dirname, 'sql')

/**
 * Malformed records that never refuse a file of which most records are good: in a small file one of them
 * would be more than any ratio. They are rejected by name all the same.
 */
const REJECTS_FREE_MAX = 3

/** Whether too many records of a file are malformed for any of them to be merged. */
export function isFileMalformed(
  { read, malformed }: Pick<FileTally, 'read' | 'malformed'>,
  reject_max_ratio: number,
): boolean {
  if (malformed === 0 || malformed / read <= reject_max_ratio) return false
  return malformed > REJECTS_FREE_MAX || malformed * 2 >= read
}

/**
 * Fails the items of every file with too many malformed records, and the items without any row: theirs may be
 * among the malformed ones. Nothing of such a file is merged.
 */
export function failMalformedFiles(tally: Tally, reject_max_ratio: number): void {
  let first_reason: string | undefined
  const fail = (item: string, reason: string): void =>
    tally.end({ item, status: 'failed', error_class: 'malformed', reason })
  for (const file of tally.files.values()) {
    if (!isFileMalformed(file, reject_max_ratio)) continue
    const share = ((100 * file.malformed) / file.read).toPrecision(3)
    const reason =
      `${file.file} is refused: ${file.malformed} of its ${file.read} records (${share} %) are ` +
      `malformed, more than ${100 * reject_max_ratio} %. See ingestion.rejects.`
    first_reason ??= reason
    for (const item of file.items) if ((tally.items.get(item)?.rows ?? 0) > 0) fail(item, reason)
  }
  if (first_reason === undefined) return
  for (const { item, rows } of tally.items.values()) if (rows === 0) fail(item, first_reason)
}

/**
 * Of the bars of an item, the share on days without a session above which its dates may be shifted; one day
 * off makes it a fifth.
 */
const OFF_SESSION_MAX_RATIO = 0.05

/**
 * Fails the items whose dates are shifted. A stray bar on a closed day is a reject like any other; but when
 * the session beside it has no bar, and that more than once, the bar is that session's, and every other one
 * stands on a wrong day too. Among thousands of other securities such an item would stay below any bound for
 * its file.
 */
export async function failShiftedItems(db: Database, tally: Tally): Promise<void> {
  const suspects = [...tally.items.values()].filter(
    ({ rows, off_session_dates: { length } }) =>
      length > 1 && length > OFF_SESSION_MAX_RATIO * (rows + length),
  )
  if (suspects.length === 0) return
  const days = suspects.flatMap(({ item_no, off_session_dates }) =>
    off_session_dates.map((day) => ({ item_no, day })),
  )
  const shifted = await db.rows<{ item_no: number }>(queryFile(SQL, 'shifted'), [
    days.map(({ item_no }) => item_no),
    days.map(({ day }) => day),
  ])
  const isShifted = new Set(shifted.map(({ item_no }) => item_no))
  for (const { item, item_no, rows, off_session_dates } of suspects) {
    if (!isShifted.has(item_no)) continue
    const count = off_session_dates.length
    const first = off_session_dates.toSorted()[0]
    const reason =
      `${count} of its ${rows + count} bars are on days without a session, the first on ${first}, ` +
      'and the sessions beside them have none: its dates are shifted. None of its bars is loaded; ' +
      'correct the dates.'
    tally.end({ item, status: 'failed', error_class: 'malformed', reason })
  }
}

/**
 * Fails every item that is staged with an interval which another one overlaps, staged or stored; the reason
 * names both.
 */
export async function failOverlaps(db: Database, tally: Tally): Promise<void> {
  const items = [...tally.items.values()]
  const failed = items.filter(({ end }) => end?.status === 'failed').map(({ item_no }) => item_no)
  const rows = await db.rows<{ item_no: number; reason: string }>(queryFile(SQL, 'overlaps'), [
    failed,
    items.map(({ item }) => item),
  ])
  for (const { item_no, reason } of rows) {
    const item = items[item_no]?.item
    if (item !== undefined) tally.end({ item, status: 'failed', error_class: 'conflict', reason })
  }
}

/** Takes the rows of failed items off the stage; returns how many there were. */
export async function withholdFailed(db: Database, tally: Tally): Promise<number> {
  const failed = [...tally.items.values()].filter(({ end, rows }) => end?.status === 'failed' && rows > 0)
  if (failed.length === 0) return 0
  await db.rows('delete from pg_temp.staged where item_no = any($1)', [failed.map(({ item_no }) => item_no)])
  return failed.reduce((sum, { rows }) => sum + rows, 0)
}

/**
 * Settles duplicates: numbers equal records of one file where the job counts them, deletes equal copies, and
 * rejects every side of a conflict (one key, different values). The result does not depend on the order of
 * files or lines.
 */
export async function settleStage(
  db: Database,
  job: SourcedJob,
  table: TargetTable,
  tally: Tally,
): Promise<void> {
  const names = { key: listOf(table.key), s_key: listOf(table.key, 's') }
  const s_values = listOf(table.values, 's')
  if (job.counted !== undefined) await numberOccurrences(db, job.counted, table)
  // Of the columns that joins and groups go by: statistics of all others would cost more than they help.
  await db.execute(
    `create index on pg_temp.staged (item_no); analyze pg_temp.staged (item_no, ${listOf(table.key)})`,
  )
  // Numbers of occurrences are given here, and make every key another one.
  const suspects = job.counted === undefined ? [...tally.keys.suspects] : undefined
  if (suspects?.length === 0) return
  // Few keys are staged twice: only for them are values compared.
  await db.execute('drop table if exists pg_temp.doubles')
  const is_suspect = suspects === undefined ? 'true' : `item_no in (${suspects.join(', ')})`
  await db.execute(
    queryFile(SQL, 'doubles', { ...names, s_values, same_key: table.sameKey('t', 's'), is_suspect }),
  )
  const doubles = await db.one<{ all: number; conflicts: number }>(
    `select count(*)::integer as all, count(*) filter (where is_conflict)::integer as conflicts
     from pg_temp.doubles`,
  )
  if (doubles.all === 0) return
  // Else the joins to it may read an item once for each of its doubles.
  await db.execute('analyze pg_temp.doubles')
  if (doubles.conflicts > 0) await rejectConflicts(db, table, tally)
  const copies = await db.rows<{ item_no: number; copies: number }>(
    queryFile(SQL, 'delete-doubles', { s_key: names.s_key, same_key: table.sameKey('s', 'd') }),
  )
  const items = [...tally.items.values()]
  for (const { item_no, copies: count } of copies) {
    const item = items[item_no]
    if (item !== undefined) item.copies += count
  }
}

async function numberOccurrences(db: Database, counted: string, table: TargetTable): Promise<void> {
  const others = table.key.filter((column) => column !== `"${counted}"`)
  await db.execute(
    queryFile(SQL, 'number-occurrences', {
      counted: `"${counted}"`,
      others: listOf(others),
      values: listOf(table.values),
    }),
  )
}

async function rejectConflicts(db: Database, table: TargetTable, tally: Tally): Promise<void> {
  const items = [...tally.items.values()]
  const files = [...tally.files.values()]
  const rows = await db.rows<{
    item_no: number
    file_no: number
    line: number
    record: Reject['record']
    places: number
  }>(queryFile(SQL, 'conflicts', { s_key: listOf(table.key, 's'), same_key: table.sameKey('s', 'd') }))
  for (const { item_no, file_no, line, record, places } of rows) {
    const item = items[item_no]?.item ?? null
    const file = files[file_no]?.file ?? ''
    const reason = `${places} records claim one key with different values; none of them is taken`
    tally.reject({ item, kind: 'conflict', reason, file, line, record })
    const counted = item === null ? undefined : tally.items.get(item)
    if (counted !== undefined) counted.rows -= 1
  }
}
