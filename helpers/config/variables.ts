/**
 * Every variable that this product reads. A name that is nearly one of them is a fault: it would have no
 * effect, and no one would notice.
 */
const BOOTSTRAP = [
  'BOOTSTRAP_ALIVE_FILE',
  'BOOTSTRAP_ALIVE_URL',
  'BOOTSTRAP_CHECKS',
  'BOOTSTRAP_CONFIRM_DROP',
  'BOOTSTRAP_END',
  'BOOTSTRAP_FILE',
  'BOOTSTRAP_HELD_LOCK',
  'BOOTSTRAP_POSTGRES',
  'BOOTSTRAP_PROVIDERS',
  'BOOTSTRAP_SECOND_SOURCE',
  'BOOTSTRAP_SIGNING_KEY',
  'BOOTSTRAP_SOURCE',
  'BOOTSTRAP_STAND_INS',
  'BOOTSTRAP_START',
  'BOOTSTRAP_STATE',
  'BOOTSTRAP_UNIVERSE',
]
const DROPBOX = [
  'DROPBOX_ACCESS_TOKEN',
  'DROPBOX_APP_KEY',
  'DROPBOX_APP_SECRET',
  'DROPBOX_FOLDER',
  'DROPBOX_REFRESH_TOKEN',
]
const OTHERS = [
  'PGHOST',
  'PGPORT',
  'PGUSER',
  'PGPASSWORD',
  'PGDATABASE',
  'PGSSLMODE',
  'PGSSLROOTCERT',
  'PGSSLCERT',
  'PGSSLKEY',
  'PGPASSFILE',
  'ROLE_ADMIN_PASSWORD',
  'ROLE_OWNER_PASSWORD',
  'ROLE_INGEST_PASSWORD',
  'ROLE_READER_PASSWORD',
  'ROLE_ANALYST_PASSWORD',
]
const KNOWN = [...BOOTSTRAP, ...DROPBOX, ...OTHERS]
// One more letter in a short name is often another name (PGHOSTS, PGUSER1); those are left alone.
const NEAR_CHARACTERS_MIN = 6

/** A fault for each unknown variable that begins like ours, or that differs from one by a typing error. */
export const unknownVariables = (env: Readonly<Record<string, string | undefined>>): string[] =>
  Object.keys(env).flatMap((name) => {
    if (KNOWN.includes(name)) return []
    const near = KNOWN.find((known) => isSlip(name, known))
    if (near !== undefined) return [slipText(name, near)]
    const family = familyOf(name)
    return family === undefined
      ? []
      : [`${name} is set, and no such variable is known; ours are ${family.join(', ')}`]
  })

function familyOf(name: string): readonly string[] | undefined {
  if (name.startsWith('BOOTSTRAP_')) return BOOTSTRAP
  return name.startsWith('DROPBOX_') ? DROPBOX : undefined
}

/** A fault for each of `names` that is not in `known`, but differs from one of them by a typing error. */
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
