import type { Mutant } from './sample.ts'

/** A mutant that no test notices, and why. */
interface Survivor {
  readonly file: string
  /** The changed lines as the mutant has them; empty for a removed line, which `from` then names. */
  readonly to: string
  readonly from?: string
  /** `equivalent`: no input gives another result. `accepted`: an input does, and no test is worth its cost. */
  readonly verdict: 'equivalent' | 'accepted'
  readonly reason: string
}

const check = (name: string): string => `ingest/validation/checks/${name}.sql`
/** Lines of a check that give the same rows. */
const equal = (name: string, reason: string, ...lines: string[]): Survivor[] =>
  lines.map((to) => ({ file: check(name), to, verdict: 'equivalent', reason }))
/** Lines of a check without which it gives the same rows. */
const needless = (name: string, reason: string, ...lines: string[]): Survivor[] =>
  lines.map((from) => ({ file: check(name), to: '', from, verdict: 'equivalent', reason }))
const COARSE = 'a first selection at a lower cost; a later condition is stricter'
const APART = 'the ranges of two ratios do not overlap, so one ratio is found at most'
const UNKNOWN = 'a condition that is null is no violation by itself, and hides no other one'
const byRatio = (down: string, up: string): string =>
  `order by m.source_id, m.trade_date, least(${down}, ${up})`

const SURVIVORS: readonly Survivor[] = [
  ...['jump-without-action', 'split-like-jump'].flatMap((name) =>
    equal(
      name,
      COARSE,
      'where close >= 1.15 * before_close or close < 0.87 * before_close',
      'where close > 1.15 * before_close or close <= 0.87 * before_close',
    ),
  ),
  ...equal('jump-without-action', 'both are less than two', 'and coalesce(m.traded_ratio, 1) < 2'),
  ...equal(
    'spike-reverts',
    COARSE,
    'where x.close >= 1.0299 * x.before_close or x.close < 0.9701 * x.before_close',
    'where x.close > 1.0299 * x.before_close or x.close <= 0.9701 * x.before_close',
  ),
  ...equal(
    'spike-reverts',
    '0.03 is no multiple of 2 to the power of -53, and a quotient less 1 is',
    'where abs(b.move) >= 0.03',
  ),
  ...equal(
    'split-like-jump',
    APART,
    byRatio('abs(m.growth * k.ratio - 1)', 'abs(m.growth / k.ratio - 1)').replace('least', 'greatest'),
    byRatio('abs(m.growth / k.ratio - 1)', 'abs(m.growth / k.ratio - 1)'),
    byRatio('abs(m.growth * k.ratio + 1)', 'abs(m.growth / k.ratio - 1)'),
    byRatio('abs(m.growth * k.ratio - 2)', 'abs(m.growth / k.ratio - 1)'),
    byRatio('abs(m.growth * k.ratio - 1)', 'abs(m.growth * k.ratio - 1)'),
    byRatio('abs(m.growth * k.ratio - 1)', 'abs(m.growth / k.ratio + 1)'),
    byRatio('abs(m.growth * k.ratio - 1)', 'abs(m.growth / k.ratio - 2)'),
  ),
  ...equal(
    'price-positive',
    UNKNOWN,
    'and (p.volume) >= 0',
    'and coalesce(p.volume, 1) >= 0',
    "and (p.volume) < 'Infinity')",
    "and coalesce(p.volume, 1) < 'Infinity')",
  ),
  ...needless('foreign-keys-present', 'only a foreign key refers to another table', "and f.contype = 'f'"),
  ...needless(
    'cash-reported-twice',
    'the comparison of both keys, which begin with the day, says so',
    'and b.ex_date >= a.ex_date',
  ),
  ...['second-source-cash', 'second-source-split'].flatMap((name) =>
    equal(
      name,
      'one compared close, or none, has no day after the first and up to the last one',
      'where c.compared_count >= 0',
      'where c.compared_count > 1',
    ),
  ),
  {
    file: 'migrations/016-derive-quarters.sql',
    to: 'where b.known_from <= b.known_to',
    verdict: 'equivalent',
    reason: 'an interval without a day meets no other one in the join that follows',
  },
  {
    file: check('price-restated'),
    to: 'join stocks_research.securities s using (security_id)',
    verdict: 'accepted',
    reason: 'no command deletes a security, so each revision has one',
  },
  {
    file: check('total-return-continuous'),
    to: 'round(b.total_return_close / b.before_total_return_close, 13) as growth',
    verdict: 'accepted',
    reason: 'changes the last digit of the evidence, and no row',
  },
  {
    file: check('value-changed-and-back'),
    to: 'max(f.tag) as first_tag',
    verdict: 'accepted',
    reason: 'changes which tag the evidence names, and no row',
  },
  {
    file: 'migrations/012-adjusted-prices.sql',
    to: 'round(p.high * f.price_factor, 13),',
    verdict: 'accepted',
    reason: 'changes the thirteenth decimal of a price',
  },
]

export const survivorOf = ({ file, from, to }: Pick<Mutant, 'file' | 'from' | 'to'>): Survivor | undefined =>
  SURVIVORS.find(
    (survivor) =>
      survivor.file === file && survivor.to === to && (survivor.from === undefined || survivor.from === from),
  )
