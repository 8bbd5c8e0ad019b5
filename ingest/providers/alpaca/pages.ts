import { daysBefore } from '../../../helpers/core/days.ts'
import { listed } from '../../adapter/adapter.ts'
import type { FieldWatch } from '../../adapter/fields.ts'
import type { HttpClient } from '../../http/client.ts'
import { parseActions, translateAction } from './actions.ts'
import { corporateActions } from './endpoints.ts'

/**
 * The API bounds by the day of processing, for cash the pay date: what was paid away yesterday is processed
 * weeks from now.
 */
const AHEAD_DAYS = 120

/**
 * Corporate actions, kind by kind, without those that are announced and have not happened by `today`: a page
 * that mixes kinds would put each kind's end behind another one's pages.
 */
export async function* actionPages(
  client: HttpClient,
  watch: FieldWatch,
  types: readonly string[],
  start_date: string,
  today: string,
  signal: AbortSignal,
) {
  for (const type of types) {
    let page_token: string | undefined
    const tokens = new Set<string>()
    do {
      const request = corporateActions([type], start_date, daysBefore(today, -AHEAD_DAYS), page_token)
      const response = listed(await client.fetch(request, signal), 'corporate actions')
      const actions = parseActions(response.json, watch).flatMap(translateAction)
      yield { response, actions: actions.filter(({ record }) => (record['ex_date'] ?? '') <= today) }
      page_token = freshToken(
        (response.json as { next_page_token?: string | null }).next_page_token ?? undefined,
        tokens,
      )
    } while (page_token !== undefined)
  }
}

/**
 * The token of the next page. One that was there already would lead round in a circle, and ends the reading
 * as malformed.
 */
export function freshToken(token: string | undefined, seen: Set<string>): string | undefined {
  if (token === undefined) return undefined
  if (seen.has(token))
    throw new RangeError(`the API gave the page token ${token} twice: its pages would never end`)
  seen.add(token)
  return token
}
