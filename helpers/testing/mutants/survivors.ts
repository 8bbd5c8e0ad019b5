import type { Mutant } from './sample.ts'

/** A mutant that no test notices, and why. */
interface Survivor {
  readonly file: string
  /** The changed lines as the mutant has them. */
  readonly to: string
  /** `equivalent`: no input gives another result. `accepted`: an input does, and no test is worth its cost. */
  readonly verdict: 'equivalent' | 'accepted'
  readonly reason: string
}

const check = (name: string): string => `ingest/validation/checks/${name}.sql`

const SURVIVORS: readonly Survivor[] = [
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

export const survivorOf = ({ file, to }: Pick<Mutant, 'file' | 'to'>): Survivor | undefined =>
  SURVIVORS.find((survivor) => survivor.file === file && survivor.to === to)
