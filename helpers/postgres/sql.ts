import { IDENTIFIER } from '../config/connection.ts'

/** Any name, quoted: the databases that we back up need not be ours. */
export const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** A checked identifier in double quotes. Throws on anything that the allow-list does not know. */
export function quoteIdentifier(name: string): string {
  if (!IDENTIFIER.test(name)) throw new TypeError(`"${name}" is not a plain identifier.`)
  return `"${name}"`
}
