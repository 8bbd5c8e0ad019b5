import type { Config } from '../../helpers/config/config.ts'
import type { RunReport } from '../pipeline/report.ts'
import { chooseProviders } from '../providers/choose.ts'
import { namesOfCombined } from '../providers/combined.ts'
import { credentialsOf } from '../providers/live.ts'

/** The command that continues a run; empty for a complete one. */
export function nextStep({ state, run_id, jobs }: RunReport, config: Config): string {
  if (state === 'interrupted') return `\nResume it with: npx node ingest/run.ts resume ${run_id}`
  if (state === 'halted') return `\n${waysOn(run_id, jobs, config)}`
  if (jobs.some(({ items }) => items.failed > 0))
    return `\nRetry the failed items with: npx node ingest/run.ts retry --failed ${run_id}`
  return ''
}

/**
 * A run keeps its providers, so that no series mixes two: either it is resumed later, or another run uses the
 * next provider of each list.
 */
function waysOn(run_id: string, jobs: RunReport['jobs'], config: Config): string {
  const later = `Resume it when the provider answers again: npx node ingest/run.ts resume ${run_id}`
  const silent = silentProviders(jobs)
  try {
    if (silent.length === 0 || config.source.mode !== 'live') return later
    chooseProviders(config.providers.set, credentialsOf(config), silent)
  } catch {
    return later // The lists have no other provider.
  }
  return [
    later,
    'Or start a new run with the next provider of each list in bootstrap.json: ' +
      `npx node ingest/run.ts run all --without ${silent.join(' ')}`,
    'Securities keep their security_id; a price that the other provider reports differently is ' +
      'recorded in ingestion.price_revisions.',
  ].join('\n')
}

/** The providers that deferred items; of a combination the part that the reasons name. */
const silentProviders = (jobs: RunReport['jobs']): string[] => [
  ...new Set(
    jobs.flatMap(({ provider, gaps }) => {
      const words = gaps.flatMap(({ status, reason }) => (status === 'deferred' ? [reason] : []))
      return namesOfCombined(provider).filter((part) => words.some((reason) => reason.includes(part)))
    }),
  ),
]
