import type { AliveConfig } from '../../helpers/config/alive.ts'
import { writeAtomically } from '../../helpers/core/atomic-file.ts'
import { messageOf } from '../../helpers/core/errors.ts'
import { redact } from '../../helpers/core/redact.ts'

const TIMEOUT_MS = 10_000

/**
 * Tells a monitor that a daily run has succeeded: writes the file, and requests the URL. A monitor that was
 * not signalled for a day raises the alarm, also when nothing runs any more. Gives what could not be
 * signalled, in sentences; the run itself has not failed by that.
 */
export async function reportAlive({ file, url }: AliveConfig, summary: object): Promise<string[]> {
  const faults: string[] = []
  if (file !== undefined)
    await writeAtomically(file, `${redact(JSON.stringify(summary))}\n`).catch((error: unknown) =>
      faults.push(`BOOTSTRAP_ALIVE_FILE ${file} was not written: ${messageOf(error)}.`),
    )
  if (url !== undefined) {
    const fault = await faultOf(url)
    if (fault !== undefined)
      faults.push(`BOOTSTRAP_ALIVE_URL was not reached at ${new URL(url).host}: ${fault}.`)
  }
  return faults
}

async function faultOf(url: string): Promise<string | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'error' })
    await response.body?.cancel()
    return response.ok ? undefined : `it answered HTTP ${response.status}`
  } catch (error) {
    const { cause } = error as Error
    return cause instanceof Error ? messageOf(cause) : messageOf(error)
  }
}
