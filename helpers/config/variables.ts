/**
 * Every variable of ours; a name that only looks like one of them is a fault, since nobody would notice that
 * it does nothing.
 */
const BOOTSTRAP =
  'CHECKS CONFIRM_DROP END FILE HELD_LOCK POSTGRES PROVIDERS SECOND_SOURCE SOURCE STAND_INS START STATE UNIVERSE'
    .split(' ')
    .map((name) => `BOOTSTRAP_${name}`)
const DROPBOX = 'ACCESS_TOKEN APP_KEY APP_SECRET FOLDER REFRESH_TOKEN'
  .split(' ')
  .map((name) => `DROPBOX_${name}`)
const OTHERS = [
  ...'PGHOST PGPORT PGUSER PGPASSWORD PGDATABASE PGSSLMODE PGSSLROOTCERT PGPASSFILE'.split(' '),
  ...'ADMIN OWNER INGEST READER'.split(' ').map((kind) => `ROLE_${kind}_PASSWORD`),
]
const KNOWN = [...BOOTSTRAP, ...DROPBOX, ...OTHERS]
// One more letter in a short name is often another name (PGHOSTS, PGUSER1); those are left alone.
const NEAR_CHARACTERS_MIN = 6

/**
 * A fault for each variable that begins like ours and is none, or that is one slip of the hand away from one.
 */
export const unknownVariables = (env: Readonly<Record<string, string | undefined>>): string[] =>
  Object.keys(env).flatMap((name) => {
    if (KNOWN.includes(name)) return []
    const near = KNOWN.find((known) => isSlip(name, known))
    if (near !== undefined) return [slipText(name, near)]
    const family = name.startsWith('BOOTSTRAP_')
      ? BOOTSTRAP
      : name.startsWith('DROPBOX_')
        ? DROPBOX
        : undefined
    return family === undefined
      ? []
      : [`${name} is set, and no such variable is known; ours are ${family.join(', ')}`]
  })

/** A fault for each of `names` that is one slip of the hand away from a variable in `known`, and is none. */
export const misspelled = (names: Iterable<string>, known: readonly string[]): string[] =>
  [...names].flatMap((name) => {
    const near = known.includes(name) ? undefined : known.find((each) => isSlip(name, each))
    return near === undefined ? [] : [slipText(name, near)]
  })

const slipText = (name: string, near: string): string =>
  `${name} is set, and no such variable is known; did you mean ${near}?`

/**
 * Whether `name` is `known` in other letters, or with one letter missing, added inside, changed, or two of
 * them swapped.
 */
function isSlip(name: string, known: string): boolean {
  if (name.toUpperCase() === known) return true
  if (name.length < NEAR_CHARACTERS_MIN || Math.abs(name.length - known.length) > 1 || name.startsWith(known))
    return false
  let start = 0
  while (start < name.length && name[start] === known[start]) start += 1
  const rest = (text: string, skipped: number): string => text.slice(start + skipped)
  if (name.length !== known.length) {
    return name.length > known.length ? rest(name, 1) === rest(known, 0) : rest(name, 0) === rest(known, 1)
  }
  const isSwapped =
    name[start] === known[start + 1] && name[start + 1] === known[start] && rest(name, 2) === rest(known, 2)
  return isSwapped || rest(name, 1) === rest(known, 1)
}
