/**
 * Kills its own process with SIGKILL at a statement of the run. Imported before the command by
 * `node --import <this file>?statement=<n>&is_after=<true or false>`.
 */
import pg from 'pg'
import { connectionOf, isOfRun } from './statements.ts'

const { searchParams } = new URL(import.meta.url)
const wanted = Number(searchParams.get('statement'))
const is_after = searchParams.get('is_after') === 'true'
const { query } = pg.Client.prototype
const kill = (): void => {
  process.kill(process.pid, 'SIGKILL')
}

let statements_count = 0
Object.assign(pg.Client.prototype, {
  query(this: pg.Client, ...args: Parameters<typeof query>) {
    if (isOfRun(this)) statements_count += 1
    if (isOfRun(this) && statements_count === wanted) {
      if (is_after) connectionOf(this).once('readyForQuery', kill)
      else kill()
    }
    return query.apply(this, args)
  },
})
