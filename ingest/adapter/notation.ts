/**
 * One form for the symbol of a security, and its spelling in each notation of the market:
 *
 *     security            ours, Alpaca   SEC, Yahoo   CQS       Nasdaq     ACT (directory)
 *     common stock        ABR            ABR          ABR       ABR        ABR
 *     class B             BRK.B          BRK-B        BRK.B     BRK.B      BRK.B
 *     preferred, no series ETI.PR        ETI-P        ETIp      ETI-       ETI$
 *     preferred, series D ABR.PRD        ABR-PD       ABRpD     ABR-D      ABR$D
 *     unit                AACT.U         AACT-UN      AACT.U    AACT=      AACT.U
 *     warrant             AP.WS          AP-WT        AP.WS     AP+        AP.W
 *     warrant, series A   TDW.WS.A       TDW-WTA      TDW.WS.A  TDW+A      —
 *     right               CELG.RT        CELG-RI      CELGr     CELG^      CELG.R
 *     when issued         LEN.WI         LEN-WI       LENw      LEN#       —
 *     when distributed    LEN.WD         —            LEN.WD    LEN$       —
 *     called              ABR.PRD.CL     —            ABRpD.CL  ABR-D*     —
 *     convertible         ABC.CV         —            ABC.CV    ABC%       —
 *
 * The fifth letter of a Nasdaq-listed symbol (AACIU, AACIW) is a part of the root: every provider writes it
 * so.
 * CQS is the notation of the consolidated tape. A dash means a class to the SEC and a preferred to Nasdaq, so
 * the notation of a source is named where it is known.
 */
export type Notation = 'ours' | 'alpaca' | 'sec' | 'yahoo' | 'cqs' | 'nasdaq' | 'act'

/** What a security is by its symbol. `none`: nothing beside the root; most often a common stock. */
export type SymbolKind = 'none' | 'class' | 'preferred' | 'unit' | 'warrant' | 'right'
export type Condition = 'WI' | 'WD' | 'CL' | 'CV'

export interface ListedSymbol {
  readonly root: string
  readonly kind: SymbolKind
  /** Class of a share, series of a preferred or of a warrant; one letter, or empty. */
  readonly series: string
  /** When issued, when distributed, called, convertible. */
  readonly condition: Condition | ''
}

/** For one notation: what is written after the root for each kind, and for each condition. */
interface Spelling {
  readonly kinds: Readonly<Partial<Record<Exclude<SymbolKind, 'none'>, readonly [string, ...string[]]>>>
  /** What separates a warrant from its series. */
  readonly warrant_series: string | undefined
  readonly conditions: Readonly<Partial<Record<Condition, string>>>
}

// The first spelling of a kind is the one that is written; the others are read too.
const DASHED: Spelling = {
  kinds: {
    class: ['-'],
    preferred: ['-P', '-PR'],
    unit: ['-UN', '-U'],
    warrant: ['-WT', '-WS', '-W'],
    right: ['-RI', '-RT', '-R'],
  },
  warrant_series: '',
  conditions: { WI: '-WI' },
}
const DOTTED: Spelling = {
  kinds: {
    class: ['.'],
    preferred: ['.PR', '.PR.'],
    unit: ['.U', '.UN'],
    warrant: ['.WS', '.WT', '.W'],
    right: ['.RT', '.RI', '.R'],
  },
  warrant_series: '.',
  conditions: { WI: '.WI', WD: '.WD', CL: '.CL', CV: '.CV' },
}
const SPELLINGS: Readonly<Record<Notation, Spelling>> = {
  ours: DOTTED,
  alpaca: DOTTED,
  sec: DASHED,
  yahoo: DASHED,
  cqs: {
    kinds: { class: ['.'], preferred: ['p'], unit: ['.U'], warrant: ['.WS'], right: ['r'] },
    warrant_series: '.',
    conditions: { WI: 'w', WD: '.WD', CL: '.CL', CV: '.CV' },
  },
  nasdaq: {
    kinds: { class: ['.'], preferred: ['-'], unit: ['='], warrant: ['+'], right: ['^'] },
    warrant_series: '',
    conditions: { WI: '#', WD: '$', CL: '*', CV: '%' },
  },
  act: {
    kinds: { class: ['.'], preferred: ['$'], unit: ['.U'], warrant: ['.W', '.WS'], right: ['.R'] },
    warrant_series: undefined,
    conditions: {},
  },
}

/** A class letter that would be read as another kind: a class U cannot be distinguished from a unit. */
const NO_CLASS: Readonly<Partial<Record<Notation, RegExp>>> = {
  ours: /[URW]/,
  alpaca: /[URW]/,
  sec: /[PURW]/,
  yahoo: /[PURW]/,
  cqs: /U/,
  // ACT writes V for "when issued" and for a class: its other columns tell which.
  act: /[URWV]/,
}

const ROOT = /^[A-Z0-9]{1,9}$/
const SERIES = /^[A-Z]?$/

/** The symbol as `notation` writes it; undefined where that notation has no spelling for it. */
export function write(
  { root, kind, series, condition }: ListedSymbol,
  notation: Notation,
): string | undefined {
  const spelling = SPELLINGS[notation]
  const end = condition === '' ? '' : spelling.conditions[condition]
  const mark = kind === 'none' ? '' : spelling.kinds[kind]?.[0]
  if (end === undefined || mark === undefined) return undefined
  if (kind === 'class' && NO_CLASS[notation]?.test(series) === true) return undefined
  if (kind === 'class' && series === '') return undefined
  if ((kind === 'none' || kind === 'unit' || kind === 'right') && series !== '') return undefined
  if (kind !== 'warrant' || series === '') return `${root}${mark}${series}${end}`
  return spelling.warrant_series === undefined
    ? undefined
    : `${root}${mark}${spelling.warrant_series}${series}${end}`
}

