import { addDays, newYorkMidnight } from '../market/calendar.ts'
import { lastTicker } from '../market/flat-files.ts'
import { compareText } from '../market/order.ts'
import { spell } from '../market/spelling.ts'
import type { Fact, Filer, Security, World } from '../market/types.ts'

const EXCHANGES = { XNYS: 'NYSE', XNAS: 'Nasdaq', ARCX: 'NYSE' } as const
/**
 * Filings beyond this many go to a shard. The SEC keeps a thousand in `recent`; fewer filings show the same
 * thing.
 */
const RECENT_FILINGS_MAX = 40

/** The SEC's own notation: what trades as ABC.A is ABC-A there, and ABC.PRA is ABC-PA. */
const secTicker = (ticker: string): string => spell(ticker, 'sec')

/**
 * `company_tickers_exchange.json`: who is listed today, several rows for several share classes, nothing on
 * those who left.
 */
export function tickersWithExchange(world: World): unknown {
  const listed = [...world.securities, ...world.outsiders].filter(
    (security) => security.cik !== null && security.delist_date === null,
  )
  return {
    fields: ['cik', 'name', 'ticker', 'exchange'],
    data: listed.map((security) => [
      Number(security.cik),
      nameOfFiler(security),
      secTicker(lastTicker(security)),
      EXCHANGES[security.exchange_mic],
    ]),
  }
}

const nameOfFiler = (security: Security): string =>
  security.name.replace(/ (?:Class [AB]|\d.*Preferred Stock|Warrants|Rights|Units,.*)$/, '')

/**
 * `companyfacts`: every fact of a filer, by tag and unit, ordered by end and filing. `cik` is text for one
 * filer in ten.
 */
export function companyFacts(filer: Filer): unknown {
  const facts: Record<
    string,
    Record<string, { label: string; description: string; units: Record<string, unknown[]> }>
  > = {}
  const stated = filer.filings.flatMap((filing) => filing.facts.map((fact) => ({ fact, filing })))
  stated.sort(
    (a, b) =>
      compareText(a.fact.end, b.fact.end) ||
      compareText(a.fact.start ?? '', b.fact.start ?? '') ||
      compareText(a.filing.filed, b.filing.filed),
  )
  for (const taxonomy of ['dei', 'us-gaap'] as const) facts[taxonomy] = {}
  for (const { fact, filing } of stated) {
    const tags = facts[fact.taxonomy] ?? {}
    const label = fact.tag.replace(/(?<=[a-z])(?=[A-Z])/g, ' ')
    tags[fact.tag] ??= {
      label,
      description: `REHEARSAL. ${label} of a company that does not exist.`,
      units: {},
    }
    const points = tags[fact.tag]?.units ?? {}
    points[fact.unit] ??= []
    points[fact.unit]?.push({
      ...(fact.start === null ? {} : { start: fact.start }),
      end: fact.end,
      val: Number(fact.value),
      accn: filing.accession,
      fy: filing.fiscal_year,
      fp: filing.fiscal_period,
      form: filing.form,
      filed: filing.filed,
      ...frameOf(fact),
    })
  }
  return { cik: hasTextCik(filer.cik) ? filer.cik : Number(filer.cik), entityName: filer.name, facts }
}

const frameOf = (fact: Fact): { frame?: string } => (fact.frame === null ? {} : { frame: fact.frame })
/** Items of the form 8-K that reports the end of a listing, by its reason; 3.01 alone for all others. */
const ITEMS: Readonly<Record<string, string>> = { merger: '2.01,3.01,3.03', bankruptcy: '1.03,3.01' }
/** The SEC calls every moment UTC. For some filers it is the time in New York all the same. */
const isOnNewYorkTime = (cik: string): boolean => Number(cik) % 5 === 3
const hasTextCik = (cik: string): boolean => Number(cik) % 10 === 7

interface Row {
  accessionNumber: string
  /** UTC, to the second. */
  accepted_at: string
  filingDate: string
  reportDate: string
  form: string
  items: string
  isXBRL: 0 | 1
}

const ownedBy = (world: World, { cik }: Filer): Security[] =>
  world.securities.concat(world.outsiders).filter((security) => security.cik === cik)

