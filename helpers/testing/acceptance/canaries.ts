import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import { REHEARSAL_KEYS } from '../../simulator/servers/servers.ts'

/**
 * Keys that a user may have in the environment. None of them may be seen again in anything that a run leaves
 * behind.
 */
export const CANARIES = {
  APCA_API_KEY_ID: 'PKCANARYCANARY000001',
  APCA_API_SECRET_KEY: 'canary-of-alpaca-4b7e1f0a9d3c2856',
  TIINGO_API_KEY: 'canary-of-tiingo-91d4c07e5a3f',
  EODHD_API_KEY: 'canary-of-nobody-77ab20c4de51',
} as const

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
