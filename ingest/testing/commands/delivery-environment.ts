import { join } from 'node:path'
import { childEnvironment } from '../../../helpers/config/children.ts'
import type { Connection } from '../../../helpers/config/connection.ts'

/**
 * The whole environment of a command that loads the small delivery in `root` (see SMALL_DELIVERY) into a
 * database, and keeps its state beside it. `more` is added, or replaces a variable.
 */
export const deliveryEnvironment = (
  { host, port, user, password, database }: Connection,
  root: string,
  more: Readonly<Record<string, string>> = {},
): Record<string, string> => ({
  ...childEnvironment(),
  PGHOST: host,
  PGPORT: String(port),
  PGUSER: user,
  PGPASSWORD: password ?? '',
  PGDATABASE: database,
  BOOTSTRAP_STATE: root,
  BOOTSTRAP_SOURCE: `flat-files:${root}`,
  BOOTSTRAP_UNIVERSE: join(root, 'universe.csv'),
  BOOTSTRAP_START: '2015-01-02',
  BOOTSTRAP_END: '2020-12-31',
  ...more,
})
