import type { NewestFilings } from '../../contract/provider.ts'
import { sourceError } from '../../http/breaker.ts'
import type { HttpClient } from '../../http/client.ts'
import { filersOfDay, type IndexKind, indexDays } from './daily-index.ts'
import { dailyIndex } from './endpoints.ts'

/**
 * The newest day from `since_date` until `now` on which each filer filed something, by the SEC's daily
 * indexes.
 *
 * @throws SourceError if one of the indexes is not published, or is not complete.
 */
export async function newestFilings(
  client: HttpClient,
  since_date: string,
  now: Date,
  signal: AbortSignal,
): Promise<NewestFilings> {
  const read = async (kind: IndexKind, day: string): Promise<string> => {
    const response = await client.fetch(dailyIndex(kind, day), signal)
    if (response.outcome === 'ok') return response.body.toString('utf8')
    throw new RangeError(
      `the SEC has no index of ${day}: it is not published yet, or EDGAR was closed on that day`,
    )
  }
  try {
    const listed = indexDays(since_date, now)
    const days = new Map<string, string>()
    for (const day of listed) {
      const texts = { master: await read('master', day), form: await read('form', day) }
      for (const cik of filersOfDay(day, texts)) days.set(cik, day)
    }
    return { days, through_date: listed.at(-1) ?? since_date }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw sourceError(error.message, { error_class: 'malformed' })
  }
}
