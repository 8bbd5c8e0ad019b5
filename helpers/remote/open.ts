import { join } from 'node:path'
import type { Config } from '../config/config.ts'
import { startDropboxServer } from '../simulator/dropbox/server.ts'
import { DropboxStore } from './dropbox-store.ts'
import { FolderStore } from './folder-store.ts'
import type { RemoteStore } from './store.ts'

/**
 * The place for backups that the configuration names. Without one, a Dropbox server of our own is started on
 * loopback, with its state below `.data/dropbox`; `close` stops it.
 */
export async function openRemote(
  config: Pick<Config, 'dropbox' | 'bootstrap' | 'directories'>,
): Promise<RemoteStore> {
  const { folder } = config.bootstrap.dropbox
  const state_directory = join(config.directories.data, 'uploads')
  switch (config.dropbox.kind) {
    case 'folder':
      return new FolderStore(config.dropbox.directory, folder)
    case 'dropbox':
      return new DropboxStore({ credentials: config.dropbox, folder, state_directory })
    case 'local-server': {
      const server = await startDropboxServer({ directory: join(config.directories.data, 'dropbox') })
      return new DropboxStore({
        credentials: server.credentials,
        origin: server.origin,
        folder,
        state_directory,
        title: 'REHEARSAL Dropbox server on loopback',
        onClose: () => server.stop(),
      })
    }
  }
}