/** `submissions` of a filer: `recent` and shards hold columns, newest filing first. */
export function submissions(
  world: World,
  filer: Filer,
): { main: unknown; shards: ReadonlyMap<string, unknown> } {
  const listed = ownedBy(world, filer).filter((security) => security.delist_date === null)
  const rows = filingsOf(world, filer)
  const shards = new Map<string, unknown>()
  const files: unknown[] = []
  const older = rows.slice(RECENT_FILINGS_MAX)
  if (older.length > 0) {
    const name = `CIK${filer.cik}-submissions-001.json`
    shards.set(name, columns(older, filer.cik))
    files.push({
      name,
      filingCount: older.length,
      filingFrom: older.at(-1)?.filingDate,
      filingTo: older[0]?.filingDate,
    })
  }
  const address = {
    street1: '1 REHEARSAL STREET',
    street2: null,
    city: 'NOWHERE',
    stateOrCountry: 'DE',
    zipCode: '00000',
  }
  const place = {
    ...address,
    stateOrCountryDescription: 'DE',
    isForeignLocation: 0,
    foreignStateTerritory: null,
    country: null,
    countryCode: null,
  }
  const main = {
    cik: filer.cik,
    entityType: 'operating',
    sic: '9999',
    sicDescription: 'Rehearsal',
    ownerOrg: null,
    insiderTransactionForOwnerExists: 0,
    insiderTransactionForIssuerExists: 1,
    name: filer.name,
    tickers: listed.map((security) => secTicker(lastTicker(security))),
    exchanges: listed.map((security) => EXCHANGES[security.exchange_mic]),
    ein: '000000000',
    lei: null,
    description: '',
    website: '',
    investorWebsite: '',
    category: 'Large accelerated filer',
    fiscalYearEnd: filer.fiscal_year_end,
    stateOfIncorporation: 'DE',
    stateOfIncorporationDescription: 'DE',
    addresses: { mailing: place, business: place },
    phone: '0000000000',
    flags: '',
    formerNames: [],
    filings: { recent: columns(rows.slice(0, RECENT_FILINGS_MAX), filer.cik), files },
  }
  return { main, shards }
}

/**
 * Reports, and what an exchange and a company file when a listing ends: 25-NSE on the last day, 15-12B ten
 * days later.
 */
export function filingsOf(world: World, filer: Filer): Row[] {
  const rows: Row[] = filer.filings.map((filing) => ({
    accessionNumber: filing.accession,
    filingDate: filing.filed,
    reportDate: filing.report_date,
    form: filing.form,
    items: '',
    isXBRL: 1,
    accepted_at: filing.accepted_at,
  }))
  for (const { accession, filed, accepted_at } of filer.announcements)
    rows.push({
      accessionNumber: accession,
      filingDate: filed,
      reportDate: filed,
      form: '8-K',
      items: '2.02,9.01',
      isXBRL: 1,
      accepted_at,
    })
  for (const { delist_date, exchange_mic, actions } of ownedBy(world, filer)) {
    if (delist_date === null) continue
    const year = delist_date.slice(2, 4)
    const serial = filer.cik.slice(-6)
    const agent = exchange_mic === 'XNAS' ? '0001354457' : '0000876661'
    rows.push({
      accessionNumber: `${agent}-${year}-${serial}`,
      filingDate: delist_date,
      reportDate: '',
      form: '25-NSE',
      items: '',
      isXBRL: 0,
      accepted_at: `${delist_date}T20:30:00Z`,
    })
    const reason = actions.find((action) => action.kind === 'delisting')?.reason
    const items = ITEMS[reason ?? ''] ?? '3.01'
    rows.push({
      accessionNumber: `${filer.cik}-${year}-900001`,
      filingDate: delist_date,
      reportDate: delist_date,
      form: '8-K',
      items,
      isXBRL: 1,
      accepted_at: `${delist_date}T20:30:00Z`,
    })
    const later = addDays(delist_date, 10)
    rows.push({
      accessionNumber: `${filer.cik}-${later.slice(2, 4)}-900002`,
      filingDate: later,
      reportDate: '',
      form: '15-12B',
      items: '',
      isXBRL: 0,
      accepted_at: `${later}T20:30:00Z`,
    })
  }
  return rows.sort(
    (a, b) => compareText(b.filingDate, a.filingDate) || compareText(b.accessionNumber, a.accessionNumber),
  )
}

function columns(rows: readonly Row[], cik: string): Record<string, readonly (string | number)[]> {
  const moment = ({ accepted_at }: Row): string =>
    isOnNewYorkTime(cik) ? newYorkTime(accepted_at) : accepted_at.replace('Z', '.000Z')
  const document = (row: Row): string => `rehearsal-${row.accessionNumber}.htm`
  return {
    accessionNumber: rows.map((row) => row.accessionNumber),
    filingDate: rows.map((row) => row.filingDate),
    reportDate: rows.map((row) => row.reportDate),
    acceptanceDateTime: rows.map(moment),
    act: rows.map(() => '34'),
    form: rows.map((row) => row.form),
    fileNumber: rows.map(() => '001-00000'),
    filmNumber: rows.map(() => '000000000'),
    items: rows.map((row) => row.items),
    core_type: rows.map((row) => (row.isXBRL === 1 ? 'XBRL' : row.form)),
    size: rows.map(() => 10_000),
    isXBRL: rows.map((row) => row.isXBRL),
    isInlineXBRL: rows.map((row) => row.isXBRL),
    primaryDocument: rows.map(document),
    primaryDocDescription: rows.map((row) => row.form),
  }
}

/** A UTC instant as a clock in New York shows it, written as if it were UTC. No filing comes near midnight. */
function newYorkTime(instant: string): string {
  const hours = Number(newYorkMidnight(instant.slice(0, 10)).slice(11, 13))
  return new Date(Date.parse(instant) - hours * 3_600_000).toISOString()
}
