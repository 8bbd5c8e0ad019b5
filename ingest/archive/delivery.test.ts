import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { archiveDelivery, findArchivedDelivery } from './delivery.ts'

describe('archiveDelivery', () => {
  let root: string
  let delivery: string
  let archive: string
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'delivery-archive-'))
    delivery = join(root, 'delivery')
    archive = join(root, 'archive')
    mkdirSync(join(delivery, 'prices_daily'), { recursive: true })
    writeFileSync(join(delivery, 'universe.csv'), 'source_id,ticker\n')
    writeFileSync(join(delivery, 'prices_daily', 'a.csv'), 'one\n')
  })
  afterEach(() => rmSync(root, { recursive: true, force: true }))

  test('a copy stays as it was when its source changes', async () => {
    const { directory, files_count, was_there } = await archiveDelivery(delivery, archive)
    writeFileSync(join(delivery, 'prices_daily', 'a.csv'), 'two\n')
    expect(readFileSync(join(directory, 'prices_daily', 'a.csv'), 'utf8')).toBe('one\n')
    expect({ files_count, was_there }).toEqual({ files_count: 2, was_there: false })
    expect((await archiveDelivery(delivery, archive)).directory).not.toBe(directory)
  })

  test('equal files from another folder are the same delivery, and copied once', async () => {
    const first = await archiveDelivery(delivery, archive)
    expect(await archiveDelivery(first.directory, archive)).toEqual({ ...first, was_there: true })
  })

  test('a flipped byte, a missing and an added file of the copy are each found', async () => {
    const { directory } = await archiveDelivery(delivery, archive)
    const file = join(directory, 'prices_daily', 'a.csv')
    writeFileSync(file, 'onf\n')
    await expect(archiveDelivery(delivery, archive)).rejects.toThrow('prices_daily/a.csv')
    rmSync(file)
    await expect(archiveDelivery(delivery, archive)).rejects.toThrow('missing')
    writeFileSync(file, 'one\n')
    writeFileSync(join(directory, 'more.csv'), 'x\n')
    await expect(archiveDelivery(delivery, archive)).rejects.toThrow('holds 3 files, not 2')
  })

  test('a link to a file is archived as the file, and a link to a folder is refused', async () => {
    const elsewhere = join(root, 'elsewhere')
    mkdirSync(elsewhere)
    writeFileSync(join(elsewhere, 'big.parquet'), 'PAR1')
    symlinkSync(join(elsewhere, 'big.parquet'), join(delivery, 'prices_daily', 'big.parquet'))
    const { directory, files_count } = await archiveDelivery(delivery, archive)
    rmSync(elsewhere, { recursive: true })
    expect(readFileSync(join(directory, 'prices_daily', 'big.parquet'), 'utf8')).toBe('PAR1')
    expect(files_count).toBe(3)
    rmSync(join(delivery, 'prices_daily', 'big.parquet'))
    symlinkSync(root, join(delivery, 'prices_daily', '2020'))
    await expect(archiveDelivery(delivery, archive)).rejects.toThrow(
      'prices_daily/2020 is a link to a folder',
    )
  })

  test('of deliveries with equal tables and another mapping the one archived last is found', async () => {
    const { sha256: _sha256, ...first } = await archiveDelivery(delivery, archive)
    const tables = first.files_sha256
    writeFileSync(join(delivery, 'mapping.json'), '{}')
    const second = await archiveDelivery(delivery, archive)
    for (const newer of [first, second]) {
      for (const { directory } of [first, second])
        utimesSync(
          join(directory, 'SHA256SUMS'),
          new Date(0),
          new Date(directory === newer.directory ? 2_000 : 1_000),
        )
      expect(await findArchivedDelivery(archive, tables)).toBe(newer.directory)
    }
    expect(await findArchivedDelivery(archive, [...tables, 'f'.repeat(64)])).toBe(undefined)
  })

  test('what a killed copy left behind never counts', async () => {
    const { directory } = await archiveDelivery(delivery, archive)
    rmSync(directory, { recursive: true })
    mkdirSync(join(`${directory}.partial`, 'prices_daily'), { recursive: true })
    writeFileSync(join(`${directory}.partial`, 'prices_daily', 'half.csv'), 'o')
    expect((await archiveDelivery(delivery, archive)).files_count).toBe(2)
  })
})
