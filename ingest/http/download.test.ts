import { createWriteStream } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { ZipArchive } from 'archiver'
import { execa } from 'execa'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { verifyArchive } from '../archive/inspect.ts'
import { sha256 } from '../archive/objects.ts'
import { serve, type TestServer } from '../testing/http/server.ts'

const CHILD = join(import.meta.dirname, '../testing/http/download.ts')
let directory: string
let zip: Buffer
let server: TestServer
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'download-'))
  const file = join(directory, 'made.zip')
  const archive = new ZipArchive({ store: true })
  archive.append('x'.repeat(300_000), { name: 'CIK0000000001.json' })
  const written = pipeline(archive, createWriteStream(file))
  await archive.finalize()
  await written
  zip = await readFile(file)
})
afterEach(async () => {
  await server.close()
  await rm(directory, { recursive: true, force: true })
})

test('a killed download leaves no complete file, and the next process downloads all of it', async () => {
  let is_slow = true
  server = await serve((_, response) => {
    response.writeHead(200, { 'content-length': String(zip.length) })
    if (is_slow) response.write(zip.subarray(0, 200_000))
    else response.end(zip)
  })
  const root = join(directory, 'archive')
  const victim = execa(process.execPath, [CHILD, server.origin, root], { reject: false })
  // It has asked, has opened its part, and waits for the rest.
  await expect.poll(() => server?.asked.length, { timeout: 20_000 }).toBe(1)
  await expect.poll(async () => (await verifyArchive(root)).parts, { timeout: 20_000 }).toBe(1)
  victim.kill('SIGKILL')
  await victim
  expect(await verifyArchive(root)).toMatchObject({ entries: 0, objects: 0, parts: 1, faults: [] })

  is_slow = false
  const { stdout } = await execa(process.execPath, [CHILD, server.origin, root])
  expect(stdout).toBe(sha256(zip))
  expect(await verifyArchive(root)).toMatchObject({ entries: 1, objects: 1, faults: [] })
  await execa(process.execPath, [CHILD, server.origin, root])
  expect(server.asked).toHaveLength(2)
})

test('a zip that was cut before its central directory is truncated, though its length is right', async () => {
  const cut = zip.subarray(0, zip.length - 100)
  server = await serve((_, response) =>
    response.writeHead(200, { 'content-length': String(cut.length) }).end(cut),
  )
  const { exitCode, stderr } = await execa(
    process.execPath,
    [CHILD, server.origin, join(directory, 'archive')],
    { reject: false },
  )
  expect(exitCode).not.toBe(0)
  expect(stderr).toContain('truncated')
  expect(await verifyArchive(join(directory, 'archive'))).toMatchObject({ entries: 0, objects: 0, parts: 0 })
})

test('a notice in place of a zip is what it says, and is asked for once', async () => {
  const notice = '{"error":"Your daily limit of downloads is exceeded"}'
  server = await serve((_, response) =>
    response.writeHead(200, { 'content-length': String(notice.length) }).end(notice),
  )
  const { exitCode, stderr } = await execa(
    process.execPath,
    [CHILD, server.origin, join(directory, 'archive')],
    { reject: false },
  )
  expect(exitCode).not.toBe(0)
  expect(stderr).toContain('answered quota')
  expect(server.asked).toHaveLength(1)
  expect(await verifyArchive(join(directory, 'archive'))).toMatchObject({ entries: 0, objects: 0, parts: 0 })
})
