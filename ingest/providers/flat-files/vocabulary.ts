import { DELISTING_CODES } from '../../contract/fields.ts'

/**
 * The words that vendors use for kinds of events, and ours. A word that is not listed is rejected by name: a
 * split that is taken for a dividend would be worse than a missing one.
 */
type Words = Readonly<Record<string, readonly string[]>>

export const SPLIT_KINDS: Words = {
  split: [
    'split',
    'stock_split',
    'forward_split',
    'reverse_split',
    'forward',
    'reverse',
    'consolidation',
    'bonus',
  ],
  stock_dividend: ['stock_dividend', 'sd'],
  spin_off: ['spin_off', 'spinoff'],
}

export const DIVIDEND_KINDS: Words = {
  cash_dividend: [
    'cash_dividend',
    'dividend',
    'cash',
    'cd',
    'ordinary',
    'ordinary_dividend',
    'regular',
    'regular_cash',
    'recurring',
    'normal',
    'interim',
    'final',
    'qualified',
    'income',
    'cash_div',
    'div',
    'monthly',
    'quarterly',
    'semi_annual',
    'annual',
    // Distributions of capital gains are paid in cash: Massive writes LT and ST.
    'capital_gain',
    'capital_gains',
    'lt',
    'st',
  ],
  special_dividend: ['special_dividend', 'special', 'special_cash', 'sc', 'extra', 'extraordinary'],
  return_of_capital: ['return_of_capital', 'roc'],
  liquidation: ['liquidation', 'liquidating', 'liquidating_dividend'],
  spin_off: ['spin_off', 'spinoff', 'spinoff_dividend'],
}

export const DELISTING_KINDS: Words = {
  delisting: [
    'delisting',
    'delisted',
    'voluntary',
    'voluntary_delisting',
    'regulatory',
    'regulatory_delisting',
    'bankruptcy',
    'bankruptcy_liquidation',
    'liquidation',
    'liquidated',
    'worthless_removal',
    'worthless',
    'moved_to_otc',
    'moved_exchange',
    'redemption',
    'redeemed',
    'expired',
    'going_private',
    'not_known',
  ],
  merger: [
    'merger',
    'merged',
    'cash_merger',
    'merger_cash',
    'stock_merger',
    'merger_stock',
    'stock_and_cash_merger',
    'merger_mixed',
    'acquisition',
    'acquired',
    'takeover',
  ],
  spin_off: ['spin_off', 'spinoff'],
  name_change: ['name_change', 'ticker_change'],
}

/** What some of these words say of how the listing ended. Bankruptcy alone does not say what was paid. */
const DELISTING_CODE_OF: Readonly<Record<string, (typeof DELISTING_CODES)[number]>> = {
  cash_merger: 'merger_cash',
  stock_merger: 'merger_stock',
  stock_and_cash_merger: 'merger_mixed',
  liquidated: 'liquidation',
  worthless_removal: 'worthless',
  redemption: 'redeemed',
}
const CODES: ReadonlySet<string> = new Set(DELISTING_CODES)

/** The delisting code that a vendor's word for the kind says; undefined when it says none. */
export function delistingCodeOf(kind: string): string | undefined {
  const word = wordOf(kind)
  return CODES.has(word) ? word : DELISTING_CODE_OF[word]
}

/** `Special-Cash`, `special cash` and `special_cash` are one word. */
const wordOf = (text: string): string =>
  text
    .trim()
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')

type Fields = Record<string, string | null>

/**
 * Sets the kind of an event to ours, and keeps the vendor's own word as `stated_kind`. `when_missing` is the
 * kind of a record that states none. Returns the fault of a record whose kind is unknown; the record keeps
 * it.
 */
export function kindIs(words: Words, when_missing?: string): (record: Fields) => string | undefined {
  const kinds = new Map(
    Object.entries(words).flatMap(([kind, list]) => list.map((word): [string, string] => [word, kind])),
  )
  return (record) => {
    const stated = record['kind'] ?? null
    if (stated === null) {
      if (when_missing === undefined) return 'kind is missing'
      record['kind'] = when_missing
      return undefined
    }
    const kind = kinds.get(wordOf(stated))
    if (kind === undefined)
      return (
        `kind is "${stated.slice(0, 60)}", which is unknown here; the kinds are ` +
        `${Object.keys(words).join(', ')}`
      )
    if (stated !== kind) record['stated_kind'] = stated
    record['kind'] = kind
    return undefined
  }
}

