import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT_DIRECTORY } from './config.ts'

/** Version of this product, as package.json has it. */
export const PRODUCT_VERSION = (
  JSON.parse(readFileSync(join(ROOT_DIRECTORY, 'package.json'), 'utf8')) as { version: string }
).version
