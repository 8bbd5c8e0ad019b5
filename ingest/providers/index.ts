import type { Config } from '../../helpers/config.ts'
import type { Log } from '../../helpers/log.ts'
import { rehearsalDropOf } from '../../helpers/rehearsal/drop.ts'
import type { Provider } from '../pipeline/provider.ts'
import { flatFiles } from './flat-files/index.ts'
import { type HttpProvidersOptions, openHttpProviders } from './live.ts'

/**
 * The providers of a run, by its source: for each dataset the first one that serves it is asked. `connection` is the database
 * whose ledger keeps the budgets of a live run; without it they are kept in memory, as before there is one. A resumed run reuses
 * what it has archived since `reuse_since_at`, its start.
 */
export function providersOf(
  { source, directories, providers }: Pick<Config, 'source' | 'directories' | 'providers'>,
  log: Log,
  options: Omit<HttpProvidersOptions, 'log'> = {},
): readonly Provider[] {
  if (source.mode === 'flat-files') return [flatFiles(source.directory, log)]
  if (source.mode === 'rehearsal' && providers.stand_ins === undefined) return [flatFiles(rehearsalDropOf(directories.data), log)]
  return openHttpProviders({ source, directories, providers }, { log, ...options }).providers
}
