import { per, SECOND_MS } from '../../http/budget.ts'
import { isArray, isObject } from '../../http/json.ts'
import type { Verdict } from '../../http/outcome.ts'
import type { HttpProfile, HttpRequest } from '../../http/profile.ts'
import type { IndexKind } from './daily-index.ts'
import { PATTERNS } from './patterns.ts'

const WWW = 'https://www.sec.gov'
const DATA = 'https://data.sec.gov'

/**
 * The SEC allows 10 requests a second over all of its hosts, and blocks for ten minutes whoever sends more; 8
 * leave room.
 */
export const profileOf = (user_agent: string): HttpProfile => ({
  provider: 'sec-edgar',
  adapter_version: '1',
  patterns: PATTERNS,
  origins: [WWW, DATA],
  limits: [per(SECOND_MS, 8)],
  // The SEC refuses who does not say who he is.
  headers: { 'user-agent': user_agent },
  concurrency_max: 6,
})

const missing = (what: string): Verdict => ({ outcome: 'malformed', reason: `the answer has no ${what}` })

export const tickers = (): HttpRequest => ({
  url: `${WWW}/files/company_tickers_exchange.json`,
  expects: 'json',
  shape: ({ json }) =>
    isObject(json) && isArray(json['fields']) && isArray(json['data'])
      ? undefined
      : missing('fields and data'),
})

/** `cik`: ten digits. `reuse_since_at`: an answer that was archived since then is not requested again. */
export const submissions = (cik: string, reuse_since_at?: string): HttpRequest => ({
  url: `${DATA}/submissions/CIK${cik}.json`,
  ...(reuse_since_at === undefined ? {} : { reuse_since_at }),
  expects: 'json',
  // Securities of one filer, and the jobs for securities and corporate actions, ask the same.
  is_shared: true,
  shape: ({ json }) => {
    if (!isObject(json) || !isObject(json['filings']) || !isObject(json['filings']['recent']))
      return missing('filings.recent')
    return sameCik(json['cik'], cik)
  },
})

/** `name`: as `filings.files` gives it. */
export const submissionsShard = (name: string): HttpRequest => ({
  url: `${DATA}/submissions/${encodeURIComponent(name)}`,
  expects: 'json',
  shape: ({ json }) =>
    isObject(json) && isArray(json['accessionNumber']) ? undefined : missing('accessionNumber'),
})

export const companyFacts = (cik: string): HttpRequest => ({
  url: `${DATA}/api/xbrl/companyfacts/CIK${cik}.json`,
  expects: 'json',
  shape: ({ json }) => {
    if (!isObject(json) || !(isObject(json['facts']) || json['facts'] === null)) return missing('facts')
    return (
      sameCik(json['cik'], cik) ??
      (Object.keys(json['facts'] ?? {}).length === 0
        ? { outcome: 'empty', reason: 'the filer has no facts' }
        : undefined)
    )
  },
})

/** Every filer's facts in one file of about 1.4 GB. */
export const companyFactsBulk = (): HttpRequest => ({
  url: `${WWW}/Archives/edgar/daily-index/xbrl/companyfacts.zip`,
  expects: 'zip',
})

/** The filings of a day: `master` by filer, `form` by form. */
export function dailyIndex(kind: IndexKind, day: string): HttpRequest {
  const quarter = Math.ceil(Number(day.slice(5, 7)) / 3)
  const folder = `${WWW}/Archives/edgar/daily-index/${day.slice(0, 4)}/QTR${quarter}`
  // Two jobs of a run read the same index.
  return { url: `${folder}/${kind}.${day.replaceAll('-', '')}.idx`, expects: 'text', is_shared: true }
}

/** Files of the bulk zip, by filer. */
export const bulkEntryName = (cik: string): string => `CIK${cik}.json`

// A number in most bodies and a padded string in others: compared as numbers of ten digits.
function sameCik(found: unknown, cik: string): Verdict | undefined {
  if (typeof found === 'string' && found.padStart(10, '0') === cik) return undefined
  return { outcome: 'malformed', reason: `the answer is about filer ${String(found)}, not ${cik}` }
}
