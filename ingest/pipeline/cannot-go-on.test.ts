import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { RefusedError } from '../../helpers/core/errors.ts'
import { auditContent } from '../../helpers/database/content-hashes.ts'
import { openDatabase } from '../../helpers/postgres/database.ts'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import { statusText } from '../commands/status.ts'
import { type Provider, SourceError } from '../contract/provider.ts'
import { flatFiles } from '../providers/flat-files/index.ts'
import { ingestDelivery, SMALL_DELIVERY, writeDelivery } from '../testing/flat-files/delivery.ts'
import { takeIngestionLock } from './lock.ts'

let scratch: Scratch
beforeEach(async () => {
  scratch = await scratchDatabase({ migrated: true })
})
afterEach(() => scratch.drop())

describe('a run that cannot go on', () => {
  it('ends its record only after every batch has stopped, so that the record equals the data', async () => {
    const root = await writeDelivery(SMALL_DELIVERY)
    await ingestDelivery(scratch.connection, root, { jobs: ['securities', 'ticker-history'] })
    const provider: Provider = {
      name: 'two at once',
      datasets: ['prices_daily'],
      concurrency: 2,
      batches: ({ subjects }) =>
        subjects.map((subject) => ({
          label: subject.item,
          subjects: [subject],
          estimate: { requests: 1, bytes: 0 },
        })),
      async *read(_ask, { label }) {
        if (label === 'x:second')
          yield {
            file: 'f',
            archive_sha256: '0'.repeat(64),
            records: [{ record: { source_id: label, date: '2020-03-02', close: '21' }, line: 1 }],
          }
        if (label !== 'x:first') return
        await isWaiting()
        throw new TypeError('A defect.')
      },
    }
    /** Until the rows of the other batch are on their way and wait for somebody's lock. */
    const isWaiting = async (): Promise<void> => {
      while (
        (
          await scratch.db.rows(
            "select from pg_locks where not granted and relation = 'stocks_research.prices_daily'::regclass",
          )
        ).length === 0
      )
        await sleep(10)
    }
    const run = await scratch.db.transaction(async (tx) => {
      await tx.execute('lock table stocks_research.prices_daily in share row exclusive mode')
      const failing = ingestDelivery(scratch.connection, root, {
        jobs: ['prices-daily'],
        providers: [provider],
      }).catch((error: Error) => error)
      await isWaiting()
      await sleep(500)
      return { failing }
    })
    expect(await run.failing).toMatchObject({ message: 'A defect.' })
    expect(await scratch.db.rows('select close::text from stocks_research.prices_daily')).toEqual([
      { close: '21' },
    ])
    const { drifts } = await auditContent(scratch.connection)
    expect(drifts.map(({ detail, cause }) => `${detail}; ${cause}`)).toEqual([])
  })

  it('is refused while another run ingests into the database, and names it', async () => {
    const root = await writeDelivery(SMALL_DELIVERY)
    const other = openDatabase(scratch.connection, { application: 'ingest of somebody else' })
    await other.session(async (session) => {
      await takeIngestionLock(session)
      await expect(ingestDelivery(scratch.connection, root)).rejects.toThrow(
        /Another run is ingesting.*ingest of somebody else/,
      )
    })
    await other.close()
    expect(await scratch.db.rows('select from ingestion.runs')).toEqual([])
  })

  it('stops before it writes more when the session that holds its lock is gone', async () => {
    const root = await writeDelivery(SMALL_DELIVERY)
    const provider = flatFiles(root)
    const run = ingestDelivery(scratch.connection, root, {
      providers: [
        {
          ...provider,
          async *read(...args) {
            // Of this database alone: pg_locks shows the whole server, and other tests have runs of their own
            // on it.
            expect(await statusText(scratch.db)).toMatch(/^\S+ {2}running /)
            await scratch.db.rows(
              `select pg_terminate_backend(pid, 5000) from pg_locks
               where locktype = 'advisory'
                 and database = (select oid from pg_database where datname = current_database())`,
            )
            yield* provider.read(...args)
          },
        },
      ],
    })
    await expect(run).rejects.toThrow(/lost its ingestion lock/)
    expect(await scratch.db.rows('select from stocks_research.securities')).toEqual([])
    const [row] = await scratch.db.rows('select state from ingestion.runs')
    expect(row).toEqual({ state: 'running' })
    expect(await statusText(scratch.db), 'nobody is at work').toMatch(
      /^\S+ {2}interrupted .* Its process ended without recording an end\.\n/,
    )
    await ingestDelivery(scratch.connection, root)
    const states = await scratch.db.rows('select state from ingestion.runs order by started_at')
    expect(states.map(({ state }) => state)).toEqual(['interrupted', 'complete'])
  })

  it('that is asked to stop gives the reason, where there is one', async () => {
    const root = await writeDelivery(SMALL_DELIVERY)
    const stopped = async (reason?: Error) =>
      (await ingestDelivery(scratch.connection, root, { signal: AbortSignal.abort(reason) })).state_reason
    expect(await stopped()).toBe('It was stopped by a signal. Resume it.')
    expect(await stopped(new RefusedError('The run lock was lost.'))).toBe(
      'The run lock was lost. Resume it.',
    )
  })

  it('parks the rest when the provider stops answering for the account, and resumes it', async () => {
    const root = await writeDelivery(SMALL_DELIVERY)
    await ingestDelivery(scratch.connection, root, { jobs: ['securities', 'ticker-history'] })
    let is_answering = false
    const provider = {
      name: 'metered',
      datasets: ['prices_daily' as const],
      batches: ({ subjects }: { subjects: readonly { item: string }[] }) =>
        subjects.map((subject) => ({
          label: subject.item,
          subjects: [subject] as never,
          estimate: { requests: 1, bytes: 0 },
        })),
      async *read(_: unknown, { label }: { label: string }) {
        if (!is_answering && label !== 'x:first')
          throw new SourceError('Quota used up.', {
            error_class: 'quota',
            next_try_at: '2030-01-01T00:00:00Z',
          })
        yield { item: label, status: 'empty' as const, reason: 'None.' }
      },
    }
    const halted = await ingestDelivery(scratch.connection, root, {
      jobs: ['prices-daily'],
      providers: [provider],
    })
    expect(halted.state).toBe('halted')
    expect(halted.job('prices-daily').items).toMatchObject({ empty: 1, deferred: 2 })
    is_answering = true
    const resumed = await ingestDelivery(scratch.connection, root, {
      jobs: ['prices-daily'],
      providers: [provider],
      resume_run_id: halted.run_id,
      reopen: ['deferred'],
    })
    expect(resumed).toMatchObject({ state: 'complete', run_id: halted.run_id })
    const attempts = await scratch.db.rows(
      `select item, attempts_count from ingestion.items where run_id = $1 order by item`,
      [halted.run_id],
    )
    expect(attempts.map(({ attempts_count }) => attempts_count)).toEqual([1, 2, 1])
  })

  it('is resumed over the days of its items, and records none of them twice', async () => {
    const root = await writeDelivery(SMALL_DELIVERY)
    await ingestDelivery(scratch.connection, root, { jobs: ['securities', 'ticker-history'] })
    const [asked, answering]: [unknown[], { is: boolean }] = [[], { is: false }]
    const provider: Provider = {
      name: 'metered',
      datasets: ['prices_daily'],
      batches: ({ subjects, window }) => {
        asked.push(window)
        return [{ label: 'all', subjects, estimate: { requests: 1, bytes: 0 } }]
      },
      async *read(_ask, { subjects }) {
        if (!answering.is)
          throw new SourceError('Quota used up.', {
            error_class: 'quota',
            next_try_at: '2030-01-01T00:00:00Z',
          })
        for (const { item } of subjects) yield { item, status: 'empty' as const, reason: 'None.' }
      },
    }
    const overlap = { start_date: '2020-01-30', end_date: '2020-02-03' }
    const prices = { jobs: ['prices-daily'], providers: [provider] } as const
    const halted = await ingestDelivery(scratch.connection, root, {
      ...prices,
      windows: { 'prices-daily': overlap },
    })
    answering.is = true
    const resumed = await ingestDelivery(scratch.connection, root, {
      ...prices,
      resume_run_id: halted.run_id,
      reopen: ['deferred'],
    })
    expect(asked).toEqual([overlap, overlap])
    expect(resumed.job('prices-daily').items).toEqual({
      ...halted.job('prices-daily').items,
      deferred: 0,
      empty: resumed.job('prices-daily').items.empty,
    })
    const rows = await scratch.db.rows(
      'select item, count(*)::int as rows from ingestion.items where run_id = $1 group by 1',
      [halted.run_id],
    )
    expect(rows.filter((row) => row['rows'] !== 1)).toEqual([])
  })
})
