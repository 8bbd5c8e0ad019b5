import { MINUTE_MS } from '../../http/budget.ts'
import { ANY_WORDS, type Pattern, pattern } from '../../http/pattern.ts'

/** What yahoo is known to mean by its words. */
export const PATTERNS: readonly Pattern[] = [
  pattern(/Too Many Requests\s*$/i, 'throttled', 'Too Many Requests', { wait_ms: MINUTE_MS }),
  pattern(ANY_WORDS, 'throttled', 'Yahoo does not answer this address for a while', {
    statuses: [999],
    wait_ms: MINUTE_MS,
  }),
  pattern(
    /Invalid (Crumb|Cookie)|Unauthorized|unable to access this feature/i,
    'auth',
    'Yahoo refuses the session',
  ),
  pattern(
    /"code":"Not Found"|symbol may be delisted|No data found/i,
    'not_found',
    'Yahoo does not have the symbol; it may be delisted',
  ),
  pattern(/Data doesn.t exist for startDate/i, 'empty', 'Yahoo has no rows in the window'),
]
