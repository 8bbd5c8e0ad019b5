import { productOf, type Ratio, scale } from '../../adapter/decimals.ts'
import { decimal } from '../../contract/fields.ts'
import type { LocatedRecord, SubjectEnd } from '../../contract/provider.ts'
import type { Unadjusting } from './given-mapping.ts'
import type { Tickers } from './tickers.ts'

interface Split extends Ratio {
  readonly ex_date: string
}
interface Product {
  readonly over: bigint
  readonly under: bigint
}

/** Digits after the point that a rebuilt value keeps: prices are traded in hundredths of a cent at the least. */
const PLACES_MAX = 4
const SIGNIFICANT_MAX = 18
/** A rebuilt price may be off by half a cent: more, and it is another price than the one that was traded. */
const ERROR_MAX = 0.005

/**
 * Rebuilds what was traded from what was divided by every later split up to the day `through`, from the
 * complete list of splits of the delivery, in exact arithmetic: prices are multiplied by the product of the
 * splits after their day, volumes divided. A value that was printed to too few digits for that is malformed.
 */
export class RebuiltPrices {
  readonly #splits = new Map<string, Split[]>()
  readonly #products = new Map<string, Product>()
  /** Items of which a split cannot be read: none of their prices before it can be rebuilt. */
  readonly #unreadable = new Map<string, string>()
  readonly #tickers: Tickers
  readonly #how: Unadjusting
  #splits_count = 0

  constructor(tickers: Tickers, how: Unadjusting) {
    this.#tickers = tickers
    this.#how = how
  }

  get splits_count(): number {
    return this.#splits_count
  }

  /** Takes records of corporate actions; those that are not splits are left out. */
  addSplits(records: readonly LocatedRecord[]): void {
    for (const { record, malformed } of records) {
      if (record['kind'] !== 'split') continue
      const ex_date = record['ex_date'] ?? ''
      const item = this.#tickers.itemOf(record, ex_date)
      if (item === undefined) continue
      const numerator = decimal(record['split_to'] ?? '')
      const denominator = decimal(record['split_from'] ?? '')
      const isReadable = malformed === undefined && /^\d{4}-\d{2}-\d{2}$/.test(ex_date)
      if (!isReadable || !isAboveZero(numerator) || !isAboveZero(denominator)) {
        this.#unreadable.set(item, `a split of ${ex_date || 'no day'} cannot be read`)
        continue
      }
      this.#add(item, { ex_date, numerator, denominator })
    }
  }

  #add(item: string, split: Split): void {
    const known = this.#splits.get(item) ?? []
    this.#splits.set(item, known)
    const same_day = known.find(({ ex_date }) => ex_date === split.ex_date)
    if (same_day === undefined) {
      known.push(split)
      this.#splits_count += 1
      return
    }
    const { over, under } = productOf([
      same_day,
      { numerator: split.denominator, denominator: split.numerator },
    ])
    if (over !== under) this.#unreadable.set(item, `two different splits are stated for ${split.ex_date}`)
  }

  /** The records of prices as they were traded. */
  prices = (records: readonly LocatedRecord[]): LocatedRecord[] =>
    records.map((located) => {
      const { record, malformed } = located
      const day = record['date'] ?? ''
      if (day > this.#how.through) {
        const late = `its day is after ${this.#how.through}, through which the prices are adjusted`
        return { ...located, malformed: malformed ?? late, is_readable: true }
      }
      const product = malformed === undefined ? this.#productAfter(record, day) : undefined
      if (product === undefined) return located
      const rebuilt = { ...record }
      for (const field of ['open', 'high', 'low', 'close'])
        if (field in record) rebuilt[field] = multiplied(record[field] ?? null, product)
      if (this.#how.volume === 'split' && 'volume' in record)
        rebuilt['volume'] = multiplied(record['volume'] ?? null, { over: product.under, under: product.over })
      return this.#judged({ ...located, record: rebuilt }, product)
    })

  /** The records of payments in rows of prices as they were paid. */
  cash = (records: readonly LocatedRecord[]): LocatedRecord[] =>
    records.map((located) => {
      const { record, malformed } = located
      if ((record['cash_amount'] ?? null) === null || malformed !== undefined) return located
      const product = this.#productAfter(record, record['ex_date'] ?? '')
      if (product === undefined) return located
      const cash_amount = multiplied(record['cash_amount'] ?? null, product)
      return this.#judged({ ...located, record: { ...record, cash_amount } }, product)
    })

  /** The ends of the items of which a split cannot be read. */
  ends = (): SubjectEnd[] =>
    [...this.#unreadable].map(([item, fault]) => ({
      item,
      status: 'failed',
      error_class: 'malformed',
      reason: `Its prices cannot be rebuilt from the adjusted ones: ${fault}. Correct splits/.`,
    }))

  /** The product of the splits after a day, 1 where there is none; undefined for what is not asked for. */
  #productAfter(record: LocatedRecord['record'], day: string): Product | undefined {
    const item = this.#tickers.itemOf(record, day)
    if (item === undefined) return undefined
    const own = this.#splits.get(item) ?? []
    const after = own.filter(({ ex_date }) => ex_date > day && ex_date <= this.#how.through)
    const key = `${item} ${after.length}`
    const product = this.#products.get(key) ?? productOf(after)
    this.#products.set(key, product)
    return product
  }

  #judged(located: LocatedRecord, { over, under }: Product): LocatedRecord {
    const ratio = Number(over) / Number(under)
    const error = (ratio * 10 ** -this.#how.decimals) / 2
    if (error <= ERROR_MAX) return located
    const malformed =
      `it is printed to ${this.#how.decimals} decimals and was divided by ${ratio}: ` +
      `the traded price is known to ${error} only, not to half a cent`
    return { ...located, malformed, is_readable: true }
  }
}

const isAboveZero = (text: string | undefined): text is string => text !== undefined && Number(text) > 0

/** Exact, then rounded to `PLACES_MAX` decimals; null and what is no number stay as they are. */
function multiplied(text: string | null, product: Product): string | null {
  const value = text === null ? undefined : decimal(text)
  return value === undefined ? text : scale(value, product, SIGNIFICANT_MAX, PLACES_MAX)
}
