import type { Adapter } from '../../adapter/declaration.ts'
import { profileOf } from './endpoints.ts'
import { PATTERNS } from './patterns.ts'
import { alpaca } from './provider.ts'

const KEY = { form: /^[\x21-\x7e]+$/, must_be: 'a key of a paper account' }

export const ADAPTER: Adapter = {
  name: 'alpaca',
  datasets: ['securities', 'ticker_history', 'prices_daily', 'corporate_actions'],
  limits: profileOf({ key_id: '', secret_key: '' }).limits,
  api_as_of: '2026-11',
  cannot: [
    'nothing before 2016',
    'a free plan has no consolidated prices of the last 15 minutes',
    'no bars of OTC trading: a security that left the exchanges has none from then on',
    'no keys of a live account: assets are asked of the paper API, which takes keys of a paper account',
    'no first day of a listing, no type of a security, no filer',
  ],
  patterns: PATTERNS,
  variables: [
    { name: 'APCA_API_KEY_ID', is_secret: true, ...KEY, rehearsal: 'PKREHEARSAL000000001' },
    {
      name: 'APCA_API_SECRET_KEY',
      is_secret: true,
      ...KEY,
      rehearsal: 'rehearsal-secret-of-nobody-000000000001',
    },
  ],
  open: (context, credentials) =>
    alpaca(context, {
      key_id: credentials['APCA_API_KEY_ID'] ?? '',
      secret_key: credentials['APCA_API_SECRET_KEY'] ?? '',
    }),
}
