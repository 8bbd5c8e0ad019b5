import { z } from 'zod'

const DATE_FORMAT =
  /^(?=.*YYYY)(?=.*MM)(?=.*DD)(YYYY|MMMM|MMM|MM|DD|HH|mm|ss|T|[^A-Za-z0-9])+$|^epoch_(s|ms|us|ns)$/

/**
 * How prices that are adjusted for splits are rebuilt: every key is needed, since a guess would be wrong
 * prices.
 */
const unadjusting = z.strictObject({
  /** The day through which they are adjusted: that of the download. */
  through: z.iso.date('must be a day, e.g. 2024-12-31'),
  /** To how many decimals they are printed. */
  decimals: z.int().min(0).max(15),
  /** Whether volumes were multiplied by the splits. */
  volume: z.enum(['raw', 'split']),
  /** Whether payments in the rows were divided by the splits. */
  cash: z.enum(['raw', 'split']),
})
export type Unadjusting = z.infer<typeof unadjusting>

/** How the files of one folder differ from the layout. A key that is left out has its default. */
export const given = z
  .strictObject({
    /** Our column → the name in their header, or its position from 1. */
    columns: z.record(z.string(), z.union([z.string().min(1), z.int().min(1)])),
    /** Header rows: 0 for none, 1 by default. The first of several names the columns. */
    header_rows: z.int().min(0).max(10),
    /** `YYYYMMDD`, `DD-MMM-YYYY` and the like, or an epoch. ISO days and month names by default. */
    date_format: z
      .string()
      .regex(
        DATE_FORMAT,
        'must be made of YYYY, MM (or MMM, MMMM for names of months), DD, HH, mm, ss and signs, ' +
          'or be epoch_s, epoch_ms, epoch_us or epoch_ns',
      ),
    /** Zone in which a moment becomes a day. */
    timezone: z.string().refine(isZone, 'is not a time zone, e.g. America/New_York').optional(),
    /** Words for "not known" besides the common ones. */
    nulls: z.array(z.string()),
    delimiter: z.enum([',', ';', '\t', '|', ' ']),
    decimal: z.enum(['.', ',']),
    /** The sign between groups of three digits. */
    thousands: z.enum([',', '.', "'", ' ']).optional(),
    /** A sign before or after numbers, e.g. `$`. */
    currency_sign: z.string().min(1).max(4).optional(),
    /** True where `10.52M` is 10,520,000: K, M, B and T. */
    unit_suffixes: z.boolean(),
    /** Powers of ten that numbers are multiplied by, e.g. `{"close": "0.0001"}`. */
    scale: z.record(
      z.string(),
      z.string().regex(/^(0\.0{0,11}1|10{0,12})$/, 'must be a power of ten as text, e.g. "0.0001"'),
    ),
    symbol_transform: z.strictObject({
      strip_suffix: z.string().min(1).optional(),
      upper_case: z.boolean().optional(),
      replace: z.record(z.string().min(1), z.string()).optional(),
    }),
    /** as_traded: the security that held the ticker on the day. last: the one that held it last. */
    ticker_is: z.enum(['as_traded', 'last']),
    /** What the name of a file, without its endings, is. */
    file_name_is: z.enum(['ticker', 'source_id']).optional(),
    /** What prices are adjusted for. Only raw prices, and those that can be rebuilt, can be loaded. */
    adjusted: z.enum(['raw', 'split', 'total']),
    /** For prices that are adjusted for splits alone, beside the complete list of splits. */
    unadjust: unadjusting.optional(),
    /** Their column of closes as traded, where the others are adjusted. */
    raw_close: z.string().min(1).optional(),
    /** What a close of 0 or less means: an error, or (CRSP) a day without a trade. */
    close_not_above_zero: z.enum(['error', 'no_trade']),
    /** Lines at the end that are not records. */
    skip_footer: z.int().min(0).max(100),
  })
  .partial()

/** A mapping as it can be written: a key that is left out has its default. */
export type GivenMapping = z.infer<typeof given>

function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: zone })
    return true
  } catch {
    return false
  }
}
