import { readdirSync, statSync } from 'node:fs'
import { copyFile, open, readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
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
const WRITES_WITHIN_MS = 30_000
const LOOK_EVERY_MS = 2

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
    // This process waits and does nothing else meanwhile: what the boxes do beside it would let a small dump
    // end before it is seen. pg_dump needs nothing of this process.
    const onStart = (pid: number): void => {
      const deadline = performance.now() + WRITES_WITHIN_MS
      while (killed_after_bytes === 0 && performance.now() < deadline) {
        killed_after_bytes = bytesOfPartial(directory)
        if (killed_after_bytes === 0) Atomics.wait(NEVER_WOKEN, 0, 0, LOOK_EVERY_MS)
      }
      process.kill(pid, 'SIGKILL')
    }
    // A dump that ends before the kill has detected nothing, and the drill says so.
    const detected_by = await dump(connection, { directory, mode, onStart }).then(() => '', messageOf)
    const files_left = (await readdir(directory)).length
    const drill = await recover(detected_by, async () => {
      const again = await dump(connection, { directory, mode, extra_arguments: PACKED_FAST })
      await verifyFile(again)
      return (await listBackups(directory)).length === 1
    })
    return { ...drill, files_left, killed_after_bytes }
  })

/** To wait without the event loop. */
const NEVER_WOKEN = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))

/** Size of the file that a dump writes in `directory`; 0 when there is none. */
function bytesOfPartial(directory: string): number {
  const name = readdirSync(directory).find((each) => each.endsWith('.partial'))
  return name === undefined ? 0 : (statSync(join(directory, name), { throwIfNoEntry: false })?.size ?? 0)
}
