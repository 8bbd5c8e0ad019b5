/** Which code a run was made from, as git knows it. */
import { execaSync } from 'execa'
import { childEnvironment } from '../config/children.ts'
import { ROOT_DIRECTORY } from '../config/config.ts'

const GIT_MAX_MS = 10_000

export interface CodeIdentity {
  readonly git_commit: string
  /** The hash of the commit's files alone; the same for two commits with the same content. */
  readonly git_tree: string
  /** Null outside of a git checkout. */
  readonly git_is_dirty: boolean | null
}

/** The commit, the tree, and whether a file differs from them. */
export function codeIdentity(directory = ROOT_DIRECTORY): CodeIdentity {
  const none = 'not a git checkout'
  const changes = git(directory, 'status', '--porcelain')
  return {
    git_commit: git(directory, 'rev-parse', 'HEAD') ?? none,
    git_tree: git(directory, 'rev-parse', 'HEAD^{tree}') ?? none,
    git_is_dirty: changes === undefined ? null : changes !== '',
  }
}

/** What git prints, without blanks at the ends; undefined when it fails. */
export function git(directory: string, ...args: string[]): string | undefined {
  return gitBytes(directory, ...args)?.trim()
}

/** What git prints, byte by byte; undefined when it fails. */
export function gitBytes(directory: string, ...args: string[]): string | undefined {
  const { exitCode, stdout } = execaSync('git', args, {
    cwd: directory,
    env: childEnvironment(),
    extendEnv: false,
    reject: false,
    stripFinalNewline: false,
    timeout: GIT_MAX_MS,
  })
  return exitCode === 0 ? stdout : undefined
}
