/** Which code a run was made from, as git knows it. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
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
  const changes = changesIn(directory)
  return {
    git_commit: git(directory, 'rev-parse', 'HEAD') ?? none,
    git_tree: git(directory, 'rev-parse', 'HEAD^{tree}') ?? none,
    git_is_dirty: changes === undefined ? null : changes.length > 0,
  }
}

/**
 * The files that differ from the commit, and those that git does not know; undefined outside of a checkout. A
 * change that git ignores by its settings (`--assume-unchanged`), or by a size and a time that were set back,
 * is found by the content of the file.
 */
export function changesIn(directory: string): string[] | undefined {
  const status = gitBytes(directory, ...STATUS)
  if (status === undefined) return undefined
  const seen = status.split('\n').flatMap((line) => (line === '' ? [] : [line.slice(3)]))
  return [...new Set([...seen, ...differingIn(directory)])]
}

/** Settings of git that hide files, or that trust another program, do not apply. */
const STATUS = [
  '-c',
  'core.fsmonitor=false',
  'status',
  '--porcelain',
  '--untracked-files=normal',
  '--ignore-submodules=none',
]

/** Tracked files that are gone, or whose content is not that of the index. */
function differingIn(directory: string): string[] {
  const root = git(directory, 'rev-parse', '--show-toplevel') ?? directory
  const listed = (gitBytes(root, 'ls-files', '--stage', '-z') ?? '').split('\0').flatMap((line) => {
    const [, hash = '', path = ''] = /^100\d{3} ([0-9a-f]+) 0\t(.*)$/s.exec(line) ?? []
    return path === '' ? [] : [{ hash, path }]
  })
  const there = listed.filter(({ path }) => existsSync(join(root, path)))
  const paths = there.map(({ path }) => `${path}\n`).join('')
  const hashes = (printedBy(root, ['hash-object', '--stdin-paths'], paths) ?? '').split('\n')
  const gone = listed.filter((each) => !there.includes(each))
  return [...gone, ...there.filter(({ hash }, at) => hash !== hashes[at])].map(({ path }) => path)
}

/** What git prints, without blanks at the ends; undefined when it fails. */
export function git(directory: string, ...args: string[]): string | undefined {
  return gitBytes(directory, ...args)?.trim()
}

/** What git prints, byte by byte; undefined when it fails. */
export const gitBytes = (directory: string, ...args: string[]): string | undefined =>
  printedBy(directory, args)

/** No object replaces another (`git replace`): a commit is what its hash says. A remote asks no password. */
function printedBy(directory: string, args: readonly string[], input = ''): string | undefined {
  const { exitCode, stdout } = execaSync('git', args, {
    cwd: directory,
    env: { ...childEnvironment(), GIT_NO_REPLACE_OBJECTS: '1', GIT_TERMINAL_PROMPT: '0' },
    extendEnv: false,
    reject: false,
    stripFinalNewline: false,
    timeout: GIT_MAX_MS,
    input,
  })
  return exitCode === 0 ? stdout : undefined
}
