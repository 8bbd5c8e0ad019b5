import { join } from 'node:path'
import { queryFile } from '../helpers/postgres/query-file.ts'

/** The text of `phases/sql/<name>.sql`. */
export const query = (name: string): string => queryFile(join(import.meta.dirname, 'sql'), name)
