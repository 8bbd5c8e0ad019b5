import { z } from 'zod'

/**
 * How the files of one folder say what ours say otherwise. What is left out is as in `docs/flat-files.md`.
 */
export const given = z
  .strictObject({
    /** Our column → the name in their header. */
    columns: z.record(z.string(), z.string().min(1)),
    /** `YYYYMMDD`, `MM/DD/YYYY` and the like, or an epoch. ISO days when not given. */
    date_format: z
      .string()
      .regex(
        /^(?=.*YYYY)(?=.*MM)(?=.*DD)(YYYY|MM|DD|[^A-Za-z0-9])+$|^epoch_(s|ms|us|ns)$/,
        'must be made of YYYY, MM and DD, or be epoch_s, epoch_ms, epoch_us or epoch_ns',
      ),
    /** Zone in which a moment is a day. */
    timezone: z.string().refine(isZone, 'is no time zone, e.g. America/New_York').optional(),
    /** Words for "not known" besides the common ones. */
    nulls: z.array(z.string()),
    delimiter: z.enum([',', ';', '\t', '|']),
    decimal: z.enum(['.', ',']),
    /** Powers of ten that numbers are to be multiplied by, e.g. `{"close": "0.0001"}`. */
    scale: z.record(
      z.string(),
      z.string().regex(/^(0\.0{0,11}1|10{0,12})$/, 'must be a power of ten as text, e.g. "0.0001"'),
    ),
    symbol_transform: z.strictObject({
      strip_suffix: z.string().min(1).optional(),
      upper_case: z.boolean().optional(),
      replace: z.record(z.string().min(1), z.string()).optional(),
    }),
    /**
     * as_traded: whoever held the ticker on the day. last: the security that had it last, over its whole
     * history.
     */
    ticker_is: z.enum(['as_traded', 'last']),
    /** What the name of a file without its endings says. */
    file_name_is: z.enum(['ticker', 'source_id']).optional(),
    /** What prices are adjusted for. Only raw ones can be loaded. */
    adjusted: z.enum(['raw', 'split', 'total']),
    /** Their column of closes as traded, where the others are adjusted. */
    raw_close: z.string().min(1).optional(),
    /** Lines at the end that are no records. */
    skip_footer: z.int().min(0).max(100),
  })
  .partial()

/** A mapping as it can be written: what is left out is as in `docs/flat-files.md`. */
export type GivenMapping = z.infer<typeof given>

function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: zone })
    return true
  } catch {
    return false
  }
}
