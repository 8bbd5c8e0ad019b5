import { resolve } from 'node:path'
import { registerSecret } from '../core/redact.ts'
import type { Environment } from './environment.ts'

/** What a daily run that succeeded writes and requests, so that one that does not happen is noticed. */
export interface AliveConfig {
  readonly file: string | undefined
  readonly url: string | undefined
}

/** Reads BOOTSTRAP_ALIVE_FILE and BOOTSTRAP_ALIVE_URL; a fault is added to `faults`. */
export function readAlive(env: Environment, root: string, faults: string[]): AliveConfig {
  const { BOOTSTRAP_ALIVE_FILE: file, BOOTSTRAP_ALIVE_URL: url } = env
  // Anyone who knows the address of a monitor can silence it.
  registerSecret('BOOTSTRAP_ALIVE_URL', url)
  const { protocol, hostname = '' } = URL.parse(url ?? '') ?? {}
  const isLoopback = ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
  if (url !== undefined && protocol !== 'https:' && !(protocol === 'http:' && isLoopback))
    faults.push('BOOTSTRAP_ALIVE_URL must begin with https:// (with http:// only for this machine)')
  return { file: file === undefined ? undefined : resolve(root, file), url }
}
