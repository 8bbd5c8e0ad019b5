import type { Database } from '../../helpers/postgres/database.ts'
import type { ParseContext, SourcedJob } from '../contract/job.ts'
import type { ItemScope } from './items.ts'
import type { Tally } from './tally.ts'
import type { AnsweredItem } from './withdrawn.ts'

/** A row of `stocks_research.refused_events`. */
export interface RefusedEvent {
  readonly security_id: number
  readonly ex_date: string | null
  readonly kind: string
  readonly declared_date: string | null
  readonly reason: string
}

const REASON_CHARACTERS_MAX = 500 // It is part of a key.

/**
 * What the rejected records of a batch say of its items all the same; nothing of other securities, nor of
 * those that nobody can tell.
 */
export function refusedEvents(job: SourcedJob, tally: Tally, context: ParseContext): RefusedEvent[] {
  return tally.refused.flatMap(({ record, item, reason }) => {
    const found = job.refusedEvent?.(record, item, context)
    if (found === undefined || !tally.items.has(found.holder.source_id)) return []
    const { holder, ...event } = found
    const text = reason.slice(0, REASON_CHARACTERS_MAX).toWellFormed().replaceAll('\u0000', '\ufffd')
    return [{ security_id: holder.security_id, ...event, reason: text }]
  })
}

/**
 * Writes the refused events of these items in place of those that an earlier read told: of the window, of no
 * known day, and those of which a good record is staged now. What is told again stays untouched. Runs in the
 * transaction that ends the items; a second call changes nothing.
 */
export async function replaceRefused(
  tx: Database,
  { window }: ItemScope,
  { identity }: ParseContext,
  refused: readonly RefusedEvent[],
  items: readonly AnsweredItem[],
): Promise<void> {
  const asked = items.flatMap(({ item, item_no }) => {
    const security_id = identity.bySourceId(item)?.security_id
    return security_id === undefined ? [] : [{ security_id, item_no }]
  })
  const isAsked = new Set(asked.map(({ security_id }) => security_id))
  const told = JSON.stringify(refused.filter(({ security_id }) => isAsked.has(security_id)))
  await tx.rows(
    `delete from stocks_research.refused_events r using jsonb_to_recordset($1::jsonb) as a (security_id bigint, item_no integer)
     where r.security_id = a.security_id
       and (r.ex_date is null or r.ex_date between $3 and $4 or exists (
         select from pg_temp.staged s where s.item_no = a.item_no and s.ex_date = r.ex_date and s.kind = r.kind))
       and not exists (select from ${TOLD('$2')} where t is not distinct from r)`,
    [JSON.stringify(asked), told, window.start_date, window.end_date],
  )
  await tx.rows(
    `insert into stocks_research.refused_events select t.* from ${TOLD('$1')} order by t on conflict do nothing`,
    [told],
  )
}

const TOLD = (json: string): string =>
  `jsonb_populate_recordset(null::stocks_research.refused_events, ${json}::jsonb) t`
