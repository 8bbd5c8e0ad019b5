import type { Subject } from '../contract/provider.ts'
import { readAny, symbolKey } from './notation.ts'

/**
 * Who is who across providers. A universe names each security by a permanent `source_id`, in one of these
 * forms:
 *
 *     figi:BBG001S5N8V8             share class FIGI: the same in every country and under every name
 *     cik:0001652044/GOOGL          filer, and what distinguishes its securities; none for a single one
 *     alpaca:904837e3-3b76-…        the id of one provider (any other scheme than those named here)
 *     ticker:FB@2020-01-02          who held this ticker on this day; the last resort, and still permanent
 *
 * The part behind the slash is a label, fixed when the security enters the universe. It may be the ticker of
 * that day; it is never read as today's.
 */
export type SourceId =
  | { readonly scheme: 'figi'; readonly figi: string }
  | { readonly scheme: 'cik'; readonly cik: string; readonly label: string | undefined }
  | { readonly scheme: 'ticker'; readonly ticker: string; readonly date: string }
  | { readonly scheme: 'provider'; readonly provider: string; readonly id: string }
  | { readonly scheme: 'opaque' }

export function parseSourceId(source_id: string): SourceId {
  const [, scheme, rest] = /^([a-z][a-z0-9-]*):(.+)$/.exec(source_id) ?? []
  if (scheme === undefined || rest === undefined) return { scheme: 'opaque' }
  if (scheme === 'figi' && /^BBG[A-Z0-9]{9}$/.test(rest)) return { scheme, figi: rest }
  if (scheme === 'cik') {
    const [, cik, label] = /^(\d{1,10})(?:\/(.+))?$/.exec(rest) ?? []
    if (cik !== undefined) return { scheme, cik: cik.padStart(10, '0'), label }
  }
  if (scheme === 'ticker') {
    const [, ticker, date] = /^(.+)@(\d{4}-\d{2}-\d{2})$/.exec(rest) ?? []
    if (ticker !== undefined && date !== undefined) return { scheme, ticker, date }
  }
  return { scheme: 'provider', provider: scheme, id: rest }
}

/** The filer behind a subject, ten digits: as our tables know it, or as its source_id says. */
export function cikOfSubject({ cik, source_id }: Subject): string | undefined {
  if (cik !== undefined) return cik
  const id = parseSourceId(source_id ?? '')
  return id.scheme === 'cik' ? id.cik : undefined
}

/** The id of the subject at a provider, as the universe says it beside the source_id or by it: `alpaca:…`. */
export function providerIdOf({ provider_id, source_id }: Subject): string | undefined {
  if (provider_id !== undefined) return provider_id
  return parseSourceId(source_id ?? '').scheme === 'provider' ? source_id : undefined
}

/** One security as a provider lists it. */
export interface Candidate {
  readonly figi?: string | null
  /** Ten digits. */
  readonly cik?: string | null
  /** `provider:id`, as a source_id would write it. */
  readonly provider_id?: string | null
  readonly ticker: string | null
}

export type Match<C> =
  | { readonly candidate: C; readonly by: 'figi' | 'cik' | 'provider_id' | 'ticker' }
  /**
   * More than one fits, or one fits by ticker and contradicts by filer. A finding for a person, never a
   * guess.
   */
  | { readonly ambiguous: string }
  | undefined

/**
 * Finds the candidate that is `subject`: by FIGI, then by CIK and class, then by the provider's id, and only
 * then by ticker. The first rule under which anything fits decides; if more than one candidate fits, the
 * answer is an ambiguity.
 */
export function matcher<C extends Candidate>(
  candidates: readonly C[],
  subjects: readonly Subject[] = [],
): (subject: Subject) => Match<C> {
  const ofOneFiler = Map.groupBy(subjects, (subject) => cikOfSubject(subject) ?? '')
  const by = (key: (candidate: C) => string | null | undefined): Map<string, C[]> => {
    const groups = Map.groupBy(candidates, (candidate) => key(candidate) ?? '')
    groups.delete('')
    return groups
  }
  const byFigi = by(({ figi }) => figi)
  const byCik = by(({ cik }) => cik)
  const byId = by(({ provider_id }) => provider_id)
  const byTicker = by(({ ticker }) => (ticker === null ? null : symbolKey(ticker)))

  return (subject) => {
    const id = parseSourceId(subject.source_id ?? '')
    const own_figi = id.scheme === 'figi' ? id.figi : subject.figi
    const figi = own_figi === undefined ? undefined : byFigi.get(own_figi)
    if (figi !== undefined) return only(figi, 'figi', `share class FIGI ${own_figi}`)
    const cik = cikOfSubject(subject)
    const filed = cik === undefined ? undefined : byCik.get(cik)
    if (cik !== undefined && filed !== undefined)
      return ofFiler(filed, subject, cik, (ofOneFiler.get(cik)?.length ?? 1) <= 1)
    const provider_id = providerIdOf(subject)
    const listed = provider_id === undefined ? undefined : byId.get(provider_id)
    if (listed !== undefined) return only(listed, 'provider_id', `id ${provider_id}`)
    return ofTicker(
      subject,
      cik,
      subject.ticker === undefined ? [] : (byTicker.get(symbolKey(subject.ticker)) ?? []),
    )
  }
}

