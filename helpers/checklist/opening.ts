import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import type { Vitest } from 'vitest/node'
import { type Config, readConfig } from '../config/config.ts'
import { messageOf } from '../core/errors.ts'
import type { RunStarted } from './events.ts'
import { identityOf } from './identity.ts'
import { type Plan, readPlan } from './plan.ts'

/** What is known of a run before its first phase. */
export interface Opening {
  /** Holds no phase when there is a fault. */
  readonly plan: Plan
  /** Why the run may not go on. */
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
      identity: identityOf(config, vitest?.version ?? ''),
      pid: process.pid,
      host: hostname(),
      narrowed: narrowingOf(vitest),
    },
  }
}

function planOf(file: string, is_watching: boolean): Pick<Opening, 'plan' | 'fault'> {
  const nothing: Plan = { phases: [], sha256: '' }
  const watching =
    'The checklist is not watched: each saved file would start a rebuild. Run npx vitest run phases.'
  if (is_watching) return { plan: nothing, fault: watching }
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
 * The command-line options that leave boxes out, for the report. File filters are seen by the boxes that they
 * leave out.
 */
function narrowingOf(vitest: Vitest | undefined): string | null {
  const { testNamePattern: pattern, shard } = vitest?.config ?? {}
  const parts = [
    pattern == null ? '' : `-t ${pattern.source}`,
    shard == null ? '' : `--shard ${shard.index}/${shard.count}`,
  ]
  return parts.filter((part) => part !== '').join(' ') || null
}
