import { mkdtemp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import type { Database } from '../../helpers/postgres/database.ts'
import { queryFile } from '../../helpers/postgres/query-file.ts'
import { universeCsv, writeFlatFiles } from '../../helpers/simulator/market/flat-files.ts'
import type { Action, Security, World } from '../../helpers/simulator/market/types.ts'
import { createWorld } from '../../helpers/simulator/market/world.ts'
import { runs } from '../../helpers/testing/runs.ts'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import { JOB_NAMES } from '../contract/job.ts'
import { worldAsOf } from '../testing/commands/as-of.ts'
import { ingestDelivery } from '../testing/flat-files/delivery.ts'
import { thinWorld } from '../testing/validation/thin-world.ts'

/**
 * The research surface travels in time: each answer as of a past day, of the whole database, equals the plain
 * answer of a database that was built from what was known on that day. Both are loaded by the seven jobs.
 */
const SQL = join(import.meta.dirname, '..', 'testing', 'validation', 'sql')
const STANDARD_COLUMNS = `s.cik, s.item, s.period_kind, s.period_start, s.period_end, s.unit, s.value,
  s.taxonomy, s.tag, s.method, s.accession, s.known_from, s.reason, s.filed, s.first_known_on, s.first_value`
const ALL_ITEMS = `array(
  select item from stocks_research.standard_item_tags
  union
  select item from stocks_research.calculated_item_terms
  union
  values ('eps_diluted_ttm')
)`

interface Answer {
  /** Runs on the complete database. $1 is the day. */
  readonly as_of: string
  /** Asked of the database of that day; as_of where there is no plainer one. */
  readonly plain?: string
}
const ANSWERS: Readonly<Record<string, Answer>> = {
  universe: { as_of: 'select * from stocks_research.securities_as_of($1::date)' },
  'universe, unknown included': { as_of: 'select * from stocks_research.securities_as_of($1::date, true)' },
  'securities by ticker': {
    as_of: `select stocks_research.security_as_of(t.ticker, $1::date, true) as security_id, t.ticker
            from stocks_research.securities_as_of($1::date, true) t`,
  },
  'tickers of securities': {
    as_of: `select *
            from (
              select security_id, stocks_research.ticker_as_of(security_id, $1::date) as ticker
              from stocks_research.securities
            ) t
            where ticker is not null`,
  },
  'prices and factors': {
    as_of: 'select * from stocks_research.prices_daily_adjusted_as_of($1::date)',
    plain: 'select * from stocks_research.prices_daily_adjusted_v where trade_date <= $1::date',
  },
  'closes of the day': {
    as_of: `select security_id, ticker, trade_date, close, volume
            from stocks_research.prices_panel(array[$1::date])`,
  },
  'split ratios': {
    as_of: `select security_id, trim_scale(
              stocks_research.split_ratio_as_of(security_id, '2020-01-02', $1::date, $1::date)) as ratio
            from stocks_research.securities_as_of($1::date, true)`,
    plain: `select security_id,
              stocks_research.split_ratio(security_id, '2020-01-02', $1::date) as ratio
            from stocks_research.securities_as_of($1::date, true)`,
  },
  capitalisation: { as_of: 'select * from stocks_research.market_cap_as_of($1::date)' },
  'trailing dividends': {
    as_of: 'select * from stocks_research.trailing_dividends_panel(array[$1::date])',
  },
  facts: { as_of: 'select * from stocks_research.fundamentals_as_of($1::date)' },
  quarters: {
    as_of: 'select * from stocks_research.fundamentals_quarters_as_of($1::date)',
    plain: `select distinct on (d.cik, d.taxonomy, d.tag, d.unit, d.period_start, d.period_end) d.*
            from stocks_research.fundamentals_derived d
            where $1::date is not null
            order by d.cik, d.taxonomy, d.tag, d.unit, d.period_start, d.period_end, d.known_from desc`,
  },
  'standard items': {
    as_of: `select ${STANDARD_COLUMNS} from stocks_research.fundamentals_standard_as_of($1::date) s`,
    plain: `select ${STANDARD_COLUMNS} from stocks_research.fundamentals_standard_v s
            where $1::date is not null`,
  },
  'calculated items': {
    as_of: 'select * from stocks_research.calculated_items_as_of($1::date)',
    plain: `select * from stocks_research.calculated_items_as_of('infinity')
            where $1::date is not null`,
  },
  'earnings of four quarters': {
    as_of: 'select * from stocks_research.eps_panel(array[$1::date])',
  },
  'panel of items': {
    as_of: `select * from stocks_research.fundamentals_panel(array[$1::date], ${ALL_ITEMS})`,
  },
}

/** Functions with a day among their parameters that do not travel in time, and why. */
const OF_TODAY: Readonly<Record<string, string>> = {
  bar_ages: 'is_listed depends on who is in the universe today; operations use it for the newest days',
  security_quality_as_of: 'a finding is of the day on which the check ran',
  session_shift: 'it reads the calendar alone',
}

const LATE_DAYS = 40
/** Every split, and one dividend in five, was declared only after its ex-date. */
const isLate = ({ kind, ex_date }: Action): boolean =>
  kind === 'split' || (kind === 'cash_dividend' && Number(ex_date.slice(-2)) % 5 === 0)
const declaredOn = (action: Action): string =>
  isLate(action)
    ? new Date(Date.parse(action.ex_date) + LATE_DAYS * 86_400_000).toISOString().slice(0, 10)
    : action.ex_date

/** The world as its sources reported it on the evening of the day: a late event is not among its actions. */
function knownOn(world: World, day: string): World {
  const then = worldAsOf(world, day)
  const known = (security: Security): Security => ({
    ...security,
    actions: security.actions.filter((action) => declaredOn(action) <= day),
  })
  return { ...then, securities: then.securities.map(known) }
}

/** A database that the seven jobs loaded with the world, and the days on which late events were declared. */
async function databaseOf(world: World): Promise<Scratch> {
  const directory = await mkdtemp(join(inject('testDirectory'), 'time-travel-'))
  await writeFlatFiles(world, directory)
  await writeFile(join(directory, 'universe.csv'), universeCsv(world))
  const scratch = await scratchDatabase({ migrated: true })
  const report = await ingestDelivery(scratch.connection, directory, {
    jobs: JOB_NAMES,
    window: { start_date: world.start_date, end_date: world.end_date },
  })
  expect(report.state).toBe('complete')
  const late = world.securities.flatMap(({ source_id, actions }) =>
    actions.filter(isLate).map((action) => ({ source_id, ex_date: action.ex_date })),
  )
  await scratch.db.rows(
    `update stocks_research.corporate_actions a
     set declared_date = l.ex_date + ${LATE_DAYS}
     from jsonb_to_recordset($1::jsonb) as l (source_id text, ex_date date)
     join stocks_research.securities s on s.source_id = l.source_id
     where a.security_id = s.security_id
       and a.ex_date = l.ex_date
       and a.kind in ('cash_dividend', 'split')`,
    [JSON.stringify(late)],
  )
  return scratch
}

/** What the answer has of each security or filer: so many rows, with this hash. */
async function hashesOf(db: Database, answer: string, day: string): Promise<Map<string, string>> {
  const rows = await db.rows<{ subject: string; rows_count: number; hash: string }>(
    queryFile(SQL, 'answer-hashes', { answer }),
    [day],
  )
  return new Map(rows.map(({ subject, rows_count, hash }) => [subject, `${rows_count} rows, ${hash}`]))
}

function differences(found: ReadonlyMap<string, string>, wanted: ReadonlyMap<string, string>): string[] {
  const subjects = [...new Set([...found.keys(), ...wanted.keys()])]
  return subjects
    .filter((subject) => found.get(subject) !== wanted.get(subject))
    .map(
      (subject) => `${subject}: ${found.get(subject) ?? 'none'}, expected ${wanted.get(subject) ?? 'none'}`,
    )
}

/** A function of the surface with a day, or days, as of which it is asked. */
interface Routine {
  readonly [column: string]: unknown
  readonly name: string
  readonly body: string
}
const routinesAsOf = (db: Database): Promise<Routine[]> =>
  db.rows<Routine>(
    `select p.proname as name, coalesce(pg_get_function_sqlbody(p.oid), p.prosrc) as body
     from pg_proc p
     where p.pronamespace = 'stocks_research'::regnamespace
       and p.proargnames[1:p.pronargs] && array['as_of', 'day', 'days']
       and p.proargtypes::oid[] && array['date'::regtype, 'date[]'::regtype]::oid[]
     order by 1`,
  )

/** The routines that some answer calls, itself or inside of another one. */
function coveredBy(texts: readonly string[], routines: readonly Routine[]): Set<string> {
  const covered = new Set<string>()
  const queue = [...texts]
  for (const text of queue)
    for (const { name, body } of routines)
      if (!covered.has(name) && text.includes(`stocks_research.${name}(`)) {
        covered.add(name)
        queue.push(body)
      }
  return covered
}

/** Tickers of every security that ever had one, in two notations, and one that no security had. */
const resolve = (db: Database, texts: readonly string[], day: string): Promise<unknown[]> =>
  db.rows(RESOLVED, [texts, day])
const RESOLVED = `
  select t.text, r.listed_ticker, s.source_id, r.reason
  from unnest($1::text[]) t (text)
  cross join lateral stocks_research.resolve_ticker(t.text, $2::date) r
  left join stocks_research.securities s on s.security_id = r.security_id
  order by 1`

const everything = createWorld({ seed: 'time travel', securities: 66 })
const sessions = everything.calendar.sessions.filter((day) => day >= '2020-06-01' && day <= '2024-12-31')
// Each day is a test of its own: a database of a day takes seconds.
const DAYS = fc.sample(fc.constantFrom(...sessions), runs(20))
/** The months of the backtest: their last sessions, and those that it looks back to. */
const BACKTEST = ['2021-02-01', '2022-06-30'] as const
const { sessions: allSessions } = everything.calendar
const BACKTEST_DAYS = allSessions.flatMap((day, at) => {
  const isMonthEnd = allSessions[at + 1]?.slice(0, 7) !== day.slice(0, 7)
  if (!isMonthEnd || day < BACKTEST[0] || day > BACKTEST[1]) return []
  return [day, allSessions[at - 21] ?? day, allSessions[at - 252] ?? day]
})
const world = thinWorld(everything, [...DAYS, ...BACKTEST_DAYS])
const texts = [
  ...new Set(world.securities.flatMap(({ tickers }) => tickers.map(({ ticker }) => ticker))),
].flatMap((ticker) => [ticker, `${ticker.toLowerCase()} `])

/** A day in the middle, of which one database serves several tests. */
const BEFORE = '2022-08-10'
let whole: Scratch
let before: Scratch
beforeAll(async () => {
  whole = await databaseOf(world)
  before = await databaseOf(knownOn(world, BEFORE))
})
afterAll(async () => {
  await whole?.drop()
  await before?.drop()
})

it('every function with a day is compared, or listed here as one of today', async () => {
  const routines = await routinesAsOf(whole.db)
  const names = routines.map(({ name }) => name)
  const texts_asked = [...Object.values(ANSWERS).map(({ as_of }) => as_of), RESOLVED]
  const covered = coveredBy(texts_asked, routines)
  expect(names.length).toBeGreaterThan(20)
  expect(names.filter((name) => !covered.has(name) && OF_TODAY[name] === undefined)).toEqual([])
  expect(Object.keys(OF_TODAY).filter((name) => covered.has(name) || !names.includes(name))).toEqual([])
  // The list must be able to fail: without the panels of items their functions are missing.
  const fewer = coveredBy([RESOLVED], routines)
  expect(names.filter((name) => !fewer.has(name))).toContain('eps_panel')
})

it.each(DAYS)('each answer as of %s equals the plain answer of a database of that day', async (day) => {
  const then = await databaseOf(knownOn(world, day))
  try {
    for (const [name, { as_of, plain = as_of }] of Object.entries(ANSWERS)) {
      const wanted = await hashesOf(then.db, plain, day)
      expect(wanted.size, `${name} as of ${day}`).toBeGreaterThan(5)
      expect(differences(await hashesOf(whole.db, as_of, day), wanted), `${name} as of ${day}`).toEqual([])
    }
    const holders = await resolve(whole.db, [...texts, 'nobody'], day)
    expect(holders, `tickers as of ${day}`).toEqual(await resolve(then.db, [...texts, 'nobody'], day))
  } finally {
    await then.drop()
  }
})

it('a backtest is the same before and after two more years are loaded', async () => {
  const ask = (db: Database): Promise<{ total_return: string | null }[]> =>
    db.rows(queryFile(SQL, 'backtest'), BACKTEST)
  const rows = await ask(before.db)
  expect(rows.length).toBeGreaterThan(100)
  expect(rows.filter((row) => row.total_return !== null).length).toBeGreaterThan(100)
  expect(await ask(whole.db)).toEqual(rows)
})

// The comparison must be able to fail: each function with its look at the day taken out.
it.each([
  ['universe', 'securities_as_of(date, boolean)', 'h.valid_from <= $1', 'true'],
  [
    'prices and factors',
    'adjustment_intervals(date, text[])',
    'greatest(x.ex_session, a.declared_date) <= $1',
    'true',
  ],
  [
    'split ratios',
    'split_ratio_as_of(bigint, date, date, date)',
    'greatest(a.ex_date, a.declared_date) <= $4',
    'true',
  ],
  ['capitalisation', 'market_cap_panel(date[], text[])', 's.known_from <= c.day', 'true'],
  [
    'trailing dividends',
    'trailing_dividends_panel(date[], bigint[])',
    'greatest(a.ex_date, a.declared_date) <= d.day',
    'true',
  ],
  ['facts', 'fundamentals_as_of(date, text[])', 'f.filed <= $1', 'true'],
  ['panel of items', 'standard_items_panel(date[], text[], text[], text)', 's.known_from <= d.day', 'true'],
  ['panel of items', 'eps_panel(date[], text[], text[])', 's.known_from <= n.day', 'true'],
  [
    'calculated items',
    'calculated_items_of(date[], text[], text[], text, boolean)',
    's.known_from <= d.day',
    'true',
  ],
  ['tickers', 'resolve_ticker(text, date)', 'and h.valid_from <= $2', 'and h.valid_from is not null'],
])('the comparison of the %s sees a look-ahead in %s', async (name, routine, from, to) => {
  const ask = async (db: Database): Promise<unknown> => {
    const answer = ANSWERS[name]
    return answer === undefined ? resolve(db, texts, BEFORE) : hashesOf(db, answer.as_of, BEFORE)
  }
  const undo = new Error('The mutation is taken back.')
  const mutated = whole.db.transaction(async (tx) => {
    const { text } = await tx.one<{ text: string }>(
      `select pg_get_functiondef('stocks_research.${routine}'::regprocedure) as text`,
    )
    expect(text).toContain(from)
    await tx.execute(text.replace(from, to))
    expect(await ask(tx)).not.toEqual(await ask(before.db))
    throw undo
  })
  await expect(mutated).rejects.toBe(undo)
  expect(await ask(whole.db)).toEqual(await ask(before.db))
})
