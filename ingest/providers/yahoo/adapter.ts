import type { Adapter } from '../../adapter/declaration.ts'
import { PROFILE } from './endpoints.ts'
import { PATTERNS } from './patterns.ts'
import { yahoo } from './provider.ts'

export const ADAPTER: Adapter = {
  name: 'yahoo',
  datasets: ['prices_daily', 'corporate_actions'],
  limits: PROFILE.limits,
  api_as_of: '2026-11',
  cannot: [
    'nothing delisted, and no former owner of a symbol',
    'no prices as traded: they are rebuilt from split-adjusted ones',
    'no mergers, spin-offs or changes of name',
    'no promise: the service is unofficial, for personal use, and its edge may refuse plain clients with 429',
  ],
  patterns: PATTERNS,
  variables: [
    {
      name: 'YAHOO_ENABLED',
      is_secret: false,
      form: /^[01]$/,
      must_be: '1 to opt in, or 0',
      off: '0',
      rehearsal: '1',
    },
  ],
  open: (context) => yahoo(context),
}
