import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { referenceFolder } from '../../../helpers/testing/reference.ts'
import { type FieldWatch, fieldWatch, type UnknownField } from '../../adapter/fields.ts'
import { parseJson, type TextJson } from '../../http/json.ts'

/** A recorded body below the folder that REFERENCE_DATA names; unpacked when its name ends in .gz. */
export function recording(path: string): string {
  const bytes = readFileSync(join(referenceFolder(), 'wire', path))
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
}
export const recordedJson = (path: string): TextJson => parseJson(recording(path))

/** A watch that collects unknown fields. */
export function collecting(provider: string): { watch: FieldWatch; unknown: UnknownField[] } {
  const unknown: UnknownField[] = []
  return { unknown, watch: fieldWatch(provider, (field) => unknown.push(field)) }
}
