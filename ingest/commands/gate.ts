/**
 * `npm run gate` exits 0 only when the latest run is good enough for a tag; else it prints a line for each
 * reason. `npm run tag -- v1.2.3` asks the gate, then tags the commit of the run.
 */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Option } from 'commander'
import { oneLine } from '../../helpers/checklist/text.ts'
import type { RunView } from '../../helpers/checklist/view.ts'
import { type Config, ROOT_DIRECTORY, readConfig } from '../../helpers/config/config.ts'
import { openRemote } from '../../helpers/remote/open.ts'
import { type GateResult, judgeGate, latestRunOf } from '../../reports/gate.ts'
import { writeIndex } from '../../reports/runs-index.ts'
import { remotesNotAsked, requireNewTag, tagRun } from '../../reports/tag.ts'
import { readPublicKey } from '../../reports/verify.ts'
import { readAccepted } from '../validation/accepted.ts'
import { programOf, runProgram, say, wholeNumber } from './entry.ts'

interface Options {
  readonly flatFiles?: true
  readonly maxAgeDays: number
  readonly key?: string
  readonly run?: string
  readonly repository: string
  readonly plan: string
}

async function gate(options: Options): Promise<void> {
  report(await judge(options))
}

async function tag(name: string, options: Options): Promise<void> {
  const repository = resolve(options.repository)
  requireNewTag(name, repository)
  const not_asked = remotesNotAsked(name, repository)
  const result = await judge(options)
  report(result)
  if (result.reasons.length > 0) return
  for (const remote of not_asked) say(`  note: ${remote} could not be asked whether it has the tag ${name}`)
  const { message, is_signed } = await tagRun(name, repository, result)
  writeIndex(join(readConfig().directories.reports, 'runs'), repository) // It lists the tags.
  say(`\n${message}`)
  say(
    is_signed
      ? `Tagged ${name}, signed. To verify it: git tag -v ${name}`
      : `Tagged ${name}, unsigned: git has no signing key. To sign tags, set user.signingkey in git.`,
  )
  say(`Publish it with: git push origin ${name}`)
}

async function judge(options: Options): Promise<GateResult> {
  const config = readConfig()
  const { backups, reports } = config.directories
  const repository = resolve(options.repository)
  const remote =
    config.dropbox.kind === 'local-server'
      ? 'no place off this machine is configured. Set DROPBOX_REFRESH_TOKEN or DROPBOX_FOLDER'
      : await openRemote(config)
  try {
    return await judgeGate({
      run_directory: options.run === undefined ? latestRunOf(reports) : resolve(options.run),
      runs_directory: join(reports, 'runs'),
      repository,
      plan: options.plan,
      backups,
      remote,
      key: keyOf(options, config),
      modes: options.flatFiles ? ['live', 'flat-files'] : ['live'],
      age_max_days: options.maxAgeDays,
      waivers: readAccepted(join(repository, 'ingest', 'validation', 'accepted.json')).map(
        ({ check, subject, accepted_on, expires_on }) => ({
          name: `${check} of ${subject}`,
          accepted_on,
          expires_on,
        }),
      ),
    })
  } finally {
    if (typeof remote !== 'string') await remote.close()
  }
}

/** Whoever can sign here expects signed runs. */
function keyOf({ key }: Options, { signing_key_file }: Config): KeyObject | undefined {
  if (key !== undefined) return readPublicKey(key)
  return signing_key_file === undefined
    ? undefined
    : createPublicKey(createPrivateKey(readFileSync(signing_key_file)))
}

/** What the environment chose for the run, and no commit says: a run of few securities can be PASSED. */
function dataText({ identity }: RunView): string {
  const { universe_file, start_date, end_date } = identity
  return `universe ${universe_file ?? 'unknown'}, ${start_date ?? 'unknown'} to ${end_date ?? 'unknown'}`
}

function report({ view, reasons, notes, statement_sha256, backup }: GateResult): void {
  const about = view === undefined ? '' : ` · run ${view.run_id}, ${view.mode}, ${view.verdict}`
  say(`gate ${reasons.length === 0 ? 'OPEN' : 'CLOSED'}${about}`)
  for (const reason of reasons) say(`  ${oneLine(reason)}`)
  for (const note of notes) say(`  note: ${oneLine(note)}`)
  if (view !== undefined) say(`  data: ${oneLine(dataText(view))}`)
  if (reasons.length > 0) process.exitCode = 1
  else say(`  statement ${statement_sha256} · backup ${backup?.file}`)
}

const program = programOf('gate', 'Decides whether the commit of a run may be tagged, and makes the tag.')
for (const command of [
  program
    .command('check', { isDefault: true })
    .description('exit 0 if the latest run may be tagged; otherwise list the reasons')
    .action(gate),
  program
    .command('tag')
    .description('run the gate, then make an annotated tag')
    .argument('<version>', 'v1.2.3')
    .action(tag),
])
  command
    .option('--flat-files', 'accept a run of flat files too; by default only a live run')
    .option('--max-age-days <days>', 'how old a run may be', wholeNumber, 7)
    .option('--key <file>', 'public key of the signature; default: the one of BOOTSTRAP_SIGNING_KEY')
    .option('--run <folder>', 'another run than the latest')
    .addOption(new Option('--repository <folder>').default(ROOT_DIRECTORY).hideHelp())
    .addOption(new Option('--plan <file>').default('phases/checklist.md').hideHelp())
await runProgram(program)
