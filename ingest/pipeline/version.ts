import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const file = join(import.meta.dirname, '..', '..', 'package.json')

/** Version of this product, as package.json has it. */
export const PRODUCT_VERSION = (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
