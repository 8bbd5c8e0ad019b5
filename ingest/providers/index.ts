import type { Config } from '../../helpers/config.ts'
import { PreconditionError } from '../../helpers/errors.ts'
import type { Log } from '../../helpers/log.ts'
import { rehearsalDropOf } from '../../helpers/rehearsal/drop.ts'
import type { Provider } from '../pipeline/provider.ts'
import { flatFiles } from './flat-files/index.ts'

/** The providers of a run, by its source: for each dataset the first one that serves it is asked. */
export function providersOf({ source, directories }: Pick<Config, 'source' | 'directories'>, log: Log): readonly Provider[] {
  if (source.mode === 'flat-files') return [flatFiles(source.directory, log)]
  if (source.mode === 'rehearsal') return [flatFiles(rehearsalDropOf(directories.data), log)]
  throw new PreconditionError(`No provider is known for the source «${source.mode}». Set BOOTSTRAP_SOURCE to flat-files:<folder>.`)
}
