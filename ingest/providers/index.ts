import type { Config } from '../../helpers/config/config.ts'
import { REHEARSAL_HASTE } from '../../helpers/config/rehearsal.ts'
import { type Log, silentLog } from '../../helpers/core/log.ts'
import type { startRehearsalMarket } from '../../helpers/simulator/rehearsal.ts'
import type { Provider } from '../contract/provider.ts'
import { flatFiles } from './flat-files/index.ts'
import type { SplitResult } from './flat-files/split-evidence.ts'
import { type HttpProviders, type HttpProvidersOptions, openHttpProviders } from './live.ts'
import { planOf } from './plan.ts'

/** The providers of a run, and what to do with them afterwards. */
export type RunProviders = HttpProviders

type Sources = Pick<Config, 'source' | 'directories' | 'providers'>

/**
 * Opens the providers of a run, by its source: for each dataset the first one that serves it is asked.
 * `connection` is the database whose ledger keeps the budgets of a live run; without it they are kept in
 * memory, as before there is one. A resumed run reuses what it has archived since `reuse_since_at`, its
 * start. A rehearsal for which nobody has started the simulated market starts its own.
 *
 * To be closed afterwards, whatever happens.
 */
export async function openRunProviders(
  config: Sources,
  log: Log,
  options: Omit<HttpProvidersOptions, 'log'> = {},
): Promise<RunProviders> {
  const { source } = config
  if (source.mode === 'flat-files') {
    const nothing = async () => {}
    return {
      providers: [flatFiles(source.directory, log)],
      choices: [],
      probe: async () => [],
      plan: () => planOf([]),
      requests: () => 0,
      close: nothing,
    }
  }
  if (source.mode !== 'rehearsal') return openHttpProviders(config, { log, ...options })
  const market = config.providers.stand_ins === undefined ? await startMarket() : undefined
  const stand_ins = market?.stand_ins ?? config.providers.stand_ins
  try {
    const opened = openHttpProviders(
      { ...config, providers: { ...config.providers, stand_ins } },
      { log, haste: REHEARSAL_HASTE, ...options },
    )
    const close = async (): Promise<void> => {
      await opened.close()
      await market?.stop()
    }
    return { ...opened, close }
  } catch (error) {
    await market?.stop()
    throw error
  }
}

/** Only a rehearsal needs the market and its servers, and they are a third of what a command would load. */
async function startMarket(): ReturnType<typeof startRehearsalMarket> {
  const rehearsal = await import('../../helpers/simulator/rehearsal.ts')
  return rehearsal.startRehearsalMarket()
}

/** The source that ours is compared with: a drop of flat files. */
export const openSecondSource = ({ directory }: NonNullable<Config['second_source']>): Provider =>
  flatFiles(directory)

export { type AdoptOptions, adopt } from './flat-files/adopt.ts'
export { type SplitResult, splitText } from './flat-files/split-evidence.ts'

/**
 * A delivery of flat files, for reading it without a run; `onSplits` receives what its closes show at splits.
 */
export const openDelivery = (directory: string, onSplits: (result: SplitResult) => void): Provider =>
  flatFiles(directory, silentLog(), onSplits)
