/** A realistic fault, and the tests of which one must fail with it. */
export interface Mutant {
  /** What the fault does, as its author might have missed it. */
  readonly fault: string
  readonly file: string
  /** Occurs once in the file. */
  readonly find: string
  readonly replace: string
  readonly tests: readonly string[]
}

const ADJUSTMENT = ['ingest/adjustment-factors.property.test.ts']
const QUARTERS = ['ingest/validation/quarters.property.test.ts', 'ingest/validation/basis.test.ts']
const ITEMS = [
  'ingest/validation/standard-items.test.ts',
  'ingest/validation/doubtful-items.test.ts',
  'ingest/validation/standard-items.property.test.ts',
]
const RESEARCH = ['ingest/validation/cookbook.test.ts', 'ingest/validation/listings.test.ts']
const PIPELINE = ['ingest/pipeline/report.test.ts', 'ingest/pipeline/settle.test.ts']
const EVIDENCE = ['helpers/checklist/journal.property.test.ts', 'helpers/checklist/engine.test.ts']

export const MUTANTS: readonly Mutant[] = [
  {
    fault: 'a dividend is divided by the close after it',
    file: 'migrations/011-adjustment-intervals.sql',
    find: 'when sum_of.cash >= o.close_before',
    replace: 'when sum_of.cash >= o.close_after',
    tests: ADJUSTMENT,
  },
  {
    fault: 'cash after a split between two bars is not converted to old shares',
    file: 'migrations/011-adjustment-intervals.sql',
    find: 'rows between unbounded preceding and 1 preceding',
    replace: 'rows between unbounded preceding and current row',
    tests: ADJUSTMENT,
  },
  {
    fault: 'an event is known before it was declared',
    file: 'migrations/011-adjustment-intervals.sql',
    find: 'and greatest(x.ex_session, a.declared_date) <= $1',
    replace: 'and x.ex_session <= $1',
    tests: ADJUSTMENT,
  },
  {
    fault: 'a spin-off counts as a split of the shares',
    file: 'migrations/011-adjustment-intervals.sql',
    find: "a.kind = 'unknown' or stocks_research.is_split_kind(a.kind) as is_split",
    replace: "a.kind in ('unknown', 'spin_off') or stocks_research.is_split_kind(a.kind) as is_split",
    tests: ADJUSTMENT,
  },
  {
    fault: 'a spin-off of one price for one is no fault',
    file: 'migrations/011-adjustment-intervals.sql',
    find: 'a.is_spin_off_ratio and a.split_to <= a.split_from',
    replace: 'a.is_spin_off_ratio and a.split_to < a.split_from',
    tests: [...ADJUSTMENT, 'ingest/validation/spin-offs.test.ts'],
  },
  {
    fault: 'volume is adjusted the wrong way round',
    file: 'migrations/012-adjusted-prices.sql',
    find: `  round(round(p.volume * f.split_denominator, 20) / f.split_numerator, 6) as adj_volume`,
    replace: `  round(round(p.volume * f.split_numerator, 20) / f.split_denominator, 6) as adj_volume`,
    tests: ['ingest/pipeline/simulated-market.test.ts', ...RESEARCH, ...ADJUSTMENT],
  },
  {
    fault: 'the delisting return replaces the return of the last day',
    file: 'migrations/025-daily-returns.sql',
    find: 'round(g.total_growth * (1 + coalesce(d.delisting_return, 0)) - 1, 12) as return,',
    replace: 'round(coalesce(1 + d.delisting_return, g.total_growth) - 1, 12) as return,',
    tests: RESEARCH,
  },
  {
    fault: 'of two filings of one day the original counts, not the amendment',
    file: 'migrations/016-derive-quarters.sql',
    find: "f.filed, f.form like '%/A' desc, f.accession desc",
    replace: "f.filed, f.form like '%/A', f.accession desc",
    tests: QUARTERS,
  },
  {
    fault: 'a fact that was filed before its period ended counts',
    file: 'migrations/016-derive-quarters.sql',
    find: '    and f.filed >= f.period_end\n    and d.period_kind is not null',
    replace: '    and d.period_kind is not null',
    tests: QUARTERS,
  },
  {
    fault: 'a value and its rounding are two bases',
    file: 'migrations/016-derive-quarters.sql',
    find: 'when value % 1000000 = 0 or value_before % 1000000 = 0 then false',
    replace: 'when value % 1000000 = 0 or value_before % 1000000 = 0 then true',
    tests: QUARTERS,
  },
  {
    fault: 'a difference is of values on two bases',
    file: 'migrations/016-derive-quarters.sql',
    find: "  where p.restated_on = '-infinity'\n    or c.confirmed_on < p.known_to",
    replace: '  where true',
    tests: QUARTERS,
  },
  {
    fault: 'shares and per-share values are subtracted as amounts are',
    file: 'migrations/016-derive-quarters.sql',
    find: "    case when d.kind = 'amount' then d.value end,\n",
    replace: '    d.value,\n',
    tests: QUARTERS,
  },
  {
    fault: 'the base of a year ago may be 20 days off',
    file: 'migrations/016-derive-quarters.sql',
    find: "(e.period_end - interval '1 year')::date) <= 10",
    replace: "(e.period_end - interval '1 year')::date) <= 20",
    tests: QUARTERS,
  },
  {
    fault: 'two years lead to one quarter, and the earlier one counts',
    file: 'migrations/016-derive-quarters.sql',
    find: '      order by a.longer_start desc\n',
    replace: '      order by a.longer_start\n',
    tests: QUARTERS,
  },
  {
    fault: 'a rescaled fact is a value',
    file: 'migrations/020-derive-standard-items.sql',
    find: "case when c.is_rescaled then 'out_of_scale' else x.reason end as doubt",
    replace: 'x.reason as doubt',
    tests: ITEMS,
  },
  {
    fault: 'values per share of two bases are mixed',
    file: 'migrations/020-derive-standard-items.sql',
    find: 'not c.has_share_basis or c.filing = b.filing or o.filing is not null as is_on_basis',
    replace: 'true as is_on_basis',
    tests: ITEMS,
  },
  {
    fault: 'a part of the revenue is the revenue',
    file: 'migrations/020-derive-standard-items.sql',
    find: 'coalesce(f.value < 0.9 * n.value, false)) as may_be_part',
    replace: 'false) as may_be_part',
    tests: ITEMS,
  },
  {
    fault: 'the oldest filing counts',
    file: 'migrations/020-derive-standard-items.sql',
    find: 'order by o.line, d.day, o.tier, o.may_be_part, o.filing desc',
    replace: 'order by o.line, d.day, o.tier, o.may_be_part, o.filing',
    tests: ITEMS,
  },
  {
    fault: 'a filing counts on the day before it was filed',
    file: 'migrations/020-derive-standard-items.sql',
    find: 'join of_filings o on o.period = d.period and o.filed <= d.day',
    replace: 'join of_filings o on o.period = d.period and o.filed <= d.day + 1',
    tests: [...ITEMS, 'ingest/validation/look-ahead.acceptance.test.ts'],
  },
  {
    fault: 'one record more than the bound may be malformed',
    file: 'ingest/pipeline/settle.ts',
    find: 'malformed / read <= reject_max_ratio',
    replace: 'malformed / (read + 1) <= reject_max_ratio',
    tests: ['ingest/pipeline/settle.test.ts'],
  },
  {
    fault: 'a small file is never refused',
    file: 'ingest/pipeline/settle.ts',
    find: 'malformed > REJECTS_FREE_MAX || malformed * 2 >= read',
    replace: 'malformed > REJECTS_FREE_MAX',
    tests: ['ingest/pipeline/settle.test.ts'],
  },
  {
    fault: 'rows of failed items are merged',
    file: 'ingest/pipeline/settle.ts',
    find: "end?.status === 'failed' && rows > 0)",
    replace: "end?.status === 'failed' && rows > 1)",
    tests: PIPELINE,
  },
  {
    fault: 'a third of a small universe may be missing',
    file: 'ingest/pipeline/report.ts',
    find: 'items.not_found < total / 2',
    replace: 'items.not_found <= total',
    tests: PIPELINE,
  },
  {
    fault: 'a run with failed items is complete',
    file: 'ingest/pipeline/report.ts',
    find: '  if (failed > 0)\n',
    replace: '  if (failed > 1)\n',
    tests: PIPELINE,
  },
  {
    fault: 'a run goes on after it lost its lock',
    file: 'ingest/pipeline/lock.ts',
    find: 'if (is_ours) return work(tx)',
    replace: 'if (is_ours || run_id !== "") return work(tx)',
    tests: ['ingest/pipeline/cannot-go-on.test.ts'],
  },
  {
    fault: 'the last proven backup may be removed',
    file: 'helpers/backup/retention.ts',
    find: 'if (proven >= keep_count && isOld)',
    replace: 'if (proven >= keep_count - 1 && isOld)',
    tests: ['helpers/backup/retention.property.test.ts'],
  },
  {
    fault: 'an unproven backup counts as proven',
    file: 'helpers/backup/retention.ts',
    find: 'if (backup.is_proven) proven += 1',
    replace: 'proven += 1',
    tests: ['helpers/backup/retention.property.test.ts'],
  },
  {
    fault: 'level 1 does not compare the SHA-256',
    file: 'helpers/backup/verify.ts',
    find: "for (const what of ['bytes', 'sha256', 'content_hash'] as const)",
    replace: "for (const what of ['bytes'] as const)",
    tests: ['helpers/backup/damage.acceptance.test.ts', 'helpers/backup/faults.test.ts'],
  },
  {
    fault: 'a line of the journal is not chained to the line before',
    file: 'helpers/checklist/journal.ts',
    find: '      prev: this.#head,',
    replace: '      prev: GENESIS,',
    tests: EVIDENCE,
  },
  {
    fault: 'the torn line of a killed run stays in the journal',
    file: 'helpers/checklist/journal.ts',
    find: 'ftruncateSync(handle, reading.good_bytes)',
    replace: 'void ftruncateSync',
    tests: EVIDENCE,
  },
  {
    fault: 'a run with an error outside of the boxes passes',
    file: 'helpers/checklist/judge.ts',
    find: "if (entry.event === 'run-error')",
    replace: "if (entry.event === 'run-error' && entry.fault.name === '')",
    tests: ['helpers/checklist/engine.test.ts', 'helpers/checklist/lost-lock.acceptance.test.ts'],
  },
  {
    fault: 'a box that ran twice is no objection',
    file: 'helpers/checklist/judge.ts',
    find: 'if (seen.has(key)) found.push',
    replace: 'if (seen.has(key) && index === undefined) found.push',
    tests: ['helpers/checklist/objections.test.ts'],
  },
  {
    fault: 'a narrowed run passes',
    file: 'helpers/checklist/judge.ts',
    find: 'narrowed === null ? []',
    replace: 'narrowed !== null ? []',
    tests: ['helpers/checklist/plan.test.ts', 'helpers/checklist/engine.test.ts'],
  },
  {
    fault: 'a box without evidence is ticked',
    file: 'helpers/checklist/outcome.ts',
    find: 'if (Object.keys(evidence).length === 0)',
    replace: 'if (Object.keys(evidence).length < 0)',
    tests: ['helpers/checklist/objections.acceptance.test.ts'],
  },
]
