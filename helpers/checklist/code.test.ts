/** What git says of the code of a run, where its settings would hide a change. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execaSync } from 'execa'
import { afterAll, expect, test } from 'vitest'
import { changesIn, codeIdentity } from './code.ts'

const scratch = mkdtempSync(join(tmpdir(), 'code-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

const SETTINGS = ['user.name=Jane Doe', 'user.email=jane@example.com', 'protocol.file.allow=always']
const git = (directory: string, ...args: string[]): void =>
  void execaSync('git', [...SETTINGS.flatMap((each) => ['-c', each]), ...args], {
    cwd: join(scratch, directory),
  })

test('a change in a submodule is found, also one that git is configured to ignore', () => {
  for (const name of ['part', 'all']) {
    git('.', 'init', '--quiet', '--initial-branch=main', name)
    writeFileSync(join(scratch, name, 'file.txt'), 'text')
    git(name, 'add', '--all')
    git(name, 'commit', '--quiet', '--message', 'Begin')
  }
  git('all', 'submodule', '--quiet', 'add', join(scratch, 'part'), 'part')
  git('all', 'commit', '--quiet', '--message', 'Add the part')
  git('all', 'config', 'diff.ignoreSubmodules', 'all')
  const all = join(scratch, 'all')
  expect(changesIn(all)).toEqual([])
  writeFileSync(join(all, 'part', 'file.txt'), 'another text')
  expect(changesIn(all)).toEqual(['part'])
})

test('a shallow clone has the identity of the whole one', () => {
  git('.', 'clone', '--quiet', '--depth', '1', `file://${join(scratch, 'part')}`, 'shallow')
  expect(codeIdentity(join(scratch, 'shallow'))).toEqual({
    ...codeIdentity(join(scratch, 'part')),
    git_is_dirty: false,
  })
})
