import type { Check } from '../../contract/job.ts'

const OURS = `('ingestion', 'stocks_research')`

/** A row that points at nothing, table by table. */
const orphans = (table: string, column: string, parent: string): string => `
  select '${table}' as subject, c.${column}::text as orphan, count(*) as rows_count
  from stocks_research.${table} c
  where c.${column} is not null and not exists (select from stocks_research.${parent} p where p.${column} = c.${column})
  group by c.${column}`

/**
 * Claims about the schema's own promises. They hold on every table, so that a dropped or disabled constraint
 * is found out.
 */
export const structureChecks: readonly Check[] = [
  {
    name: 'constraints-validated',
    claim: 'every foreign key and every other constraint is validated',
    severity: 'hard',
    violations: `
      select conrelid::regclass::text as subject, conname as constraint_name, contype::text as kind
      from pg_constraint c join pg_namespace n on n.oid = c.connamespace
      where n.nspname in ${OURS} and not c.convalidated`,
  },
  {
    name: 'foreign-keys-present',
    claim:
      'every table that carries a security_id has its foreign key to securities, and no trigger of a constraint is disabled',
    severity: 'hard',
    violations: `
      select c.oid::regclass::text as subject, 'no foreign key to securities' as fault
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      join pg_attribute a on a.attrelid = c.oid and a.attname = 'security_id' and not a.attisdropped
      where n.nspname = 'stocks_research' and c.relkind in ('r', 'p') and c.relname <> 'securities'
        and not exists (select from pg_constraint f where f.conrelid = c.oid and f.contype = 'f' and f.confrelid = 'stocks_research.securities'::regclass)
      union all
      select t.tgrelid::regclass::text, 'trigger ' || t.tgname || ' is disabled'
      from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
      where n.nspname in ${OURS} and t.tgenabled = 'D'`,
  },
  {
    name: 'indexes-valid',
    claim: 'every index is valid and every core table has a unique key',
    severity: 'hard',
    violations: `
      select i.indexrelid::regclass::text as subject, 'the index is not valid' as fault
      from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
      where n.nspname in ${OURS} and not (i.indisvalid and i.indisready)
      union all
      select c.oid::regclass::text, 'no primary or unique key'
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = 'stocks_research' and c.relkind = 'r'
        and not exists (select from pg_constraint k where k.conrelid = c.oid and k.contype in ('p', 'u'))`,
  },
  {
    name: 'no-orphans',
    claim: 'no row points at a security or filer that is not there',
    severity: 'hard',
    violations: [
      orphans('ticker_history', 'security_id', 'securities'),
      orphans('prices_daily', 'security_id', 'securities'),
      orphans('corporate_actions', 'security_id', 'securities'),
      orphans('adjustment_factors', 'security_id', 'securities'),
      orphans('fundamentals_raw', 'cik', 'securities'),
      orphans('fundamentals_derived', 'cik', 'fundamentals_raw'),
    ].join('\n      union all'),
  },
]
