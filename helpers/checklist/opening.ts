import { randomBytes } from 'node:crypto'
import { arch, hostname, release, userInfo } from 'node:os'
import { dirname } from 'node:path'
import type { Vitest } from 'vitest/node'
import { type Config, readConfig } from '../config/config.ts'
import { PRODUCT_VERSION } from '../config/version.ts'
import { messageOf } from '../core/errors.ts'
import { codeIdentity } from './code.ts'
import type { RunStarted, Scalar } from './events.ts'
import { type Plan, readPlan } from './plan.ts'

/** What a run records before its first phase: the plan, the code, the machine, the configuration. */
export interface Opening {
  /** Has no phase when there is a fault. */
  readonly plan: Plan
  /** Why the run stops here; undefined when it does not. */
  readonly fault: string | undefined
  readonly started: RunStarted
}

export function openingOf(plan_file: string, vitest: Vitest | undefined): Opening {
  const config = tryReadConfig()
  const { plan, fault } = planOf(plan_file, vitest?.config.watch === true)
  return {
    plan,
    fault,
    started: {
      event: 'run-started',
      run_id: `${new Date().toISOString().replace(/[-:]|\.\d+/g, '')}-${randomBytes(3).toString('hex')}`,
      mode: config?.source.mode ?? null,
      expected: plan.phases,
      plan_sha256: plan.sha256,
      identity: identityOf(config, vitest?.version ?? '', dirname(plan_file)),
      pid: process.pid,
      host: hostname(),
      narrowed: narrowingOf(vitest),
    },
  }
}

function planOf(file: string, is_watching: boolean): Pick<Opening, 'plan' | 'fault'> {
  const nothing: Plan = { phases: [], sha256: '' }
  if (is_watching) {
    const fault =
      'The checklist does not run in watch mode: each saved file would start a rebuild. ' +
      'Run npx vitest run phases.'
    return { plan: nothing, fault }
  }
  try {
    return { plan: readPlan(file), fault: undefined }
  } catch (error) {
    return { plan: nothing, fault: `The plan of the checklist cannot be read: ${messageOf(error)}` }
  }
}

function tryReadConfig(): Config | undefined {
  try {
    return readConfig()
  } catch {
    return undefined // The global setup reads it again, and its faults close the gate.
  }
}

/**
 * The command-line options that leave boxes out, for the report. A file filter shows in the boxes that it
 * leaves out.
 */
function narrowingOf(vitest: Vitest | undefined): string | null {
  const { testNamePattern: pattern, shard } = vitest?.config ?? {}
  const parts = [
    pattern == null ? '' : `-t ${pattern.source}`,
    shard == null ? '' : `--shard ${shard.index}/${shard.count}`,
  ]
  return parts.filter((part) => part !== '').join(' ') || null
}

/** Who ran what, where: for the journal and the audit page. Holds no secret. */
function identityOf(
  config: Config | undefined,
  vitest_version: string,
  directory: string,
): Readonly<Record<string, Scalar>> {
  return {
    product_version: PRODUCT_VERSION,
    ...codeIdentity(directory),
    operator: operator(),
    host: hostname(),
    platform: `${process.platform} ${release()} ${arch()}`,
    node_version: process.version,
    vitest_version,
    ...(config === undefined ? {} : configIdentity(config)),
  }
}

const configIdentity = (config: Config): Record<string, Scalar> => ({
  mode: config.source.mode,
  source_directory: 'directory' in config.source ? config.source.directory : null,
  postgres: config.postgres.kind,
  database: config.database,
  dropbox: config.dropbox.kind,
  universe_file: config.universe_file,
  start_date: config.window.start_date,
  end_date: config.window.end_date,
  thresholds: JSON.stringify(config.bootstrap.thresholds),
  required_datasets: config.bootstrap.required_datasets.join(', ') || 'none',
  is_ci: config.is_ci,
})

function operator(): string {
  try {
    return userInfo().username
  } catch {
    return 'unknown' // The user of a container may have a number and no name.
  }
}
