/**
 * `npm run report:verify [-- <run folder or bundle>] [--key <public key>]`: proves that a run's reports are
 * what its journal says, that nothing was changed since, and that its backups are there. Without a folder,
 * the latest run. Exits 1 and names what does not hold.
 */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Option } from 'commander'
import { oneLine } from '../../helpers/checklist/text.ts'
import { ROOT_DIRECTORY, readConfig, reportsDirectoryOf } from '../../helpers/config/config.ts'
import { messageOf, PreconditionError } from '../../helpers/core/errors.ts'
import { openRemote } from '../../helpers/remote/open.ts'
import type { RemoteStore } from '../../helpers/remote/store.ts'
import { latestRunOf } from '../../reports/gate.ts'
import { readPublicKey, verifyEvidence } from '../../reports/verify.ts'
import { programOf, runProgram, say } from './entry.ts'

interface Options {
  readonly key?: string
  readonly remote: boolean
  readonly repository: string
  readonly plan: string
}

async function verify(asked: string | undefined, options: Options): Promise<void> {
  const path = asked === undefined ? latestRunOf(reportsDirectoryOf()) : resolve(asked)
  if (path === undefined || !existsSync(path)) {
    const where = asked === undefined ? '' : ` in ${asked}`
    throw new PreconditionError(`There is no run to verify${where}. \`npx vitest run phases\` makes one.`)
  }
  const key = options.key === undefined ? undefined : readPublicKey(options.key)
  const remote = options.remote ? await openConfigured() : 'it was left out by --no-remote'
  try {
    const { view, faults, notes } = await verifyEvidence(path, {
      repository: options.repository,
      plan: options.plan,
      backups: backupsDirectory(),
      remote,
      key,
    })
    const rehearsal = view?.mode === 'rehearsal' ? ' · REHEARSAL' : ''
    say(`run ${view?.run_id ?? path}: ${view?.verdict ?? 'unreadable'}${rehearsal}`)
    for (const note of notes) say(`  note: ${oneLine(note)}`)
    for (const fault of faults) say(`  FAULT: ${oneLine(fault)}`)
    if (faults.length === 0) say('  everything that was verified is correct')
    else process.exitCode = 1
  } finally {
    if (typeof remote !== 'string') await remote.close()
  }
}

/** Evidence stays readable when today's configuration is not. */
async function openConfigured(): Promise<RemoteStore | string> {
  try {
    return await openRemote(readConfig())
  } catch (error) {
    return messageOf(error)
  }
}

const backupsDirectory = (): string => join(reportsDirectoryOf(), '..', 'backups')

await runProgram(
  programOf('report:verify', 'Verifies the evidence of a run: its files, its signature, its backups.')
    .argument('[run]', 'folder of a run, or a bundle; default: the latest run')
    .option('--key <file>', 'the public key that must have signed the statement')
    .option('--no-remote', 'do not use the remote store')
    .addOption(new Option('--repository <folder>').default(ROOT_DIRECTORY).hideHelp())
    .addOption(new Option('--plan <file>').default('phases/checklist.md').hideHelp())
    .action(verify),
)
