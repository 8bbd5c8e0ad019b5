import { join } from 'node:path'
import { PreconditionError } from '../../helpers/core/errors.ts'
import type { Database } from '../../helpers/postgres/database.ts'
import { queryFile } from '../../helpers/postgres/query-file.ts'
import { quoteIdentifier } from '../../helpers/postgres/sql.ts'

// What is exported, and as which types. docs/export.md has the same list for readers.

export const SQL = join(import.meta.dirname, 'sql')

/** A table of the export. */
export interface Exported {
  /** Its folder. */
  readonly name: string
  /** The table or view of the database. */
  readonly relation: string
  /** The day that its partition `year` comes from; without one, the table is one file. */
  readonly day?: string
  /** The table from which the years are read, where reading them from a view would cost its computation. */
  readonly years_from?: string
  readonly sorted_by: readonly string[]
}

export const EXPORTED: readonly Exported[] = [
  { name: 'securities', relation: 'stocks_research.securities', sorted_by: ['security_id'] },
  {
    name: 'ticker_history',
    relation: 'stocks_research.ticker_history',
    sorted_by: ['security_id', 'valid_from'],
  },
  { name: 'listings', relation: 'stocks_research.securities_listing_v', sorted_by: ['security_id'] },
  { name: 'delistings', relation: 'stocks_research.delistings_v', sorted_by: ['security_id'] },
  {
    name: 'removed_securities',
    relation: 'ingestion.removed_securities',
    sorted_by: ['security_id'],
  },
  { name: 'trading_sessions', relation: 'stocks_research.trading_sessions', sorted_by: ['session_date'] },
  {
    name: 'prices_daily',
    relation: 'stocks_research.prices_daily',
    day: 'trade_date',
    sorted_by: ['security_id', 'trade_date'],
  },
  {
    name: 'prices_daily_adjusted',
    relation: 'stocks_research.prices_daily_adjusted_v',
    day: 'trade_date',
    years_from: 'stocks_research.prices_daily',
    sorted_by: ['security_id', 'trade_date'],
  },
  {
    name: 'corporate_actions',
    relation: 'stocks_research.corporate_actions',
    day: 'ex_date',
    sorted_by: ['security_id', 'ex_date', 'kind', 'action_key', 'occurrence'],
  },
  {
    name: 'refused_events',
    relation: 'stocks_research.refused_events',
    sorted_by: ['security_id', 'ex_date', 'kind', 'declared_date', 'reason'],
  },
  {
    name: 'adjustment_factors',
    relation: 'stocks_research.adjustment_factors',
    sorted_by: ['security_id', 'first_date'],
  },
  {
    name: 'fx_rates',
    relation: 'stocks_research.fx_rates',
    day: 'rate_date',
    sorted_by: ['from_currency', 'to_currency', 'source', 'rate_date'],
  },
  {
    name: 'filings',
    relation: 'stocks_research.filings',
    day: 'filed',
    sorted_by: ['cik', 'filed', 'accession'],
  },
  {
    name: 'earnings_dates',
    relation: 'stocks_research.earnings_dates_v',
    sorted_by: ['cik', 'period_end'],
  },
  {
    name: 'fundamentals_raw',
    relation: 'stocks_research.fundamentals_raw',
    day: 'filed',
    sorted_by: ['cik', 'taxonomy', 'tag', 'unit', 'period_end', 'period_start', 'accession'],
  },
  {
    name: 'fundamentals_derived',
    relation: 'stocks_research.fundamentals_derived',
    day: 'known_from',
    sorted_by: ['cik', 'taxonomy', 'tag', 'unit', 'period_end', 'period_start', 'known_from'],
  },
  {
    name: 'fundamentals_standard',
    relation: 'stocks_research.fundamentals_standard',
    day: 'known_from',
    sorted_by: ['cik', 'item', 'period_end', 'period_start', 'unit', 'known_from'],
  },
  {
    name: 'standard_item_tags',
    relation: 'stocks_research.standard_item_tags',
    sorted_by: ['item', 'taxonomy', 'tag'],
  },
  {
    name: 'security_quality',
    relation: 'stocks_research.security_quality_v',
    sorted_by: ['security_id'],
  },
  { name: 'findings', relation: 'ingestion.findings_v', sorted_by: ['finding_id'] },
]

/**
 * Parquet's widest decimal. 12 decimals are those of the adjusted values, and leave 26 digits before the
 * point.
 */
const DECIMAL_DIGITS = 38
const DECIMAL_PLACES = 12
/** Decimals of a column where they are not 12. */
const PLACES: Readonly<Record<string, number>> = { 'fundamentals_derived.yoy_ratio': 20 }
/** Exact integers of any length. */
const INTEGERS = new Set(['adjustment_factors.split_numerator', 'adjustment_factors.split_denominator'])
/** 60 decimals fit no decimal of Parquet: kept exactly, as text. */
const DECIMAL_TEXTS = new Set(['adjustment_factors.price_factor', 'adjustment_factors.total_return_factor'])

const TYPES: Readonly<Record<string, string>> = {
  bigint: 'BIGINT',
  integer: 'INTEGER',
  boolean: 'BOOLEAN',
  date: 'DATE',
  'timestamp with time zone': 'TIMESTAMP WITH TIME ZONE',
  text: 'VARCHAR',
  uuid: 'VARCHAR',
  jsonb: 'VARCHAR',
  'text[]': 'VARCHAR',
}

/** A column of the export. */
export interface Column {
  readonly name: string
  /** DuckDB's name of its type. */
  readonly type: string
  /** Of a decimal: its digits after the point. */
  readonly places?: number
  /** SQL over the row `r`: the text that both sides hash. */
  readonly text: string
  readonly comment: string
}

interface Described {
  readonly name: string
  readonly type: string
  readonly comment: string | null
}

/** The columns of a table, from the catalog. */
export async function columnsOf(tx: Database, { name, relation }: Exported): Promise<Column[]> {
  const described = await tx.rows<Described & Record<string, unknown>>(queryFile(SQL, 'columns'), [relation])
  return described.map((column) => columnOf(name, column))
}

function columnOf(table: string, { name, type, comment }: Described): Column {
  const value = `r.${quoteIdentifier(name)}`
  const described = { name, comment: comment ?? '' }
  const id = `${table}.${name}`
  if (type === 'numeric' && !DECIMAL_TEXTS.has(id)) {
    const places = INTEGERS.has(id) ? 0 : (PLACES[id] ?? DECIMAL_PLACES)
    const fitting = `when ${fits(value, places)} then round(${value}, ${places})::text`
    const text = `case when ${value} is null then null ${fitting} else 'does not fit' end`
    return { ...described, type: `DECIMAL(${DECIMAL_DIGITS},${places})`, places, text }
  }
  const exported = type === 'numeric' ? 'VARCHAR' : TYPES[type]
  if (exported === undefined)
    throw new PreconditionError(
      `The export has no type for ${table}.${name}, which is ${type}. Add it to ingest/export/tables.ts.`,
    )
  const text = type === 'text[]' ? `to_jsonb(${value})::text` : `${value}::text`
  return { ...described, type: exported, text }
}

/** SQL: a decimal is exported without loss. False for NaN and infinity. */
export const fits = (value: string, places: number): string =>
  `(${value} = round(${value}, ${places}) and abs(${value}) < 1e${DECIMAL_DIGITS - places})`
