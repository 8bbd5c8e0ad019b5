import { readFileSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect } from 'vitest'
import { type Asked, fingerprintOf, openArchive } from '../../archive/archive.ts'
import { archiveDelivery, findArchivedDelivery } from '../../archive/delivery.ts'
import { verifyArchive } from '../../archive/inspect.ts'
import { partialOf, publish, recover } from '../../export/publish.ts'
import { addMember } from '../../universe/edit.ts'
import { findUniverse, keepUniverse } from '../../universe/keep.ts'
import { readUniverse } from '../../universe/read.ts'
import { BODY, sha256, type Work } from './work.ts'

const asked = (name: string): Asked => ({
  ...fingerprintOf({ method: 'GET', url: `https://data.example.com/${name}` }),
  provider: 'example',
  adapter_version: '1',
  method: 'GET',
  http_status: 200,
  headers: {},
  outcome: 'ok',
})
async function bodyOf(root: string, name: string): Promise<Buffer | undefined> {
  const archive = openArchive(root)
  const entry = await archive.find(asked(name).fingerprint)
  return entry === undefined ? undefined : archive.body(entry)
}

const DELIVERY = { 'universe.csv': 'source_id,ticker\nx:1,ONE\n', 'prices_daily/p.csv': 'a,b\n1,2\n' }
const MEMBER = { source_id: 'x:2', ticker: 'TWO' }

async function finishExport(folder: string, content: string): Promise<void> {
  await rm(partialOf(folder), { recursive: true, force: true })
  await mkdir(join(partialOf(folder), 'data'), { recursive: true })
  await writeFile(join(partialOf(folder), 'data', 'part'), content)
  await writeFile(join(partialOf(folder), 'manifest.json'), content)
}
const exported = async (folder: string): Promise<string[]> =>
  Promise.all(['manifest.json', 'data/part'].map((name) => readFile(join(folder, name), 'utf8')))

/** What the archive, the exports and the universe write. */
export const DATA_WORKS: readonly Work[] = [
  {
    name: 'responses in the archive',
    async work(root) {
      const archive = openArchive(root)
      await archive.store(asked('one'), BODY)
      await archive.store(asked('the same body'), BODY)
      const incoming = await archive.incoming()
      await incoming.write(BODY.subarray(0, 100))
      await incoming.write(BODY.subarray(100))
      await archive.storeIncoming(asked('large'), incoming)
    },
    async read(root) {
      expect((await verifyArchive(root)).faults).toEqual([])
      for (const name of ['one', 'the same body', 'large'])
        expect((await bodyOf(root, name)) ?? BODY).toEqual(BODY)
    },
    async complete(root) {
      expect(await verifyArchive(root)).toMatchObject({ objects: 2, unreferenced: 0, faults: [] })
      for (const name of ['one', 'the same body', 'large']) expect(await bodyOf(root, name)).toEqual(BODY)
    },
  },
  {
    name: 'a delivery in the archive',
    async prepare(root) {
      for (const [name, text] of Object.entries(DELIVERY)) {
        await mkdir(dirname(join(root, 'delivery', name)), { recursive: true })
        await writeFile(join(root, 'delivery', name), text)
      }
    },
    async work(root) {
      await archiveDelivery(join(root, 'delivery'), join(root, 'archive'))
    },
    async read(root) {
      const found = await findArchivedDelivery(join(root, 'archive'), Object.values(DELIVERY).map(sha256))
      for (const [name, text] of Object.entries(found === undefined ? {} : DELIVERY))
        expect(readFileSync(join(found ?? '', name), 'utf8')).toBe(text)
    },
    async complete(root) {
      const hashes = Object.values(DELIVERY).map(sha256)
      expect(await findArchivedDelivery(join(root, 'archive'), hashes)).toBeDefined()
    },
  },
  {
    name: 'an export that replaces another',
    async prepare(root) {
      const folder = join(root, 'stocks')
      await finishExport(folder, 'old')
      await publish(folder, 'v0')
      await finishExport(folder, 'new')
    },
    async work(root) {
      await publish(join(root, 'stocks'), 'v1')
    },
    async read(root) {
      expect([
        ['old', 'old'],
        ['new', 'new'],
      ]).toContainEqual(await exported(join(root, 'stocks')))
    },
    async again(root) {
      await recover(join(root, 'stocks'))
      await finishExport(join(root, 'stocks'), 'new')
      await publish(join(root, 'stocks'), 'v2')
    },
    async complete(root) {
      expect(await exported(join(root, 'stocks'))).toEqual(['new', 'new'])
    },
  },
  {
    name: 'the universe file and its copy in the archive',
    prepare: (root) => writeFile(join(root, 'universe.csv'), DELIVERY['universe.csv']),
    async work(root) {
      const file = join(root, 'universe.csv')
      const { members } = await readUniverse(file)
      if (members.length === 1) await addMember(file, MEMBER)
      await keepUniverse(join(root, 'archive'), await readUniverse(file))
    },
    async read(root) {
      expect([1, 2]).toContain((await readUniverse(join(root, 'universe.csv'))).members.length)
    },
    async complete(root) {
      const { sha256: hash, members } = await readUniverse(join(root, 'universe.csv'))
      expect(members.length).toBe(2)
      const kept = await findUniverse(join(root, 'archive'), join(root, 'gone.csv'), hash)
      expect(kept?.members.length).toBe(2)
    },
  },
]
