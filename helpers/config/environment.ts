import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'

export type Environment = Readonly<Record<string, string | undefined>>

/** `.env` beneath `environment`, without what is not set. */
export function readVariables(environment: Environment, root: string): Environment {
  const file = join(root, '.env')
  return { ...(existsSync(file) ? withoutEmpty(parseEnv(readText(file))) : {}), ...withoutEmpty(environment) }
}

/**
 * Text of a file that a person wrote: UTF-8, or the UTF-16 of Windows' own editors and PowerShell; without a
 * byte order mark.
 */
export function readText(file: string): string {
  const bytes = readFileSync(file)
  return bytes.toString(bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf16le' : 'utf8').replace(/^\ufeff/, '')
}

/**
 * A variable set to nothing is a variable not set: CI systems pass empty ones for secrets that a fork may not
 * see. A blank at an end is a slip (`set PGHOST=db && …` of Windows leaves one), but in a password.
 */
export const withoutEmpty = (environment: Environment): Record<string, string> =>
  Object.fromEntries(
    Object.entries(environment).flatMap(([name, value = '']) => {
      const clean = name.endsWith('PASSWORD') ? value : value.trim()
      return clean === '' ? [] : [[name, clean]]
    }),
  )

/** A value as a message shows it; what cannot be seen is written out. */
export const show = (value: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about.
  `"${value.replace(/[\u0000-\u001f\u007f-\u009f]/g, (control) => JSON.stringify(control).slice(1, -1))}"`
