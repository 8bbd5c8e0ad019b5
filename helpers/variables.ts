/** Every variable of ours; a name that only looks like one of them is a fault, since nobody would notice that it does nothing. */
const KNOWN = [
  'BOOTSTRAP_CONFIRM_DROP',
  'BOOTSTRAP_END',
  'BOOTSTRAP_FILE',
  'BOOTSTRAP_HELD_LOCK',
  'BOOTSTRAP_POSTGRES',
  'BOOTSTRAP_PROVIDERS',
  'BOOTSTRAP_SOURCE',
  'BOOTSTRAP_STAND_INS',
  'BOOTSTRAP_START',
  'BOOTSTRAP_STATE',
  'BOOTSTRAP_UNIVERSE',
]

/** A fault for each variable that begins like ours and is none. */
export const unknownVariables = (env: Readonly<Record<string, string | undefined>>): string[] =>
  Object.keys(env)
    .filter((name) => name.startsWith('BOOTSTRAP_') && !KNOWN.includes(name))
    .map((name) => `${name} is set, and no such variable is known; ours are ${KNOWN.join(', ')}`)
