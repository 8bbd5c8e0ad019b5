import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execaSync } from 'execa'
import { expect, test } from 'vitest'
import { ownedName } from './owned-name.ts'
import { withScratchFolder } from './scratch-folder.ts'

const PREFIX = 'stocks-research-'
/** A folder as a process with this number leaves it when it is killed. */
function leftBy(pid: number): string {
  const folder = join(tmpdir(), ownedName(PREFIX, new Date(), pid))
  mkdirSync(folder)
  writeFileSync(join(folder, 'copy.dump'), 'rows')
  return folder
}

test('a scratch folder is removed after the work, also after work that fails', async () => {
  const used: string[] = []
  await withScratchFolder(async (folder) => {
    used.push(folder)
    expect(existsSync(folder)).toBe(true)
  })
  const failing = withScratchFolder((folder) => {
    used.push(folder)
    throw new TypeError('no')
  })
  await expect(failing).rejects.toThrow('no')
  expect(used.map((folder) => existsSync(folder))).toEqual([false, false])
})

test('the folder of a process that is gone is removed by the next; of a living one it stays', async () => {
  const { stdout: ended } = execaSync(process.execPath, ['-p', 'process.pid'])
  const abandoned = leftBy(Number(ended))
  const living = leftBy(process.pid)
  await withScratchFolder(() => undefined)
  expect([existsSync(abandoned), existsSync(living)]).toEqual([false, true])
  rmSync(living, { recursive: true })
})