/**
 * Matches all subjects of an ask. A candidate that one subject has by an id is nobody else's by its ticker.
 * Two subjects that find one candidate by its ticker alone are both ambiguous: a ticker that was handed on is
 * the last one of its former owner and of its present one.
 */
export function matchAll<C extends Candidate>(
  candidates: readonly C[],
  subjects: readonly Subject[],
): Map<Subject, Match<C>> {
  const match = matcher(candidates, subjects)
  const matches = new Map(subjects.map((subject) => [subject, match(subject)]))
  const claimed = new Set([...matches.values()].flatMap((found) => (isSure(found) ? [found.candidate] : [])))
  for (const [subject, found] of matches)
    if (hasCandidate(found) && found.by === 'ticker' && claimed.has(found.candidate))
      matches.set(subject, undefined)
  const byTicker = [...matches].filter(
    ([, found]) => found !== undefined && 'by' in found && found.by === 'ticker',
  )
  for (const some of Map.groupBy(byTicker, ([{ ticker }]) => symbolKey(ticker ?? '')).values()) {
    if (some.length < 2) continue
    const owners = some.map(([{ item }]) => item).join(' and ')
    const ticker = some[0]?.[0].ticker
    const ambiguous = `"${ticker}" is the last ticker of ${owners}; only one of them can have it today`
    for (const [subject] of some) matches.set(subject, { ambiguous })
  }
  return matches
}

const hasCandidate = <C>(found: Match<C>): found is Extract<Match<C>, { candidate: C }> =>
  found !== undefined && 'candidate' in found
/** Found by an id, which no other security can have. */
const isSure = <C>(found: Match<C>): found is Extract<Match<C>, { candidate: C }> =>
  hasCandidate(found) && found.by !== 'ticker'

/**
 * One filer may have several securities: the ticker distinguishes them among themselves, which it could not
 * in the whole market.
 *
 * The single line of a filer need not be the security that is meant: it is where it has the ticker, and,
 * after a rename, where the universe has but one security of the filer and both are of one kind by their
 * symbols.
 * A preferred is never found as the common stock of its filer; undefined then.
 */
function ofFiler<C extends Candidate>(
  filed: readonly C[],
  { ticker, source_id }: Subject,
  cik: string,
  isAlone: boolean,
): Match<C> {
  const named = filed.filter(
    (candidate) =>
      candidate.ticker !== null && ticker !== undefined && symbolKey(candidate.ticker) === symbolKey(ticker),
  )
  const [same] = named
  if (named.length === 1 && same !== undefined) return { candidate: same, by: 'cik' }
  const [single] = filed
  if (filed.length === 1 && single !== undefined) {
    const id = parseSourceId(source_id ?? '')
    const isLabelled = id.scheme === 'cik' && id.label !== undefined
    const isSameKind =
      ticker === undefined || single.ticker === null || kindOf(single.ticker) === kindOf(ticker)
    return isAlone && !isLabelled && isSameKind ? { candidate: single, by: 'cik' } : undefined
  }
  const tickers = filed.map((each) => each.ticker).join(', ')
  return {
    ambiguous: `filer ${cik} has ${filed.length} securities (${tickers}), none of them alone is "${ticker}"`,
  }
}

/** What a ticker says of its security: a class, the series of a preferred, a unit; without the root. */
function kindOf(ticker: string): string {
  const symbol = readAny(ticker)
  return symbol === undefined ? ticker : [symbol.kind, symbol.series, symbol.condition].join(' ')
}

function ofTicker<C extends Candidate>(
  subject: Subject,
  cik: string | undefined,
  named: readonly C[],
): Match<C> {
  const found = only(named, 'ticker', `ticker ${subject.ticker}`)
  if (found === undefined || 'ambiguous' in found) return found
  const other = found.candidate.cik
  // The ticker is today's, the filer is another: it was given away, and this is its new owner.
  if (cik !== undefined && other !== undefined && other !== null && other !== cik) {
    return { ambiguous: `"${subject.ticker}" is now the ticker of filer ${other}, not of ${cik}` }
  }
  // The subject gave the ticker up, as far as we know: whoever has it now is somebody else.
  const last = subject.tickers.at(-1)
  if (last !== undefined && last.valid_to !== null) {
    const given_up = `"${subject.ticker}" was given up on ${last.valid_to}`
    return { ambiguous: `${given_up}; who has it today need not be the same security` }
  }
  return found
}

function only<C>(found: readonly C[], by: 'figi' | 'provider_id' | 'ticker', what: string): Match<C> {
  const [candidate] = found
  if (candidate === undefined) return undefined
  return found.length === 1 ? { candidate, by } : { ambiguous: `${found.length} securities have the ${what}` }
}
