import { execa } from 'execa'
import { git } from '../helpers/checklist/code.ts'
import { childEnvironment } from '../helpers/config/children.ts'
import { PreconditionError, RefusedError } from '../helpers/core/errors.ts'
import type { GateResult } from './gate.ts'

const VERSION = /^v\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/

/** Settings of git that name a key, or a command that does. */
const KEYS = ['user.signingkey', 'gpg.ssh.defaultKeyCommand']

export interface Tag {
  readonly message: string
  readonly is_signed: boolean
}

/** @throws RefusedError when the name is no version, or the tag is there: a tag is never moved. */
export function requireNewTag(name: string, repository: string): void {
  if (!VERSION.test(name)) throw new RefusedError(`"${name}" is not a version. Name the tag v1.2.3.`)
  if (git(repository, 'rev-parse', '--quiet', '--verify', `refs/tags/${name}`) !== undefined)
    throw new RefusedError(`The tag ${name} is there, and a tag is never moved. Choose the next version.`)
}

/**
 * Asks each remote of the repository for the tag: another clone may have made it. Returns the remotes that
 * do not answer.
 *
 * @throws RefusedError when one of them has the tag.
 */
export function remotesNotAsked(name: string, repository: string): string[] {
  const ref = `refs/tags/${name}`
  const remotes = (git(repository, 'remote') ?? '').split('\n').filter((remote) => remote !== '')
  return remotes.filter((remote) => {
    const listed = git(repository, 'ls-remote', '--tags', remote, ref)
    if (listed?.split('\n').some((line) => line.endsWith(`\t${ref}`)) === true)
      throw new RefusedError(
        `The tag ${name} is in ${remote}, and a tag is never moved. Choose the next version.`,
      )
    return listed === undefined
  })
}

/**
 * Tags the commit of a run that opened the gate. The tag is annotated, and signed where git has a key, of
 * OpenPGP or of SSH.
 */
export async function tagRun(name: string, repository: string, gate: GateResult): Promise<Tag> {
  requireNewTag(name, repository)
  const { view, reasons, statement_sha256, backup } = gate
  if (view === undefined || backup === undefined || statement_sha256 === undefined || reasons.length > 0)
    throw new RefusedError(`${name} was not tagged: the gate is closed. \`npm run gate\` lists the reasons.`)
  const message = `stocks-research ${name.slice(1)}

Verdict:   ${view.verdict} (${view.mode})
Run:       ${view.run_id}, ended ${view.ended_at}
Statement: SHA-256 ${statement_sha256}
Backup:    ${backup.file}, taken ${backup.taken_at}, SHA-256 ${backup.sha256}
`
  const hasKey = KEYS.some((setting) => git(repository, 'config', '--get', setting) !== undefined)
  const commit = String(view.identity['git_commit'])
  const args = ['tag', hasKey ? '--sign' : '--annotate', '--file=-', '--cleanup=verbatim', name, commit]
  const { exitCode, stderr } = await execa('git', args, {
    cwd: repository,
    env: childEnvironment(),
    extendEnv: false,
    reject: false,
    input: message,
  })
  if (exitCode !== 0)
    throw new PreconditionError(`git could not make the tag ${name}: ${stderr}. Nothing was tagged.`)
  const made = git(repository, 'cat-file', 'tag', name) ?? ''
  const is_signed = /^-----BEGIN [A-Z ]*SIGNATURE-----$/m.test(made)
  if (hasKey && !is_signed) {
    // git 2.39 makes the tag without a signature, and exits with 0, when ssh-keygen cannot sign.
    git(repository, 'tag', '--delete', name)
    throw new PreconditionError(
      `git could not sign the tag ${name}, so nothing was tagged. ` +
        'Check the key that git has: git config user.signingkey',
    )
  }
  return { message, is_signed }
}
