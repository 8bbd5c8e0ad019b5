import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ROOT_DIRECTORY } from './config.ts'
import { compareWithLockfile } from './lockfile.ts'

describe('compareWithLockfile', () => {
  let root: string
  const install = (name: string, version: string): void => {
    mkdirSync(join(root, 'node_modules', name), { recursive: true })
    writeFileSync(join(root, 'node_modules', name, 'package.json'), JSON.stringify({ name, version }))
  }
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'lockfile-'))
    const packages = {
      '': { version: '0.1.0' },
      'node_modules/a': { version: '1.0.0' },
      'node_modules/@s/b': { version: '2.0.0' },
      'node_modules/other-platform': { version: '3.0.0', optional: true },
    }
    writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages }))
    install('a', '1.0.0')
    install('@s/b', '2.0.0')
  })
  afterEach(() => rmSync(root, { recursive: true, force: true }))

  test('an exact installation differs in nothing, and a binary of another platform may be absent', () => {
    expect(compareWithLockfile(root)).toEqual({
      packages_locked: 3,
      packages_installed: 2,
      differing: [],
      extraneous: [],
    })
  })

  test('another version, a missing package and a stowaway are each named', () => {
    install('a', '1.0.1')
    rmSync(join(root, 'node_modules/@s/b'), { recursive: true })
    install('stowaway', '9.9.9')
    const { differing, extraneous } = compareWithLockfile(root)
    expect(differing).toEqual([
      'node_modules/a: locked 1.0.0, installed 1.0.1',
      'node_modules/@s/b: locked 2.0.0, not installed',
    ])
    expect(extraneous).toContain('stowaway')
  })

  test('this project is installed as it is locked', () => {
    expect(compareWithLockfile(ROOT_DIRECTORY).differing).toEqual([])
  })

  test('every dependency has an entry in the lockfile, those of other platforms too', () => {
    // npm writes a lockfile without the packages that its registry did not have, and then refuses to install
    // from it.
    const { packages } = JSON.parse(readFileSync(join(ROOT_DIRECTORY, 'package-lock.json'), 'utf8')) as {
      packages: Record<
        string,
        { dependencies?: Record<string, string>; optionalDependencies?: Record<string, string> }
      >
    }
    const isFound = (from: string, name: string): boolean => {
      if (packages[`${from === '' ? '' : `${from}/`}node_modules/${name}`] !== undefined) return true
      return from !== '' && isFound(from.slice(0, Math.max(0, from.lastIndexOf('/node_modules/'))), name)
    }
    const missing = Object.entries(packages).flatMap(([path, { dependencies, optionalDependencies }]) =>
      Object.keys({ ...dependencies, ...optionalDependencies }).filter((name) => !isFound(path, name)),
    )
    expect(missing).toEqual([])
  })
})
