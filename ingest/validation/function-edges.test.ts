import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'

// Functions of the schema whose thresholds decide what is derived: each is called on and just beyond them.
let scratch: Scratch
beforeAll(async () => {
  scratch = await scratchDatabase({ migrated: true })
})
afterAll(() => scratch?.drop())

/** The arguments of a function, and what it gives. */
type Call = readonly [args: string, gives: string | boolean | null]

const CALLS: Readonly<Record<string, readonly Call[]>> = {
  is_restatement: [
    ['null, 5', false],
    ['1234567, 1234567', false],
    // Half a million, of a value in millions.
    ['2000000, 2500000', false],
    ['2500000, 2000000', false],
    ['2000000, 2500001', true],
    ['2500001, 2000000', true],
    // Less, of two values of which neither is in millions.
    ['2100001, 2600001', true],
    // Half of a tenth of a million, of a value in tenths.
    ['2100000, 2150000', false],
    ['2150000, 2100000', false],
    ['2100000, 2150001', true],
    ['2150001, 2100000', true],
    ['2100001, 2150001', true],
    // Half a thousand, of a value in thousands.
    ['2101000, 2101500', false],
    ['2101500, 2101000', false],
    ['2101000, 2101501', true],
    ['2101501, 2101000', true],
    ['2101001, 2101002', true],
  ],
  is_scale_apart: [
    ['1000, 1', true],
    ['1, 1000', true],
    ['1000000, 1', true],
    ['1, 1000000', true],
    ['-1000, -1', true],
    ['1000, -1', false],
    ['0, 0', false],
    // 10 to the power of 0.02 is 1.0471.
    ['956, 1', true],
    ['954, 1', false],
    ['1047, 1', true],
    ['1048, 1', false],
    ['956000, 1', true],
    ['954000, 1', false],
    ['1047000, 1', true],
    ['1048000, 1', false],
    ['10000000, 1', false],
    ['10000, 1', false],
  ],
  period_kind: [
    ['79', null],
    ['80', 'quarter'],
    ['100', 'quarter'],
    ['101', null],
    ['109', null],
    ['110', 'quarter'],
    ['119', 'quarter'],
    ['120', null],
    ['165', null],
    ['166', 'half'],
    ['203', 'half'],
    ['204', null],
    ['249', null],
    ['250', 'nine_months'],
    ['290', 'nine_months'],
    ['291', null],
    ['349', null],
    ['350', 'year'],
    ['378', 'year'],
    ['379', null],
  ],
}

it.each(Object.entries(CALLS))('%s is right on its thresholds and beyond them', async (name, calls) => {
  const given = calls.map(([args], at) => `(${at}, stocks_research.${name}(${args}))`)
  const rows = await scratch.db.rows<{ gives: unknown }>(
    `select gives from (values ${given.join(', ')}) v (at, gives) order by at`,
  )
  expect(rows.map(({ gives }, at) => [calls[at]?.[0], gives])).toEqual(calls)
})
