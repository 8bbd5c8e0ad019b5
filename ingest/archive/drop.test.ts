import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { archiveDrop, findArchivedDrop } from './drop.ts'

describe('archiveDrop', () => {
  let root: string
  let drop: string
  let archive: string
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'drop-archive-'))
    drop = join(root, 'drop')
    archive = join(root, 'archive')
    mkdirSync(join(drop, 'prices_daily'), { recursive: true })
    writeFileSync(join(drop, 'universe.csv'), 'source_id,ticker\n')
    writeFileSync(join(drop, 'prices_daily', 'a.csv'), 'one\n')
  })
  afterEach(() => rmSync(root, { recursive: true, force: true }))

  test('a copy stays as it was when its source changes', async () => {
    const { directory, files_count, was_there } = await archiveDrop(drop, archive)
    writeFileSync(join(drop, 'prices_daily', 'a.csv'), 'two\n')
    expect(readFileSync(join(directory, 'prices_daily', 'a.csv'), 'utf8')).toBe('one\n')
    expect({ files_count, was_there }).toEqual({ files_count: 2, was_there: false })
    expect((await archiveDrop(drop, archive)).directory).not.toBe(directory)
  })

  test('equal files from another folder are the same drop, and copied once', async () => {
    const first = await archiveDrop(drop, archive)
    expect(await archiveDrop(first.directory, archive)).toEqual({ ...first, was_there: true })
  })

  test('a flipped byte, a missing and an added file of the copy are each found', async () => {
    const { directory } = await archiveDrop(drop, archive)
    const file = join(directory, 'prices_daily', 'a.csv')
    writeFileSync(file, 'onf\n')
    await expect(archiveDrop(drop, archive)).rejects.toThrow('prices_daily/a.csv')
    rmSync(file)
    await expect(archiveDrop(drop, archive)).rejects.toThrow('missing')
    writeFileSync(file, 'one\n')
    writeFileSync(join(directory, 'more.csv'), 'x\n')
    await expect(archiveDrop(drop, archive)).rejects.toThrow('holds 3 files, not 2')
  })

  test('a link to a file is archived as the file, and a link to a folder is refused', async () => {
    const elsewhere = join(root, 'elsewhere')
    mkdirSync(elsewhere)
    writeFileSync(join(elsewhere, 'big.parquet'), 'PAR1')
    symlinkSync(join(elsewhere, 'big.parquet'), join(drop, 'prices_daily', 'big.parquet'))
    const { directory, files_count } = await archiveDrop(drop, archive)
    rmSync(elsewhere, { recursive: true })
    expect(readFileSync(join(directory, 'prices_daily', 'big.parquet'), 'utf8')).toBe('PAR1')
    expect(files_count).toBe(3)
    rmSync(join(drop, 'prices_daily', 'big.parquet'))
    symlinkSync(root, join(drop, 'prices_daily', '2020'))
    await expect(archiveDrop(drop, archive)).rejects.toThrow('prices_daily/2020 is a link to a folder')
  })

  test('of drops with equal tables and another mapping the one archived last is found', async () => {
    const { sha256: _sha256, ...first } = await archiveDrop(drop, archive)
    const tables = first.files_sha256
    writeFileSync(join(drop, 'mapping.json'), '{}')
    const second = await archiveDrop(drop, archive)
    for (const newer of [first, second]) {
      for (const { directory } of [first, second])
        utimesSync(
          join(directory, 'SHA256SUMS'),
          new Date(0),
          new Date(directory === newer.directory ? 2_000 : 1_000),
        )
      expect(await findArchivedDrop(archive, tables)).toBe(newer.directory)
    }
    expect(await findArchivedDrop(archive, [...tables, 'f'.repeat(64)])).toBe(undefined)
  })

  test('what a killed copy left behind never counts', async () => {
    const { directory } = await archiveDrop(drop, archive)
    rmSync(directory, { recursive: true })
    mkdirSync(join(`${directory}.partial`, 'prices_daily'), { recursive: true })
    writeFileSync(join(`${directory}.partial`, 'prices_daily', 'half.csv'), 'o')
    expect((await archiveDrop(drop, archive)).files_count).toBe(2)
  })
})
