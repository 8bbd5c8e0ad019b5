/** Compares two texts by code unit, for `toSorted`: an order that depends on no locale. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
