import { statfs } from 'node:fs/promises'
import { platform } from 'node:os'
import type { Settings } from './cluster.ts'

const MEGABYTE = 1024 * 1024
const SHARED_MEMORY_MIN_BYTES = 512 * MEGABYTE

/**
 * Settings for a research database on a small machine with `memory_bytes`. Durability stays on: its data
 * outlives runs.
 */
export async function embeddedSettings(memory_bytes: number): Promise<Settings> {
  const share = (part: number, max: number): string =>
    `${Math.max(32, Math.min(max, Math.floor((memory_bytes * part) / MEGABYTE)))}MB`
  return {
    shared_buffers: share(1 / 8, 512),
    effective_cache_size: share(1 / 2, 8192),
    maintenance_work_mem: share(1 / 32, 256),
    work_mem: share(1 / 128, 32),
    max_wal_size: '4GB', // A five-year load writes about 2 GB; fewer checkpoints in its middle.
    checkpoint_timeout: '15min',
    wal_level: 'minimal',
    max_wal_senders: 0,
    max_connections: 50,
    random_page_cost: 1.1,
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_line_prefix: '%m [%p] %q%a %d ',
    // The backend of a killed client ends its statement and lets its locks go; other systems do not support
    // it.
    ...(platform() === 'linux' && { client_connection_check_interval: '2s' }),
    ...((await isShmSmall()) && { dynamic_shared_memory_type: 'mmap' }),
  }
}

/**
 * Containers often have a /dev/shm of 64 MB, and a parallel hash join then fails: "could not resize shared
 * memory segment".
 */
async function isShmSmall(): Promise<boolean> {
  const shm = await statfs('/dev/shm').catch(() => undefined)
  return shm !== undefined && shm.bavail * shm.bsize < SHARED_MEMORY_MIN_BYTES
}
