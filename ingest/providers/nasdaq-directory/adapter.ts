import type { Adapter } from '../../adapter/declaration.ts'
import { PROFILE } from './endpoints.ts'
import { nasdaqDirectory } from './provider.ts'

export const ADAPTER: Adapter = {
  name: 'nasdaq-directory',
  datasets: ['securities', 'ticker_history'],
  limits: PROFILE.limits,
  api_as_of: '2026-11',
  cannot: ['nothing delisted: it lists what is traded today', 'no filers', 'no earlier tickers'],
  patterns: [],
  variables: [],
  open: (context) => nasdaqDirectory(context),
}
