import type { Database } from '../../helpers/postgres/database.ts'
import type { DerivedJob, Window } from '../contract/job.ts'
import type { StagedItem } from './groups.ts'

/**
 * What an item is derived from, as it stands now, and the rows of the last time when nothing of it has
 * changed since.
 */
export interface DerivedInput {
  readonly item: string
  readonly inputs_sha256: string
  /** Rows that are there and up to date; null when the item must be derived. */
  readonly rows_unchanged: number | null
}

/**
 * Fingerprints of what each item is derived from: the text of the rule, the day where it counts, and the
 * versions of the input rows. A change of the rule, of an input or of the derived rows themselves, by
 * whomever, makes the item one to be derived again.
 */
export async function inputsOf(
  db: Database,
  job: DerivedJob,
  items: readonly string[],
  window: Window,
): Promise<DerivedInput[]> {
  return db.rows<DerivedInput & Record<string, unknown>>(
    `with rule as (
       select string_agg(pg_get_functiondef(r::regprocedure), '' order by position) as text from unnest($4::text[]) with ordinality f (r, position)
     ), now as (
       select i.item, encode(sha256(convert_to(concat_ws('|', $6::text, rule.text, $5::text, ingestion.versions_of($2, s.subject)${othersOf(job)}), 'UTF8')), 'hex') as inputs_sha256,
         ingestion.versions_of(array[$3::text], s.subject) as output_versions
       from unnest($1::text[]) i (item) cross join rule ${subjectsOf(job)}
     )
     select n.item, n.inputs_sha256, case when d.inputs_sha256 = n.inputs_sha256 and d.output_versions = n.output_versions then d.rows_count::integer end as rows_unchanged
     from now n left join ingestion.derived_inputs d on d.job = $7 and d.item = n.item`,
    [
      items,
      job.inputs.map(named),
      named(job.table),
      job.rules.map(named),
      job.is_as_of ? window.end_date : '',
      job.derive,
      job.name,
    ],
  )
}

/** Remembers what a group was derived from; in the transaction of its rows, so that a kill forgets both. */
export async function rememberInputs(
  tx: Database,
  job: DerivedJob,
  run_id: string,
  inputs: ReadonlyMap<string, string>,
  group: readonly StagedItem[],
): Promise<void> {
  const rows = group.flatMap(({ item, rows_count }) => {
    const inputs_sha256 = inputs.get(item)
    return inputs_sha256 === undefined ? [] : [{ item, rows_count, inputs_sha256 }]
  })
  await tx.rows(
    `insert into ingestion.derived_inputs as d (job, item, inputs_sha256, output_versions, rows_count, run_id)
     select $2, i.item, i.inputs_sha256, ingestion.versions_of(array[$3::text], s.subject), i.rows_count, $4::uuid
     from jsonb_to_recordset($1::jsonb) as i (item text, inputs_sha256 text, rows_count bigint) ${subjectsOf(job)}
     on conflict (job, item) do update set inputs_sha256 = excluded.inputs_sha256, output_versions = excluded.output_versions,
       rows_count = excluded.rows_count, run_id = excluded.run_id, derived_at = now()`,
    [JSON.stringify(rows), job.name, named(job.table), run_id],
  )
}

/**
 * The versions of the other subjects that an item reads, as one more part of its fingerprint; nothing when it
 * reads none.
 */
const othersOf = (job: DerivedJob): string =>
  job.also_reads === undefined
    ? ''
    : `, (select string_agg(ingestion.versions_of($2, o.subject), '; ' order by o.subject) from (${job.also_reads}) o (subject))`

const named = (name: string): string => `stocks_research.${name}`

/** Joins the subject of each item `i`, as the versions name it. */
const subjectsOf = (job: DerivedJob): string =>
  job.subject === 'filer'
    ? 'cross join lateral (select i.item as subject) s'
    : 'join lateral (select x.security_id::text as subject from stocks_research.securities x where x.source_id = i.item) s on true'
