/** A tag that another clone has made is not made again here. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execaSync } from 'execa'
import { afterAll, expect, test } from 'vitest'
import { remotesNotAsked, requireNewTag } from './tag.ts'

const scratch = mkdtempSync(join(tmpdir(), 'tag-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

const NAME = ['-c', 'user.name=Jane Doe', '-c', 'user.email=jane@example.com']
const git = (directory: string, ...args: string[]): void =>
  void execaSync('git', [...NAME, ...args], { cwd: join(scratch, directory) })

test('a tag that only a remote has is refused; a remote that does not answer is named', () => {
  git('.', 'init', '--quiet', '--initial-branch=main', 'origin')
  git('origin', 'commit', '--quiet', '--allow-empty', '--message', 'Begin')
  git('.', 'clone', '--quiet', 'origin', 'here')
  const here = join(scratch, 'here')
  git('origin', 'tag', '--annotate', '--message', 'of another clone', 'v1.2.3')
  requireNewTag('v1.2.3', here)
  expect(() => remotesNotAsked('v1.2.3', here)).toThrow(
    'The tag v1.2.3 is in origin, and a tag is never moved. Choose the next version.',
  )
  expect(remotesNotAsked('v1.2.4', here)).toEqual([])
  git('here', 'remote', 'add', 'gone', join(scratch, 'nowhere'))
  expect(remotesNotAsked('v1.2.4', here)).toEqual(['gone'])
})