/** United States: exchanges, their segments, and the markets outside exchanges. */
const MICS_HERE = [
  ['XNYS', 'XNAS', 'XASE', 'ARCX', 'BATS', 'BATY', 'EDGA', 'EDGX', 'IEXG', 'MEMX', 'EPRL', 'LTSE', 'XCHI'],
  ['XBOS', 'XPHL', 'XPSX', 'XCIS', 'XTXS', 'XNCM', 'XNGS', 'XNMS', 'XADF', 'AMXO', 'CXNS', 'XBZX'],
  ['OTCM', 'OTCB', 'OTCQ', 'OTCI', 'PINX', 'PINL', 'PINI', 'PINC', 'EXPM', 'PSGM', 'CAVE', 'XOTC', 'FINR'],
].flat()
/** Elsewhere, for securities that are also listed there. */
const MICS_ELSEWHERE = [
  ['XTSE', 'XTSX', 'XCNQ', 'NEOE', 'XLON', 'AIMX', 'XETR', 'XFRA', 'XPAR', 'XAMS', 'XBRU', 'XLIS', 'XDUB'],
  ['XMIL', 'MTAA', 'XMAD', 'BMEX', 'XSWX', 'XVTX', 'XSTO', 'XCSE', 'XHEL', 'XOSL', 'XWBO', 'XWAR', 'XTAE'],
  ['XTKS', 'XHKG', 'XASX', 'XNZE', 'XSES', 'XKRX', 'XTAI', 'XSHG', 'XSHE', 'XBOM', 'XNSE', 'XJSE', 'BVMF'],
  ['XMEX', 'XBUE', 'XSGO', 'XIST'],
].flat()
const MICS = new Set([...MICS_HERE, ...MICS_ELSEWHERE])
/** Names of exchanges that vendors write where a MIC is expected. */
const MIC_OF: Readonly<Record<string, string>> = {
  nyse: 'XNYS',
  nasdaq: 'XNAS',
  nasd: 'XNAS',
  amex: 'XASE',
  nyse_american: 'XASE',
  nyse_mkt: 'XASE',
  arca: 'ARCX',
  nyse_arca: 'ARCX',
  bats: 'BATS',
  cboe: 'BATS',
  iex: 'IEXG',
  otc: 'OTCM',
  pink: 'PINX',
}

const CURRENCIES = new Set(Intl.supportedValuesOf('currency'))

const SECURITY_TYPES = new Set(
  [
    ['stock', 'common_stock', 'common', 'common_shares', 'ordinary_shares', 'equity', 'share', 'cs', 'os'],
    ['etf', 'etn', 'etp', 'etv', 'ets', 'etc', 'fund', 'cef', 'closed_end_fund', 'mutual_fund', 'mlp', 'lp'],
    ['reit', 'trust', 'spac', 'adr', 'ads', 'adrc', 'adrp', 'adrr', 'adrw', 'gdr', 'depositary_receipt'],
    ['preferred', 'preferred_stock', 'preferred_shares', 'pfd', 'unit', 'warrant', 'right', 'rights', 'note'],
    [
      'bond',
      'debenture',
      'sp',
      'structured_product',
      'when_issued',
      'tracking_stock',
      'ny_registered_shares',
    ],
  ].flat(),
)

type Check = (text: string) => string | undefined

/** In one case: vendors write hundredths in two, `GBp` for pence and `ZAc` for cents. */
function currencyFault(column: string, text: string): string | undefined {
  const isInOneCase = text === text.toUpperCase() || text === text.toLowerCase()
  if (isInOneCase && CURRENCIES.has(text.toUpperCase())) return undefined
  const hundredths = isInOneCase ? '' : ' (in two cases it may mean hundredths, as GBp does)'
  return `${column} is "${text.slice(0, 60)}", not a known ISO 4217 code${hundredths}`
}

