import { readAny } from './notation.ts'

/**
 * What a security is. `stock` is common equity: common stock, ordinary shares, shares of beneficial interest,
 * units of a partnership. `fund` is a fund that is not exchange-traded, a closed-end fund for the most part.
 */
export type SecurityType =
  | 'stock'
  | 'preferred'
  | 'unit'
  | 'warrant'
  | 'right'
  | 'note'
  | 'adr'
  | 'etf'
  | 'fund'

/**
 * Words of a security's name, and what each says. The last one in the name decides: the company comes first.
 */
const WORDS: readonly (readonly [SecurityType, RegExp])[] = [
  ['preferred', /\bpreferred\b|\bpfd\b|\bpreference (?:shares?|stock)\b/gi],
  ['note', /\bnotes?\b|\bdebentures?\b|\bETNs?\b|\bdue (?:\w+ \d+, )?20\d\d\b/gi],
  ['warrant', /\bwarrants?\b/gi],
  ['right', /\brights?\b/gi],
  ['unit', /\bunits?\b/gi],
  // Depositary shares that no name calls American are a bank's preferreds, for the most part.
  ['adr', /\b(?:american|global) deposit[ao]ry shares?\b|\bdeposit[ao]ry receipts?\b/gi],
  ['adr', /\bADRs?\b|\bADSs?\b|\bGDRs?\b/gi],
  ['stock', /\bcommon (?:stock|shares?|units?)\b|\b(?:ordinary|capital|voting) (?:shares?|stock)\b/gi],
  ['stock', /\bregistry shares?\b/gi],
  ['stock', /\b(?:shares|units) of beneficial interests?\b|(?<=\btrust )units?\b/gi],
  ['stock', /\blimited partner(?:ship)? (?:interests?|units?)\b/gi],
  ['fund', /\bfund\b/gi],
]

/** What a security is made of or gives a right to follows these words, and is not what the security is. */
const TERMS = new RegExp(
  String.raw`\b(?:consisting of|compris(?:ed of|ing)|representing|repstg|exercisable|entitl|` +
    String.raw`convertible into|to (?:purchase|acquire)|(?<=\brights? )to)\b.*$`,
  'i',
)
const DEPOSITARY_PREFERRED = /\bdep(?:osit[ao]ry)? (?:shares?|shs)\b.*\b(?:preferred|preference|pfd)\b/i
const EACH = /[,(]\s*(?:each|one)\b.*$/i

/**
 * What the security is, by its symbol and by its name; null where neither says. An exchange's own flag for an
 * ETF decides unless the name says "notes": exchange-traded notes carry the flag too.
 */
export function securityTypeOf(security: {
  readonly ticker: string
  readonly name: string | null
  readonly is_etf: boolean
}): SecurityType | null {
  const { ticker, name, is_etf } = security
  const by_name = typeByName(name ?? '')
  if (is_etf) return /\bETNs?\b|\bexchange[- ]traded notes?\b/i.test(name ?? '') ? 'note' : 'etf'
  const kind = readAny(ticker)?.kind
  // Listed debt and corporate units have the symbol of a preferred: only the name shows it.
  if (kind === 'preferred') return by_name === 'note' || by_name === 'unit' ? by_name : 'preferred'
  if (kind === 'unit' || kind === 'warrant' || kind === 'right') return kind
  return by_name
}

function typeByName(name: string): SecurityType | null {
  // A depositary share of a preferred is a preferred; one of a common share is an ADR.
  if (DEPOSITARY_PREFERRED.test(name)) return 'preferred'
  const subject = name.replace(EACH, '').replace(TERMS, '')
  if (/\b(?:preferred|preference)(?: limited)?(?: partnership| partner)? (?:units?|interests?)\b/i.test(name))
    return 'preferred'
  // A preferred with a term, "7.00% Series D Term Preferred Stock due 2029", is repaid as a note is.
  if (/\bterm preferred (?:stock|shares?)\b/i.test(name)) return 'preferred'
  // "American Depositary Shares, one hundred and fifty (150) Class A Ordinary Shares" are not those shares.
  if (/\b(?:american|global) deposit[ao]ry\b/i.test(subject) && !/\bwarrants?\b|\brights?\b/i.test(subject))
    return 'adr'
  if (/\bdeposit[ao]ry shares?\b.*\b(?:ordinary|common)\b/i.test(name)) return 'adr'
  if (/\bETF$/.test(subject)) return 'etf'
  // Units of a partnership are its common equity.
  if (/\b(?:L\.?\s?P\.?|partnership|partners)\b.*\bunits?\b|\bcommon units?\b/i.test(name)) {
    if (!/\bwarrants?\b|\bpreferred\b/i.test(name)) return 'stock'
  }
  let found: SecurityType | null = null
  let last = -1
  for (const [type, words] of WORDS) {
    for (const match of subject.matchAll(words)) {
      if (match.index < last) continue
      found = type
      last = match.index
    }
  }
  // "… Fund, Inc. Common Stock" and "… Fund Common Shares" are shares of a fund.
  if (found === 'stock' && /\bfund\b/i.test(subject)) return 'fund'
  return found
}
