import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parseEnv } from 'node:util'
import { zstdDecompressSync } from 'node:zlib'
import { REHEARSAL_KEYS } from '../../simulator/servers/servers.ts'

/**
 * Keys that a user may have in the environment. None of them may be seen again in anything that a run leaves
 * behind. `.ci/run` reads the file too.
 */
export const CANARIES = parseEnv(readFileSync(join(import.meta.dirname, 'canaries.env'), 'utf8')) as Readonly<
  Record<string, string>
>

/** Those, and the secret that a rehearsal really sends. */
const SECRETS = [...Object.values(CANARIES), REHEARSAL_KEYS.secret_key]

/**
 * Files of a run that hold a secret, in the clear or packed, and how many were looked at. The data folder of
 * the server is left out.
 */
export function leaks(
  state: string,
  output: string,
): { readonly files: number; readonly leaks: readonly string[] } {
  const needles = SECRETS.map((secret) => Buffer.from(secret))
  const found = SECRETS.some((secret) => output.includes(secret)) ? ['what the command printed'] : []
  let files = 0
  for (const entry of readdirSync(state, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name)
    if (!entry.isFile() || file.includes(`${join('.data', 'postgres')}`)) continue
    files++
    const bytes = readFileSync(file)
    const plain = basename(file).endsWith('.zst') ? zstdDecompressSync(bytes) : bytes
    if (needles.some((needle) => plain.includes(needle))) found.push(file)
  }
  return { files, leaks: found }
}