/** A measure, or one measure for another, as XBRL writes them: USD, shares, USD/shares, bbl. */
const UNIT = /^[A-Za-z][\w.-]*(\/[A-Za-z][\w.-]*)?$/
/** Forms as EDGAR writes them: 10-K, 10-Q/A, 424B3, N-CSR, DEF 14A. */
const FORM = /^[A-Z0-9][A-Z0-9 -]*(\/A)?$/
/** A form of a number and letters without a dash is one of the few that have three digits. */
const WITHOUT_DASH = /^\d{1,2}[A-Z]/

const DAILY = new Set(['d', '1d', 'day', 'daily', '1day', '1_day', 'p1d', 'ohlcv_1d', 'eod', 'end_of_day'])
const MARKETS_ELSEWHERE = new Set(
  [
    MICS_ELSEWHERE.map((mic) => mic.toLowerCase()),
    [
      'lse',
      'london',
      'tsx',
      'tsxv',
      'toronto',
      'xetra',
      'frankfurt',
      'euronext',
      'paris',
      'amsterdam',
      'six',
    ],
    [
      'milan',
      'madrid',
      'stockholm',
      'tokyo',
      'tse',
      'jpx',
      'hkex',
      'hkse',
      'sehk',
      'asx',
      'nse',
      'bse',
      'sgx',
    ],
    ['krx', 'twse', 'sse', 'szse', 'jse', 'b3', 'bovespa', 'moex'],
  ].flat(),
)
const DOLLARS = new Set(['usd', 'dollar', 'dollars', 'us_dollar', 'us_dollars', 'usd_share', 'usd_per_share'])
const REGULAR = new Set(['regular', 'reg', 'rth', 'regular_hours', 'regular_trading_hours', 'normal', 'day'])

/** What a column beside prices says of the bar: a bar of another kind is rejected by name. */
const BAR_CHECKS: Readonly<Record<string, Check>> = {
  bar_period: (text) =>
    DAILY.has(wordOf(text)) ? undefined : `its period is "${text.slice(0, 60)}"; only daily bars are loaded`,
  bar_market: (text) =>
    MARKETS_ELSEWHERE.has(wordOf(text))
      ? `its exchange is "${text.slice(0, 60)}"; only bars of the United States are loaded`
      : undefined,
  bar_unit: (text) =>
    DOLLARS.has(wordOf(text)) || text.trim() === '$'
      ? undefined
      : `its unit is "${text.slice(0, 60)}"; prices are stored in US dollars, and are not converted`,
  bar_session: (text) =>
    REGULAR.has(wordOf(text)) || /^\d{4}-\d\d-\d\d/.test(text.trim())
      ? undefined
      : `its session is "${text.slice(0, 60)}"; only bars of regular trading hours are loaded`,
}

/** Fields of a closed vocabulary: what is wrong with a word that is not in it. */
export const WORD_CHECKS: Readonly<Record<string, Check>> = {
  ...BAR_CHECKS,
  exchange_mic(text) {
    if (MICS.has(text.toUpperCase())) return undefined
    const hint = MIC_OF[wordOf(text)]
    const advice = hint === undefined ? '' : ` (write ${hint})`
    return `exchange_mic is "${text.slice(0, 60)}", not a known ISO 10383 code${advice}`
  },
  currency: (text) => currencyFault('currency', text),
  from_currency: (text) => currencyFault('from', text),
  to_currency: (text) => currencyFault('to', text),
  unit(text) {
    const isCurrency = text !== text.toUpperCase() && CURRENCIES.has(text.toUpperCase())
    if (UNIT.test(text) && !isCurrency) return undefined
    const advice = isCurrency ? ` (write ${text.toUpperCase()})` : ' (USD, shares, USD/shares, pure …)'
    return `unit is "${text.slice(0, 60)}", not a unit of XBRL${advice}`
  },
  form: (text) =>
    FORM.test(text) && !WITHOUT_DASH.test(text)
      ? undefined
      : `form is "${text.slice(0, 60)}", not a form of EDGAR (10-K, 10-Q/A, 20-F …)`,
  type: (text) =>
    SECURITY_TYPES.has(wordOf(text))
      ? undefined
      : `type is "${text.slice(0, 60)}", an unknown type of security; docs/flat-files.md lists the ` +
        'known ones',
}
