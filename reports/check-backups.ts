import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { manifestFileOf } from '../helpers/backup/manifest.ts'
import { messageOf } from '../helpers/core/errors.ts'
import { hashFile } from '../helpers/core/file-hash.ts'
import type { RemoteFile, RemoteStore } from '../helpers/remote/store.ts'
import type { NamedBackup } from './backups-named.ts'

export interface BackupFindings {
  readonly faults: readonly string[]
  readonly notes: readonly string[]
  /** Where the last backup is intact. */
  readonly places: readonly ('here' | 'remote')[]
}

/**
 * Whether the backups that a run names are here and in the remote store, with the hashes that the run
 * recorded. The last one is required; an earlier one may have been removed since, which is a note.
 */
export async function backupFaults(
  backups: readonly NamedBackup[],
  where: { readonly backups: string; readonly remote: RemoteStore | string },
): Promise<BackupFindings> {
  if (backups.length === 0) return { faults: [], notes: ['the run names no backup'], places: [] }
  const faults: string[] = []
  const notes: string[] = []
  const places: ('here' | 'remote')[] = []
  const listed = await listedIn(where.remote)
  if (typeof listed === 'string') notes.push(`the remote store was not checked: ${listed}`)
  for (const backup of backups) {
    const isLast = backup === backups.at(-1)
    const report = (found: Place): void => {
      if (found.state === 'intact') return
      if (found.state === 'missing' && !isLast) notes.push(`${found.text}; it is not the last of the run`)
      else faults.push(found.text)
    }
    const here = await hereOf(backup, where.backups)
    report(here)
    if (isLast && here.state === 'intact') places.push('here')
    if (typeof listed === 'string' || typeof where.remote === 'string') continue
    const remote = await remoteOf(backup, listed, where)
    report(remote)
    if (isLast && remote.state === 'intact') places.push('remote')
  }
  return { faults, notes, places }
}

type Place = { readonly state: 'intact' } | { readonly state: 'missing' | 'differs'; readonly text: string }
const INTACT: Place = { state: 'intact' }

async function hereOf(backup: NamedBackup, directory: string): Promise<Place> {
  const archive = join(directory, backup.file)
  const manifest = manifestFileOf(archive)
  for (const file of [archive, manifest])
    if (!existsSync(file)) return { state: 'missing', text: `${file} is missing` }
  const found = await hashFile(archive)
  if (found.sha256 !== backup.sha256)
    return differs(`${archive}: its SHA-256 is ${found.sha256}, the run recorded ${backup.sha256}`)
  const { sha256 } = await hashFile(manifest)
  return sha256 === (backup.manifest_sha256 ?? sha256)
    ? INTACT
    : differs(`${manifest}: its SHA-256 is ${sha256}, the run recorded ${backup.manifest_sha256}`)
}

/** The store itself reports content hashes, so nothing is downloaded. */
async function remoteOf(
  backup: NamedBackup,
  listed: readonly RemoteFile[],
  { backups, remote }: { readonly backups: string; readonly remote: RemoteStore | string },
): Promise<Place> {
  const store = typeof remote === 'string' ? remote : remote.describe()
  const manifest = manifestFileOf(backup.file)
  for (const name of [backup.file, manifest])
    if (!listed.some((each) => each.name === name))
      return { state: 'missing', text: `${name} is missing in ${store}` }
  const hashOf = (name: string): string | undefined => listed.find((each) => each.name === name)?.content_hash
  const found = hashOf(backup.file)
  if (found !== backup.content_hash)
    return differs(
      `${backup.file} in ${store}: its content hash is ${found}, the run recorded ${backup.content_hash}`,
    )
  const local = join(backups, manifest)
  if (!existsSync(local)) return INTACT // Reported as missing here.
  const { content_hash } = await hashFile(local)
  return hashOf(manifest) === content_hash
    ? INTACT
    : differs(`${manifest} in ${store}: its content hash is not that of ${local}`)
}

const differs = (text: string): Place => ({ state: 'differs', text })

async function listedIn(remote: RemoteStore | string): Promise<readonly RemoteFile[] | string> {
  if (typeof remote === 'string') return remote
  try {
    return await remote.list()
  } catch (error) {
    return messageOf(error)
  }
}
