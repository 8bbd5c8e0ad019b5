import { resolve } from 'node:path'
import { type Environment, show } from './environment.ts'
import { isThere } from './is-there.ts'

export type DropboxConfig =
  | { readonly kind: 'local-server' }
  | { readonly kind: 'folder'; readonly directory: string }
  | {
      readonly kind: 'dropbox'
      readonly access_token: string | undefined
      readonly refresh_token: string | undefined
      readonly app_key: string | undefined
      readonly app_secret: string | undefined
    }

export function readDropbox(env: Environment, is_needed: boolean, faults: string[]): DropboxConfig {
  const directory = env['DROPBOX_FOLDER']
  const access_token = env['DROPBOX_ACCESS_TOKEN']
  const refresh_token = env['DROPBOX_REFRESH_TOKEN']
  const app_key = env['DROPBOX_APP_KEY']
  const app_secret = env['DROPBOX_APP_SECRET']
  if (directory !== undefined) {
    if (access_token !== undefined || refresh_token !== undefined)
      faults.push('DROPBOX_FOLDER is set, and so is a token of Dropbox; set only one of the two')
    if (!isThere('isDirectory', directory))
      faults.push(
        `DROPBOX_FOLDER is ${show(directory)}; no such folder. ` +
          'It must be the folder that the Dropbox client syncs',
      )
    return { kind: 'folder', directory: resolve(directory) }
  }
  if (refresh_token !== undefined && app_key === undefined)
    faults.push('DROPBOX_APP_KEY is not set; DROPBOX_REFRESH_TOKEN needs the key of its app')
  if (access_token !== undefined || refresh_token !== undefined)
    return { kind: 'dropbox', access_token, refresh_token, app_key, app_secret }
  if (app_key !== undefined || app_secret !== undefined)
    faults.push('DROPBOX_REFRESH_TOKEN is not set; the key of an app without a token gives no access')
  if (is_needed) {
    faults.push(
      'DROPBOX_REFRESH_TOKEN (with DROPBOX_APP_KEY), DROPBOX_ACCESS_TOKEN or DROPBOX_FOLDER must be set: ' +
        'a live run needs a place for its backups',
    )
  }
  return { kind: 'local-server' }
}