const KINDS: readonly SymbolKind[] = ['none', 'unit', 'warrant', 'right', 'preferred', 'class']

/** The symbol that `text` means in `notation`; undefined when it has no such form. */
export function read(text: string, notation: Notation): ListedSymbol | undefined {
  for (const [condition, end] of [...Object.entries(SPELLINGS[notation].conditions), ['', '']] as const) {
    if (!text.endsWith(end)) continue
    const found = readKind(text.slice(0, text.length - end.length), notation)
    if (found !== undefined) return { ...found, condition: condition as ListedSymbol['condition'] }
  }
  return undefined
}

function readKind(text: string, notation: Notation): Omit<ListedSymbol, 'condition'> | undefined {
  const { kinds, warrant_series } = SPELLINGS[notation]
  for (const kind of KINDS) {
    if (kind === 'none') {
      if (ROOT.test(text)) return { root: text, kind, series: '' }
      continue
    }
    for (const mark of kinds[kind] ?? []) {
      const at = text.indexOf(mark)
      if (at <= 0) continue
      const root = text.slice(0, at)
      let series = text.slice(at + mark.length)
      if (kind === 'warrant' && series !== '' && warrant_series !== undefined) {
        if (!series.startsWith(warrant_series)) continue
        series = series.slice(warrant_series.length)
      }
      if (!ROOT.test(root) || !SERIES.test(series)) continue
      if (kind === 'class' && (series === '' || NO_CLASS[notation]?.test(series) === true)) continue
      if ((kind === 'unit' || kind === 'right') && series !== '') continue
      if (kind === 'warrant' && warrant_series === undefined && series !== '') continue
      return { root, kind, series }
    }
  }
  return undefined
}

/**
 * The symbol that `text` means where its notation is not known, as in a universe that people write: the text
 * itself shows it. A dash is read as the SEC and Yahoo write it, a blank or a slash as a dot.
 */
export function readAny(text: string): ListedSymbol | undefined {
  const symbol = text.trim().replace(/[ /_]/g, '.')
  // Small letters mean something to CQS alone; a text that is no symbol as it is may be one in capitals.
  const capitals = symbol.toUpperCase()
  return readMarked(symbol) ?? readMarked(capitals) ?? readPreferred(capitals)
}

/** `BAC^E` of the screener of Nasdaq.com, `BAC/PE` of charts, `BAC-P-E`: in none of the notations above. */
function readPreferred(symbol: string): ListedSymbol | undefined {
  const [, root, series] = /^([A-Z0-9]{1,9})(?:\^|\.P|[.-]P[.-])([A-Z])$/.exec(symbol) ?? []
  if (root === undefined || series === undefined) return undefined
  return { root, kind: 'preferred', series, condition: '' }
}

function readMarked(symbol: string): ListedSymbol | undefined {
  const isNasdaq = /[=+^#*%]/.test(symbol)
  const notations: readonly Notation[] = isNasdaq ? ['nasdaq'] : ['ours', 'sec', 'cqs', 'act']
  for (const notation of notations) {
    const found = read(symbol, notation)
    if (found !== undefined) return found
  }
  return undefined
}

// A market has ten thousand symbols and millions of bars.
const keys = new Map<string, string>()
const KEYS_REMEMBERED_MAX = 100_000

/**
 * One text for each security, whatever notation `ticker` is in; the ticker itself where it has no known form.
 */
export function symbolKey(ticker: string): string {
  const known = keys.get(ticker)
  if (known !== undefined) return known
  const symbol = readAny(ticker)
  const key = (symbol === undefined ? undefined : write(symbol, 'ours')) ?? ticker.trim().toUpperCase()
  if (keys.size < KEYS_REMEMBERED_MAX) keys.set(ticker, key)
  return key
}

/** `symbol` of a provider as our tables keep it; as it is where `notation` has no such form. */
export function tickerFrom(symbol: string, notation: Notation): string {
  const found = read(symbol, notation)
  return (found === undefined ? undefined : write(found, 'ours')) ?? symbol
}

/** `ticker` as a provider writes it; undefined where its notation has no spelling for it. */
export function tickerFor(ticker: string, notation: Notation): string | undefined {
  const symbol = readAny(ticker)
  return symbol === undefined ? ticker : write(symbol, notation)
}

const CUSIP = /^[0-9A-Z]{5}[0-9A-Z*@#]{3}[0-9]$/

/** Whether `text` is a CUSIP, which brokers use as a symbol while a change is under way: never a ticker. */
export function isCusip(text: string): boolean {
  if (!CUSIP.test(text) || !/\d/.test(text.slice(0, 8))) return false
  let sum = 0
  for (const [i, character] of [...text.slice(0, 8)].entries()) {
    const value = (/\d/.test(character) ? Number(character) : cusipValue(character)) * (i % 2 === 0 ? 1 : 2)
    sum += Math.floor(value / 10) + (value % 10)
  }
  return (10 - (sum % 10)) % 10 === Number(text[8])
}
const cusipValue = (character: string): number => {
  const special = '*@#'.indexOf(character)
  return special === -1 ? character.charCodeAt(0) - 55 : 36 + special
}
