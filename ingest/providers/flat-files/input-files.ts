import { readdir } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { compareText } from '../../../helpers/core/text.ts'
import type { Dataset } from '../../contract/job.ts'
import type { Ask, InputFile } from '../../contract/provider.ts'
import { hashOf } from './bytes.ts'
import { FOLDERS } from './layout.ts'

/**
 * Datasets whose folders are read too: splits and dividends may be columns of price rows, prices are compared
 * with splits, a delivery without intervals has those that follow from its securities, and filings are loaded
 * with their facts.
 */
const ALSO_READ: Readonly<Partial<Record<Dataset, Dataset>>> = {
  prices_daily: 'corporate_actions',
  corporate_actions: 'prices_daily',
  ticker_history: 'securities',
  fundamentals: 'filings',
}
/** They say how every folder is read. */
const RULES = ['manifest.json', 'mapping.json']

/** Every file of the folders that a read of the dataset may open, with its hash; undefined if one fails. */
export async function inputFiles(
  root: string,
  { dataset }: Pick<Ask, 'dataset'>,
): Promise<InputFile[] | undefined> {
  const also = ALSO_READ[dataset]
  const folders = [...FOLDERS[dataset], ...(also === undefined ? [] : FOLDERS[also])]
  try {
    const paths: string[] = []
    for (const entry of await readdir(root, { withFileTypes: true }))
      if (RULES.includes(entry.name)) paths.push(join(root, entry.name))
    for (const { name } of folders) paths.push(...(await filesBelow(join(root, name))))
    const files: InputFile[] = []
    for (const path of paths) {
      const file = relative(root, path).split(sep).join('/')
      files.push({ file, sha256: await hashOf(path) })
    }
    return files.toSorted((a, b) => compareText(a.file, b.file))
  } catch {
    return undefined // The read reports what is wrong.
  }
}

async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return []
      throw error
    },
  )
  return entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name))
}
