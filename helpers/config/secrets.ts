import type { Config } from './config.ts'

/** A secret that a mode cannot do without. Its value is nobody's business here. */
export interface NeededSecret {
  readonly name: string
  readonly is_present: boolean
}

/** The secrets that this configuration needs, by the variable that carries them. A rehearsal needs none. */
export function secretsOf({ dropbox }: Pick<Config, 'dropbox'>): NeededSecret[] {
  if (dropbox.kind !== 'dropbox') return []
  if (dropbox.refresh_token === undefined)
    return [{ name: 'DROPBOX_ACCESS_TOKEN', is_present: dropbox.access_token !== undefined }]
  return [
    { name: 'DROPBOX_REFRESH_TOKEN', is_present: true },
    { name: 'DROPBOX_APP_KEY', is_present: dropbox.app_key !== undefined },
  ]
}
