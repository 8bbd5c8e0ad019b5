/** `npm run report -- <command>`: what the runs left, compared and listed, and the key that signs it. */
import { generateKeyPairSync } from 'node:crypto'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { runsIn } from '../../helpers/checklist/history.ts'
import type { RunView } from '../../helpers/checklist/view.ts'
import { ROOT_DIRECTORY, readConfig } from '../../helpers/config/config.ts'
import { PreconditionError } from '../../helpers/core/errors.ts'
import { diffText, runNamed } from '../../reports/diff.ts'
import { keyIdOf } from '../../reports/dsse.ts'
import { writeIndex } from '../../reports/runs-index.ts'
import { programOf, runProgram, say, UsageError } from './entry.ts'

function makeKey(asked: string): void {
  const file = resolve(asked)
  const public_file = `${file.replace(/\.pem$/, '')}.pub.pem`
  for (const each of [file, public_file])
    if (existsSync(each))
      throw new PreconditionError(`${each} is there, and a key is never overwritten. Name another file.`)
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { flag: 'wx', mode: 0o600 })
  writeFileSync(public_file, publicKey.export({ type: 'spki', format: 'pem' }), { flag: 'wx', mode: 0o644 })
  say(`private key  ${file} (only you may read it; keep it out of the repository)`)
  say(`public key   ${public_file} (give it to those who verify)`)
  say(`key id       ${keyIdOf(publicKey)}`)
  say(`To sign the next runs, set BOOTSTRAP_SIGNING_KEY=${file}`)
  say(`To verify one: npm run report:verify -- --key ${public_file}`)
}

const program = programOf('report', 'Commands for the reports of runs.')
program
  .command('key')
  .description('make a signing key: a private key, and a public one beside it')
  .argument('<file>', 'file of the private key, for example ~/.config/stocks-research/signing.pem')
  .action(makeKey)
program
  .command('diff')
  .description('what differs between two runs: figures, tables, findings, boxes')
  .argument('<first>', 'id of a run, the start of one, or latest')
  .argument('<second>', 'id of a run, the start of one, or latest')
  .action((first: string, second: string) => {
    const runs = [...runsIn(runsDirectory())]
    say(diffText(named(runs, first), named(runs, second)))
  })
program
  .command('index')
  .description('write reports/index.html, the list of all runs, again')
  .action(() => {
    const directory = runsDirectory()
    writeIndex(directory)
    say(`Written: ${join(directory, '..', 'index.html')}`)
  })

function named(runs: readonly RunView[], name: string): RunView {
  const found = runNamed(runs, name)
  if (typeof found === 'string') throw new UsageError(found)
  return found
}

function runsDirectory(): string {
  try {
    return join(readConfig().directories.reports, 'runs')
  } catch {
    return join(ROOT_DIRECTORY, 'reports', 'runs') // Evidence stays readable when the configuration is not.
  }
}

await runProgram(program)
