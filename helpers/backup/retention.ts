import { rm } from 'node:fs/promises'
import { DAY_MS } from '../core/days.ts'
import type { RemoteStore } from '../remote/store.ts'
import { type Backup, removeBackup } from './dump.ts'
import { listBackups, manifestFileOf } from './manifest.ts'
import { proofFileOf, provenLevels } from './proof.ts'
import { verifyFile } from './verify.ts'

export interface RetentionRule {
  /** How many proven backups of each database are kept, of any age. At least 1. */
  readonly keep_count: number
  /** All backups younger than this are kept too, in days. */
  readonly keep_days: number
}

export interface Retention {
  readonly removed: readonly string[]
  readonly kept: readonly string[]
  /** Why nothing, or less than the rule allows, was removed. */
  readonly notes: readonly string[]
}

/**
 * Which backups may go, by file name. Only those older than a backup of the same database that has passed all
 * four levels; never one of the newest `keep_count` that are proven, never a young one, and so never the
 * last.
 */
export function selectExpired(
  backups: readonly {
    readonly file: string
    readonly database: string
    readonly snapshot_at: string
    readonly is_proven: boolean
  }[],
  { keep_count, keep_days }: RetentionRule,
  now: Date,
): string[] {
  if (!Number.isInteger(keep_count) || keep_count < 1)
    throw new RangeError(`keep_count is ${keep_count}; at least 1 backup is kept.`)
  if (!(keep_days >= 0)) throw new RangeError(`keep_days is ${keep_days}; it must be 0 or more.`)
  const expired: string[] = []
  for (const database of new Set(backups.map((backup) => backup.database))) {
    const newestFirst = backups
      .filter((backup) => backup.database === database)
      .toSorted((a, b) => Date.parse(b.snapshot_at) - Date.parse(a.snapshot_at))
    let proven = 0
    for (const backup of newestFirst) {
      // Counted before this one: a backup is removed only if newer ones are proven.
      const isOld = now.getTime() - Date.parse(backup.snapshot_at) > keep_days * DAY_MS
      if (proven >= keep_count && isOld) expired.push(backup.file)
      if (backup.is_proven) proven += 1
    }
  }
  return expired
}

/**
 * Applies the rule to a folder, and to the remote copies of what leaves it. Before anything is removed, the
 * newest proven backup of that database is read again: it may have been damaged since it was proven.
 */
export async function applyRetention(
  directory: string,
  remote: RemoteStore | undefined,
  rule: RetentionRule,
  now = new Date(),
): Promise<Retention> {
  const backups = await listBackups(directory)
  const described = await Promise.all(
    backups.map(async (backup) => ({ backup, is_proven: (await provenLevels(backup)).length === 4 })),
  )
  const expired = new Set(
    selectExpired(
      described.map(({ backup: { manifest }, is_proven }) => ({
        file: manifest.file,
        database: manifest.database,
        snapshot_at: manifest.snapshot_at,
        is_proven,
      })),
      rule,
      now,
    ),
  )
  const notes: string[] = []
  const removed: string[] = []
  const isIntact = new Map<string, boolean>()
  for (const { backup } of described.filter(({ backup: { manifest } }) => expired.has(manifest.file))) {
    const { database, file } = backup.manifest
    const newest = described.findLast(
      (each) => each.is_proven && each.backup.manifest.database === database,
    )?.backup
    const intact = isIntact.get(database) ?? (await isWhole(newest, notes))
    isIntact.set(database, intact)
    if (!intact) continue
    // The remote copy first: as long as the local one exists, its name is known here.
    await remote?.remove(manifestFileOf(file))
    await remote?.remove(file)
    await rm(proofFileOf(backup.archive), { force: true })
    await removeBackup(backup.archive)
    removed.push(file)
  }
  if (described.length > 0 && !described.some(({ is_proven }) => is_proven))
    notes.push('No backup has passed all four levels yet, so none is removed.')
  return {
    removed,
    kept: backups.map(({ manifest }) => manifest.file).filter((file) => !removed.includes(file)),
    notes,
  }
}

async function isWhole(backup: Backup | undefined, notes: string[]): Promise<boolean> {
  if (backup === undefined) return false
  try {
    await verifyFile(backup)
    return true
  } catch (error) {
    notes.push(`Nothing of ${backup.manifest.database} is removed: ${(error as Error).message}`)
    return false
  }
}
