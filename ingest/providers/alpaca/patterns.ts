import { ANY_WORDS, type Pattern, pattern } from '../../http/pattern.ts'

/** The words with which a refusal of the newest minutes is reported. */
export const RECENT_REFUSED = 'the plan of this key refuses the newest consolidated prices'

/** What alpaca is known to mean by its words. */
export const PATTERNS: readonly Pattern[] = [
  // About the end of one question, not about the account: what is older is served all the same.
  // The API has answered this with 422 too, and in the words "end is too late for subscription".
  pattern(/recent SIP data|past 15 minutes|too late for subscription/i, 'malformed', RECENT_REFUSED, {
    statuses: [403, 422],
  }),
  pattern(
    /subscription does not permit|not permit querying|not entitled/i,
    'entitlement',
    'the subscription does not permit this query',
    {
      statuses: [401, 402, 403],
    },
  ),
  pattern(ANY_WORDS, 'auth', 'Alpaca does not accept the keys', { statuses: [401] }),
  pattern(
    /forbidden|unauthorized|access key|authentication|not authorized/i,
    'auth',
    'Alpaca does not accept the keys',
    {
      statuses: [403],
    },
  ),
  pattern(
    /invalid symbol|symbol .*not found|no data found for symbol|asset not found/i,
    'not_found',
    'Alpaca does not have a symbol of the request',
    {
      statuses: [400, 404, 422],
    },
  ),
]
