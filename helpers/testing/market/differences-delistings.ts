import type { Database } from '../../postgres/database.ts'
import {
  add,
  divide,
  multiply,
  ONE,
  parseDecimal,
  type Rational,
  rational,
  subtract,
  toDecimal,
  ZERO,
} from '../../simulator/market/rational.ts'
import type { Security, World } from '../../simulator/market/types.ts'

/** How a listing of the simulated market really ended. */
export interface ExpectedDelisting {
  readonly delisting_code: string
  /** Exact; null if no source can report what holders received. */
  readonly delisting_return: Rational | null
}

/** The end of the listing of `security`; undefined while it is listed. */
export function expectedDelisting(world: World, security: Security): ExpectedDelisting | undefined {
  const ended = security.actions.find((action) => action.kind === 'delisting')
  const last = security.bars.at(-1)
  if (ended?.kind !== 'delisting' || last === undefined) return undefined
  const returnOf = (value: Rational): Rational =>
    subtract(divide(value, rational(BigInt(last.close_cents), 100n)), ONE)
  switch (ended.reason) {
    case 'voluntary':
    case 'unit_split':
      return { delisting_code: 'not_known', delisting_return: null }
    case 'bankruptcy':
      return { delisting_code: 'worthless', delisting_return: returnOf(ZERO) }
    case 'liquidation':
      return { delisting_code: 'liquidation', delisting_return: returnOf(paidAfter(security, last.date)) }
    case 'merger':
      return mergerOf(world, security, returnOf)
  }
}

function paidAfter({ actions }: Security, date: string): Rational {
  let paid = ZERO
  for (const action of actions)
    if (action.kind === 'liquidation' && action.ex_date > date) paid = add(paid, parseDecimal(action.amount))
  return paid
}

function mergerOf(
  world: World,
  security: Security,
  returnOf: (value: Rational) => Rational,
): ExpectedDelisting {
  const terms = security.actions.find((action) => action.kind === 'merger')
  if (terms?.kind !== 'merger') throw new RangeError(`${security.source_id} was merged without terms.`)
  const { acquirer_source_id, cash_rate, stock_rate, ex_date } = terms
  const acquirer = world.securities.find(({ source_id }) => source_id === acquirer_source_id)
  const close = acquirer?.bars.findLast(({ date }) => date <= ex_date)?.close_cents ?? 0
  const cash = cash_rate === null ? ZERO : parseDecimal(cash_rate)
  const shares = stock_rate === null ? ZERO : parseDecimal(stock_rate)
  const value = add(cash, multiply(shares, rational(BigInt(close), 100n)))
  const form = stock_rate === null ? 'merger_cash' : 'merger_stock'
  return {
    delisting_code: cash_rate !== null && stock_rate !== null ? 'merger_mixed' : form,
    delisting_return: returnOf(value),
  }
}

/** The view rounds to 12 decimals. */
const RETURN_MAX = 1e-11

/** One sentence for each row of `delistings_v` that is not what happened, and for each that is missing. */
export async function delistingDifferences(
  db: Database,
  world: World,
  named: ReadonlyMap<string, Security>,
): Promise<{ readonly differences: readonly string[]; readonly count: number; readonly returns: number }> {
  const rows = await db.rows<{
    source_id: string
    delisting_code: string
    delisting_return: string | null
    delisting_return_reason: string | null
  }>(`select source_id, delisting_code, delisting_return, delisting_return_reason
      from stocks_research.delistings_v`)
  const left = new Map(rows.map((row) => [row.source_id, row]))
  const differences: string[] = []
  let count = 0
  let returns = 0
  for (const [name, security] of named) {
    const expected = expectedDelisting(world, security)
    if (expected === undefined) continue
    count += 1
    const row = left.get(name)
    left.delete(name)
    const { delisting_code, delisting_return } = expected
    const wanted = delisting_return === null ? null : Number(toDecimal(delisting_return, 18))
    const got = row?.delisting_return ?? null
    const is_equal =
      wanted === null || got === null ? wanted === got : Math.abs(Number(got) - wanted) < RETURN_MAX
    if (wanted !== null && is_equal) returns += 1
    if (row?.delisting_code !== delisting_code || !is_equal)
      differences.push(
        `The end of ${name} is ${row?.delisting_code} with ${got} (${row?.delisting_return_reason}); ` +
          `it was ${delisting_code} with ${wanted}.`,
      )
  }
  for (const name of left.keys()) differences.push(`The listing of ${name} did not end.`)
  return { differences, count, returns }
}
