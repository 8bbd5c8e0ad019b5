import type { Subject } from '../../contract/provider.ts'
import type { HttpClient } from '../../http/client.ts'
import type { TextJson } from '../../http/json.ts'
import type { HttpResponse } from '../../http/profile.ts'
import * as endpoints from './endpoints.ts'
import { parseSubmissions } from './parse.ts'

/**
 * The filings of a filer: the archived answer, if it has filed nothing since. After a Form 25 the SEC removes
 * the ticker some days later, without another filing; until then it is requested.
 */
export async function submissionsOf(
  client: HttpClient,
  cik: string,
  { filer_unchanged_since_at }: Subject,
  signal: AbortSignal,
): Promise<HttpResponse> {
  const answer = await client.fetch(endpoints.submissions(cik, filer_unchanged_since_at), signal)
  const isArchived = filer_unchanged_since_at !== undefined && answer.is_archived
  return isArchived && isListingEnding(answer.json)
    ? client.fetch(endpoints.submissions(cik), signal)
    : answer
}

/** True for a filer with a ticker and a Form 25; and for an answer that cannot be read. */
function isListingEnding(json: TextJson): boolean {
  try {
    const { listings, filings } = parseSubmissions(json, () => {})
    return listings.length > 0 && filings.some(({ form }) => form?.startsWith('25') ?? false)
  } catch (error) {
    if (error instanceof RangeError) return true
    throw error
  }
}
