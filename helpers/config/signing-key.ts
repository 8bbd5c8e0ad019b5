import { createPrivateKey } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { messageOf } from '../core/errors.ts'
import { show } from './environment.ts'

/**
 * The file that BOOTSTRAP_SIGNING_KEY names. A key that cannot sign is a fault at the start of a run, not at
 * its end.
 */
export function readSigningKeyFile(
  text: string | undefined,
  root: string,
  faults: string[],
): string | undefined {
  if (text === undefined) return undefined
  const file = resolve(root, text)
  const fault = signingKeyFault(file)
  if (fault !== undefined) faults.push(`BOOTSTRAP_SIGNING_KEY is ${show(text)}; ${fault}`)
  return file
}

/** Why the file cannot be used as a signing key; undefined when it can. */
function signingKeyFault(file: string): string | undefined {
  try {
    const { asymmetricKeyType: type } = createPrivateKey(readFileSync(file))
    if (type !== 'ed25519')
      return `it is a key of type ${type}, not ed25519. \`npm run report -- key <file>\` makes one`
  } catch (error) {
    const why = `it cannot be read as a private key: ${messageOf(error)}`
    return `${why}. \`npm run report -- key <file>\` makes one`
  }
  const others = process.platform === 'win32' ? 0 : statSync(file).mode & 0o077
  return others === 0 ? undefined : `other users may read it. Run chmod 600 ${file}`
}
