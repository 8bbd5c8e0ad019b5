import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { beforeEach, expect, inject, test } from 'vitest'
import { ROOT_DIRECTORY } from '../../helpers/config/config.ts'
import { isThere, partialOf, publish, recover } from './publish.ts'

let root: string
let folder: string
beforeEach(async () => {
  root = await mkdtemp(join(inject('testDirectory'), 'publish-'))
  folder = join(root, 'stocks')
})

/** A finished export that is not published yet. */
async function finish(content: string): Promise<void> {
  await rm(partialOf(folder), { recursive: true, force: true })
  await mkdir(partialOf(folder))
  await writeFile(join(partialOf(folder), 'manifest.json'), content)
}
const read = (): Promise<string> => readFile(join(folder, 'manifest.json'), 'utf8')

/** A module that ends its process after the n-th call of `rename` or `symlink`. */
const killAfter = (step: number): string =>
  `data:text/javascript,${encodeURIComponent(`
    import fs from 'node:fs'
    import { syncBuiltinESMExports } from 'node:module'
    let steps = 0
    for (const name of ['rename', 'symlink']) {
      const original = fs.promises[name]
      fs.promises[name] = async (from, to) => {
        await original(from, to)
        steps += 1
        if (steps === ${step}) process.kill(process.pid, 'SIGKILL')
      }
    }
    syncBuiltinESMExports()
  `)}`

const publishInChild = (version: string, step: number) =>
  execa(
    process.execPath,
    [
      ...['--import', killAfter(step), '--input-type=module', '--eval'],
      `import { publish } from ${JSON.stringify(join(ROOT_DIRECTORY, 'ingest/export/publish.ts'))}
       await publish(${JSON.stringify(folder)}, ${JSON.stringify(version)})`,
    ],
    { reject: false, stdin: 'ignore' },
  )

test('a reader finds the old or the new export, after whatever step a replacement is killed', async () => {
  await finish('0')
  await publish(folder, 'v0')
  const found: string[] = []
  for (const step of [1, 2, 3]) {
    await recover(folder)
    await finish(String(step))
    const killed = await publishInChild(`v${step}`, step)
    expect([step, killed.signal], killed.stderr).toEqual([step, 'SIGKILL'])
    found.push(await read())
  }
  // The version has its name; the link to it is made; the link has the name of the export.
  expect(found).toEqual(['0', '0', '3'])
  expect((await publishInChild('v4', 4)).exitCode, 'there is no fourth step, and nothing to publish').toBe(1)
  expect(await read()).toBe('3')

  await recover(folder)
  await finish('5')
  await publish(folder, 'v5')
  expect(await read()).toBe('5')
  // The version before stays for who reads it; earlier ones, and what the kills left, are removed.
  expect((await readdir(`${folder}.versions`)).toSorted()).toEqual(['v3', 'v5'])
  expect((await readdir(root)).toSorted()).toEqual(['stocks', 'stocks.versions'])
})

test('a folder that is no link becomes the version before', async () => {
  await mkdir(folder)
  await writeFile(join(folder, 'manifest.json'), 'copy')
  await finish('new')
  await publish(folder, 'v1')
  expect(await read()).toBe('new')
  expect((await readdir(`${folder}.versions`)).toSorted()).toEqual(['v1', 'without-versions'])
})

test('a folder that a kill between two renames left beside its name is taken back', async () => {
  await mkdir(`${folder}.former`)
  await writeFile(join(`${folder}.former`, 'manifest.json'), 'former')
  expect(await isThere(folder)).toBe(false)
  await recover(folder)
  expect(await read()).toBe('former')
})
