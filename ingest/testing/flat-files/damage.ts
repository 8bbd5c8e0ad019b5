import { readDelivery } from './read-delivery.ts'

/** Nine bars of one security. */
export const PRICES = [
  'source_id,date,close',
  ...Array.from({ length: 9 }, (_, at) => `x:1,2020-01-0${at + 1},1.${at}5`),
  '',
].join('\n')

/** Why a file of prices is refused; undefined when it is taken. */
export async function reasonOf(name: string, content: string | Buffer): Promise<string | undefined> {
  const { reasons } = await readDelivery({ [`prices_daily/${name}`]: content })
  if (reasons.length > 1) throw new Error(`One file, several reasons: ${reasons.join(' | ')}`)
  return reasons[0]
}

/** A copy with some bytes replaced, counted from the last occurrence of `mark`. */
export function patched(
  bytes: Buffer,
  mark: string | Buffer,
  offset: number,
  patch: string | readonly number[],
): Buffer {
  const copy = Buffer.from(bytes)
  const at = copy.lastIndexOf(mark)
  if (at === -1) throw new Error(`There is no ${mark.toString('hex')} to be replaced.`)
  Buffer.from(patch as string).copy(copy, at + offset)
  return copy
}

/** A copy with one bit turned. */
export function flipped(bytes: Buffer, at: number, bit = 2): Buffer {
  const copy = Buffer.from(bytes)
  copy[at] = (copy[at] ?? 0) ^ (1 << bit)
  return copy
}
