import { arch, hostname, release, userInfo } from 'node:os'
import { execaSync } from 'execa'
import { type Config, childEnvironment, ROOT_DIRECTORY } from '../config/config.ts'
import { PRODUCT_VERSION } from '../config/version.ts'
import type { Scalar } from './events.ts'

/** Who ran what, where: for the journal and the audit page. Holds no secret. */
export function identityOf(
  config: Config | undefined,
  vitest_version: string,
): Readonly<Record<string, Scalar>> {
  return {
    product_version: PRODUCT_VERSION,
    ...codeIdentity(),
    operator: operator(),
    host: hostname(),
    platform: `${process.platform} ${release()} ${arch()}`,
    node_version: process.version,
    vitest_version,
    ...(config === undefined ? {} : configIdentity(config)),
  }
}

/** Which code this is. */
export function codeIdentity(): { readonly git_commit: string; readonly git_is_dirty: boolean | null } {
  const commit = git('rev-parse', 'HEAD')
  const changes = git('status', '--porcelain')
  return {
    git_commit: commit ?? 'not a git checkout',
    git_is_dirty: changes === undefined ? null : changes !== '',
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
  is_ci: config.is_ci,
})

function git(...args: string[]): string | undefined {
  const options = {
    cwd: ROOT_DIRECTORY,
    env: childEnvironment(),
    extendEnv: false,
    reject: false,
    timeout: 10_000,
  } as const
  const { exitCode, stdout } = execaSync('git', args, options)
  return exitCode === 0 ? stdout.trim() : undefined
}

function operator(): string {
  try {
    return userInfo().username
  } catch {
    return 'unknown' // A container may run as a number without a name.
  }
}
