import { MINUTE_MS } from '../../http/budget.ts'
import { type Pattern, pattern } from '../../http/pattern.ts'

/** What sec-edgar is known to mean by its words. */
export const PATTERNS: readonly Pattern[] = [
  pattern(
    /Request Rate Threshold Exceeded|exceeded the SEC.s Traffic Limit/i,
    'throttled',
    'the SEC counts too many requests from this address',
    {
      wait_ms: 10 * MINUTE_MS,
    },
  ),
  pattern(
    /Undeclared Automated Tool|declare your (traffic|user.?agent)/i,
    'auth',
    'the SEC wants a User-Agent of the form "Name contact@example.com"; set SEC_USER_AGENT',
  ),
  pattern(/<Code>(AccessDenied|NoSuchKey)<\/Code>/, 'not_found', 'the SEC has no such file', {
    statuses: [403, 404],
  }),
  pattern(/page not found|file not found/i, 'not_found', 'the SEC has no such page', { statuses: [404] }),
  pattern(
    /You don.t have permission to access/i,
    'auth',
    'the gateway of the SEC rejects our requests: check that SEC_USER_AGENT contains a contact',
    {
      statuses: [403],
    },
  ),
]
