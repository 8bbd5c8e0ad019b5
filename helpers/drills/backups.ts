import { copyFile, open, readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Backup, dump } from '../backup/dump.ts'
import { listBackups } from '../backup/manifest.ts'
import { verifyFile } from '../backup/verify.ts'
import type { Connection } from '../config/connection.ts'
import { messageOf } from '../core/errors.ts'
import { withScratchFolder } from '../core/scratch-folder.ts'
import { type Drill, recover } from './drill.ts'

/** Flips one bit in the middle of a copy of the backup. */
export const damage = (backup: Backup): Promise<Drill> =>
  withScratchFolder(async (folder) => {
    const archive = join(folder, basename(backup.archive))
    await copyFile(backup.archive, archive)
    const file = await open(archive, 'r+')
    const at = Math.floor(backup.manifest.bytes / 2)
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, at)
    await file.write(Buffer.from([(buffer[0] ?? 0) ^ 1]), 0, 1, at)
    await file.close()
    const detected_by = await verifyFile({ ...backup, archive }).then(() => '', messageOf)
    return recover(detected_by, () => verifyFile(backup).then(() => true))
  })

/** The drill is about complete files, not about their size; of two `--compress` the last one counts. */
const PACKED_FAST = ['--compress=1']

/**
 * Kills pg_dump as soon as it has written something, and dumps again. A dump that was cut short must not
 * stand as a backup.
 */
export const killDump = (
  connection: Connection,
  mode: string,
): Promise<Drill & { files_left: number; killed_after_bytes: number }> =>
  withScratchFolder(async (directory) => {
    let killed_after_bytes = 0
    let isOver = false
    const killOnceWriting = async (pid: number): Promise<void> => {
      while (killed_after_bytes === 0 && !isOver) {
        const name = (await readdir(directory)).find((each) => each.endsWith('.partial'))
        killed_after_bytes =
          name === undefined ? 0 : (await stat(join(directory, name)).catch(() => ({ size: 0 }))).size
        await sleep(2)
      }
      if (!isOver) process.kill(pid, 'SIGKILL')
    }
    // Whoever comes too late has detected nothing, and the drill says so.
    const onStart = (pid: number): void => void killOnceWriting(pid).catch(() => {})
    const detected_by = await dump(connection, { directory, mode, onStart, extra_arguments: PACKED_FAST })
      .then(() => '', messageOf)
      .finally(() => {
        isOver = true
      })
    const files_left = (await readdir(directory)).length
    const drill = await recover(detected_by, async () => {
      const again = await dump(connection, { directory, mode, extra_arguments: PACKED_FAST })
      await verifyFile(again)
      return (await listBackups(directory)).length === 1
    })
    return { ...drill, files_left, killed_after_bytes }
  })
