import type { Adapter } from '../../adapter/declaration.ts'
import { profileOf } from './endpoints.ts'
import { PATTERNS } from './patterns.ts'
import { secEdgar } from './provider.ts'

export const ADAPTER: Adapter = {
  name: 'sec-edgar',
  datasets: ['securities', 'fundamentals', 'filings', 'corporate_actions'],
  limits: profileOf('').limits,
  api_as_of: '2026-11',
  cannot: [
    'no corporate actions but delistings, dated by the filing of Form 25',
    'no distinction between the exchanges of the NYSE group',
  ],
  patterns: PATTERNS,
  variables: [
    {
      name: 'SEC_USER_AGENT',
      is_secret: false,
      form: /^[\x20-\x7e]*\S+@\S+\.\S+[\x20-\x7e]*$/,
      must_be: 'a name and an address to reach you, e.g. "Jane Doe jane@example.com"',
      rehearsal: 'Rehearsal rehearsal@example.com',
    },
  ],
  open: (context, credentials) => secEdgar(context, { user_agent: credentials['SEC_USER_AGENT'] ?? '' }),
}
