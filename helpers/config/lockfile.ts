import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({
      version: z.string().optional(),
      optional: z.boolean().optional(),
      link: z.boolean().optional(),
    }),
  ),
})

/** How the installed packages differ from the lockfile. Empty lists: exactly as locked. */
export interface LockfileComparison {
  readonly packages_locked: number
  readonly packages_installed: number
  /** "name: locked 1.2.3, installed 1.2.4", and required ones that are missing. */
  readonly differing: readonly string[]
  /** Folders directly below node_modules that the lockfile does not know. */
  readonly extraneous: readonly string[]
}

/**
 * Compares `node_modules` with `package-lock.json`, package by package, by the version that each package says
 * of itself. Optional packages (binaries of other platforms) may be absent, but not of another version.
 */
export function compareWithLockfile(root: string): LockfileComparison {
  const { packages } = lockSchema.parse(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')))
  const locked = Object.entries(packages).filter(([path]) => path.startsWith('node_modules/'))
  const differing: string[] = []
  let packages_installed = 0
  for (const [path, { version, optional }] of locked) {
    const installed = versionOf(join(root, path))
    if (installed !== undefined) packages_installed += 1
    if (installed === undefined && optional !== true)
      differing.push(`${path}: locked ${version}, not installed`)
    if (installed !== undefined && installed !== version)
      differing.push(`${path}: locked ${version}, installed ${installed}`)
  }
  const known = new Set(locked.map(([path]) => path))
  const extraneous = topLevel(join(root, 'node_modules')).filter((name) => !known.has(`node_modules/${name}`))
  return { packages_locked: locked.length, packages_installed, differing, extraneous }
}

function versionOf(directory: string): string | undefined {
  const file = join(directory, 'package.json')
  if (!existsSync(file)) return undefined
  return (JSON.parse(readFileSync(file, 'utf8')) as { version?: string }).version
}

function topLevel(modules: string): string[] {
  if (!existsSync(modules)) return []
  return readdirSync(modules).flatMap((name) => {
    if (name.startsWith('.')) return []
    return name.startsWith('@') ? readdirSync(join(modules, name)).map((inner) => `${name}/${inner}`) : [name]
  })
}
