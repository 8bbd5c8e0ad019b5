import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { inject } from 'vitest'
import { DropboxStore, type DropboxStoreOptions } from '../remote/dropbox-store.ts'
import { type DropboxServer, startDropboxServer } from '../simulator/dropbox/server.ts'

/** A Dropbox server of one test's own, and stores on it that wait little. */
export interface OwnDropbox {
  readonly server: DropboxServer
  /** Holds the state of the server and of uploads; goes with the test server. */
  readonly directory: string
  readonly open: (options?: Partial<DropboxStoreOptions>) => DropboxStore
}

/** To be stopped: `server`. */
export async function ownDropbox(defaults: Partial<DropboxStoreOptions>): Promise<OwnDropbox> {
  const directory = await mkdtemp(join(inject('testDirectory'), 'dropbox-'))
  const server = await startDropboxServer({ directory: join(directory, 'server') })
  const { credentials, origin } = server
  const own = {
    credentials,
    origin,
    folder: '/backups',
    state_directory: join(directory, 'uploads'),
    delay_ms: 5,
  }
  return { server, directory, open: (options = {}) => new DropboxStore({ ...own, ...defaults, ...options }) }
}
