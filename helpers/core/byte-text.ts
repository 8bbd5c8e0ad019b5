/** A number of bytes for people, right-aligned: powers of 1000, as Dropbox and disks count. */
export function sizeText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), units.length - 1)
  const value = bytes / 1000 ** power
  return `${power === 0 ? value : value.toFixed(1)} ${units[power]}`.padStart(8)
}

/** `2026-01-31 18:30 UTC` of an ISO time in UTC. */
export const timeText = (iso: string): string => `${iso.slice(0, 16).replace('T', ' ')} UTC`
