import { z } from 'zod'

const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/)
/** Shapes of Alpaca's responses; strict, and held against recordings, as those of the SEC are. */
const page = { next_page_token: z.base64().nullable() }

export const bars = z.strictObject({
  bars: z.record(
    z.string(),
    z.array(
      z.strictObject({
        t: z.string().regex(/^\d{4}-\d{2}-\d{2}T0[45]:00:00Z$/),
        o: z.number().positive(),
        h: z.number().positive(),
        l: z.number().positive(),
        c: z.number().positive(),
        v: z.number().nonnegative(),
        n: z.int().nonnegative(),
        vw: z.number().positive(),
      }),
    ),
  ),
  ...page,
})

const event = { id: z.uuid(), process_date: day }
const one = { ...event, cusip: z.string(), symbol: z.string() }
const merger = {
  ...event,
  acquiree_cusip: z.string(),
  acquiree_symbol: z.string(),
  effective_date: day,
  payable_date: day,
}
const stock = {
  ...merger,
  acquiree_rate: z.number(),
  acquirer_cusip: z.string(),
  acquirer_rate: z.number(),
  acquirer_symbol: z.string(),
}
const rates = { new_rate: z.number(), old_rate: z.number() }
const cusips = { new_cusip: z.string(), old_cusip: z.string() }
const source = {
  source_cusip: z.string(),
  source_symbol: z.string(),
  new_cusip: z.string(),
  new_symbol: z.string(),
}

/** Groups without an event are left out. */
export const corporateActions = z.strictObject({
  corporate_actions: z.strictObject({
    reverse_splits: z
      .array(
        z.strictObject({
          ...event,
          ...rates,
          ...cusips,
          ex_date: day,
          record_date: day.optional(),
          payable_date: day.optional(),
          symbol: z.string(),
        }),
      )
      .optional(),
    forward_splits: z
      .array(
        z.strictObject({
          ...one,
          ...rates,
          ex_date: day,
          record_date: day.optional(),
          payable_date: day.optional(),
          due_bill_redemption_date: day.optional(),
        }),
      )
      .optional(),
    unit_splits: z
      .array(
        z.strictObject({
          ...event,
          ...rates,
          ...cusips,
          old_symbol: z.string(),
          new_symbol: z.string(),
          alternate_cusip: z.string(),
          alternate_rate: z.number(),
          alternate_symbol: z.string(),
          effective_date: day,
        }),
      )
      .optional(),
    stock_dividends: z
      .array(
        z.strictObject({
          ...one,
          rate: z.number(),
          ex_date: day,
          record_date: day.optional(),
          payable_date: day.optional(),
        }),
      )
      .optional(),
    cash_dividends: z
      .array(
        z.strictObject({
          ...one,
          rate: z.number(),
          special: z.boolean(),
          foreign: z.boolean(),
          ex_date: day,
          record_date: day.optional(),
          payable_date: day.optional(),
        }),
      )
      .optional(),
    spin_offs: z
      .array(
        z.strictObject({
          ...event,
          ...source,
          source_rate: z.number(),
          new_rate: z.number(),
          ex_date: day,
          record_date: day.optional(),
          payable_date: day.optional(),
        }),
      )
      .optional(),
    cash_mergers: z.array(z.strictObject({ ...merger, rate: z.number() })).optional(),
    stock_mergers: z.array(z.strictObject(stock)).optional(),
    stock_and_cash_mergers: z.array(z.strictObject({ ...stock, cash_rate: z.number() })).optional(),
    redemptions: z.array(z.strictObject({ ...one, rate: z.number(), payable_date: day })).optional(),
    name_changes: z
      .array(z.strictObject({ ...event, ...cusips, old_symbol: z.string(), new_symbol: z.string() }))
      .optional(),
    worthless_removals: z.array(z.strictObject(one)).optional(),
    rights_distributions: z
      .array(
        z.strictObject({
          ...event,
          ...source,
          rate: z.number(),
          ex_date: day,
          record_date: day,
          payable_date: day,
          expiration_date: day,
        }),
      )
      .optional(),
  }),
  ...page,
})

/** No recording of it exists here; written after the public documentation. */
export const assets = z.array(
  z.looseObject({
    id: z.uuid(),
    class: z.literal('us_equity'),
    exchange: z.string(),
    symbol: z.string().min(1),
    name: z.string(),
    status: z.enum(['active', 'inactive']),
    tradable: z.boolean(),
  }),
)

export const alpacaError = z.strictObject({ code: z.int().optional(), message: z.string().min(1) })
