import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { scratchDatabase } from '../../helpers/testing/scratch.ts'
import { hashOf, loadCalendar, readOverrides, sessionsHash } from './load.ts'
import { FIRST_DATE, sessions } from './xnys.ts'

const closed = { closures: [{ date: '2024-02-29', reason: 'a test' }], early_closes: [] }

test('a second load changes nothing; an override changes its day only, its removal restores it', async () => {
  const { db, drop } = await scratchDatabase({ migrated: true })
  const load = (today: string, overrides?: typeof closed) =>
    db.transaction((tx) => loadCalendar(tx, { today, ...(overrides === undefined ? {} : { overrides }) }))
  try {
    const first = await load('2024-06-03')
    expect(first).toMatchObject({
      first_date: '1990-01-02',
      last_date: '2026-12-31',
      rows_inserted: first.sessions,
    })
    expect(await load('2024-06-03')).toMatchObject({ rows_inserted: 0, rows_updated: 0, rows_deleted: 0 })
    expect(await load('2024-06-03', closed)).toMatchObject({
      rows_inserted: 0,
      rows_updated: 0,
      rows_deleted: 1,
    })
    expect(await load('2024-06-03')).toMatchObject({ rows_inserted: 1, rows_updated: 0, rows_deleted: 0 })
    expect(await load('2020-01-02')).toMatchObject({ rows_inserted: 0, rows_updated: 0, rows_deleted: 0 })
  } finally {
    await drop()
  }
})

test('the hash of stored sessions is that of the rules, and changes with each column', async () => {
  const { db, drop } = await scratchDatabase({ migrated: true })
  try {
    expect(await sessionsHash(db)).toBeNull()
    await db.transaction((tx) => loadCalendar(tx, { today: '2024-06-03' }))
    const hash = hashOf(sessions(FIRST_DATE, '2026-12-31'))
    expect(await sessionsHash(db)).toBe(hash)
    for (const edit of [
      'is_early_close = not is_early_close',
      "open_at = open_at + interval '1 second'",
      "close_at = close_at - interval '1 second'",
    ]) {
      await db.execute(
        `update stocks_research.trading_sessions set ${edit} where session_date = '2024-06-04'`,
      )
      expect(await sessionsHash(db), edit).not.toBe(hash)
      const loaded = await db.transaction((tx) => loadCalendar(tx, { today: '2024-06-03' }))
      expect(loaded.rows_updated, edit).toBe(1)
      expect(await sessionsHash(db), edit).toBe(hash)
    }
  } finally {
    await drop()
  }
})

test('a faulty file of overrides is refused with its faults', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'overrides-'))
  try {
    const file = join(folder, 'overrides.json')
    expect(readOverrides(file)).toEqual({ closures: [], early_closes: [] })
    await writeFile(file, '{"closures": [{"date": "2024-02-30", "reason": ""}], "early_closes": []}')
    expect(() => readOverrides(file)).toThrow(/closures\.0\.date.*closures\.0\.reason/)
    const early = (day: string): string => `{"date": "${day}", "close": "13:00", "reason": "a test"}`
    await writeFile(
      file,
      '{"closures": [{"date": "2024-03-09", "reason": "a Saturday"}], "early_closes": ' +
        `[${early('2024-03-29')}, ${early('1989-12-29')}]}`,
    )
    expect(() => readOverrides(file)).toThrow(
      /2024-03-09 is not a session by rule.*2024-03-29 is not a session.*1989-12-29 is not a session/,
    )
    await writeFile(
      file,
      `{"closures": [{"date": "2024-03-08", "reason": "a test"}], "early_closes": [${early('2024-03-08')}]}`,
    )
    expect(() => readOverrides(file)).toThrow(/early_closes\.0\.date: 2024-03-08 is listed twice/)
    await writeFile(
      file,
      `{"closures": [{"date": "2024-03-08", "reason": "a test"}], "early_closes": [${early('2024-03-07')}]}`,
    )
    expect(readOverrides(file).early_closes).toHaveLength(1)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
