import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import type { Backup } from '../backup/dump.ts'
import { uploadBackup } from '../backup/upload.ts'
import { verifyRemote } from '../backup/verify.ts'
import { ownEnvironment } from '../config/children.ts'
import { messageOf } from '../core/errors.ts'
import { withScratchFolder } from '../core/scratch-folder.ts'
import { DropboxStore, type DropboxStoreOptions } from '../remote/dropbox-store.ts'
import { type DropboxServer, startDropboxServer } from '../simulator/dropbox/server.ts'
import { type Drill, recover } from './drill.ts'

const APPEND = 'files/upload_session/append_v2'
const FINISH = 'files/upload_session/finish'
const CHUNKS = 16
const CHUNK_PAUSE_MS = 50
const ROUNDING_BYTES = 1

/** A Dropbox of the drill's own: the real one holds nothing that a drill may touch. */
const withDropbox = <T>(
  work: (server: DropboxServer, options: DropboxStoreOptions) => Promise<T>,
): Promise<T> =>
  withScratchFolder(async (folder) => {
    const server = await startDropboxServer({ directory: join(folder, 'server') })
    const { credentials, origin } = server
    return work(server, {
      credentials,
      origin,
      folder: '/drill',
      state_directory: join(folder, 'uploads'),
    }).finally(() => server.stop())
  })

/** Kills the process that uploads the backup, half-way, and uploads again: the same session goes on. */
export const killUpload = (
  backup: Backup,
): Promise<Drill & { bytes_sent_before: number; bytes_sent_after: number }> =>
  withDropbox(async (server, base) => {
    const { archive, manifest } = backup
    const options = { ...base, chunk_bytes: Math.ceil(manifest.bytes / CHUNKS) + ROUNDING_BYTES }
    // Loopback is quick: without a pause the upload would be over before it can be killed.
    server.faults.add({ route: APPEND, times: CHUNKS, action: { kind: 'slow', ms: CHUNK_PAUSE_MS } })
    const child = execa(
      process.execPath,
      [join(import.meta.dirname, '../remote/upload-process.ts'), archive, manifest.file],
      {
        env: ownEnvironment(),
        extendEnv: false,
        reject: false,
        input: JSON.stringify(options),
      },
    )
    let hasEnded = false
    void child.finally(() => {
      hasEnded = true
    })
    while (server.bytesReceived() < manifest.bytes / 3 && !hasEnded) await sleep(1)
    child.kill('SIGKILL')
    const { signal } = await child
    await sleep(2 * CHUNK_PAUSE_MS) // What was on its way arrives, as it would at Dropbox.
    const bytes_sent_before = server.bytesReceived()
    server.faults.clear()
    const store = new DropboxStore(options)
    const there = await store.list()
    const detected_by =
      `the upload ended by ${signal ?? 'itself'}; ` +
      `Dropbox shows ${there.length} files, and a session of ${bytes_sent_before} bytes`
    const drill = await recover(detected_by, async () => {
      const { outcome } = await uploadBackup(backup, store)
      return outcome === 'resumed' && (await verifyRemote(backup, store)).sha256 === manifest.sha256
    })
    return { ...drill, bytes_sent_before, bytes_sent_after: server.bytesReceived() - bytes_sent_before }
  })

/**
 * One bit of the remote copy turns over, and nothing says so but the bytes themselves. It is removed and
 * uploaded again.
 */
export const corruptRemote = (backup: Backup): Promise<Drill> =>
  withDropbox(async (server, options) => {
    const store = new DropboxStore(options)
    server.faults.add({ route: FINISH, action: { kind: 'flip-stored' } })
    await uploadBackup(backup, store)
    const detected_by = await verifyRemote(backup, store).then(() => '', messageOf)
    return recover(detected_by, async () => {
      await store.remove(backup.manifest.file)
      await uploadBackup(backup, store)
      return (await verifyRemote(backup, store)).sha256 === backup.manifest.sha256
    })
  })
