/** `npm run report -- key <file>`: the key that signs the statement of a run. */
import { generateKeyPairSync } from 'node:crypto'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { PreconditionError } from '../../helpers/core/errors.ts'
import { keyIdOf } from '../../reports/dsse.ts'
import { programOf, runProgram, say } from './entry.ts'

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
  say(`public key   ${public_file} (give it to whoever verifies)`)
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
await runProgram(program)
