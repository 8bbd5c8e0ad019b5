import { parseJson } from '../../http/json.ts'
import { parseChart } from '../../providers/yahoo/parse.ts'
import { writeDelivery } from '../flat-files/delivery.ts'

const lines = (header: string, rows: readonly (readonly (string | null | undefined)[])[]): string =>
  `${[header, ...rows.map((row) => row.join())].join('\n')}\n`

/** A delivery of what Yahoo's charts give: their prices as rebuilt, and their splits. Returns its folder. */
export function deliveryOfCharts(charts: Readonly<Record<string, string>>): Promise<string> {
  const read = Object.entries(charts).map(([id, text]) => ({
    id,
    ...parseChart(parseJson(text), () => undefined),
  }))
  const ids = read.map(({ id }) => id)
  return writeDelivery({
    'universe.csv': lines(
      'source_id,ticker',
      ids.map((id) => [id, id.toUpperCase()]),
    ),
    'securities/s.csv': lines(
      'source_id,ticker,name,exchange_mic,type,currency',
      ids.map((id) => [id, id.toUpperCase(), `Case of ${id}`, 'XNAS', 'stock', 'USD']),
    ),
    'prices_daily/p.csv': lines(
      'source_id,date,open,high,low,close,volume',
      read.flatMap(({ id, bars }) =>
        bars.map(({ record }) => [
          id,
          ...['date', 'open', 'high', 'low', 'close', 'volume'].map((field) => record[field]),
        ]),
      ),
    ),
    'splits/s.csv': lines(
      'source_id,ex_date,split_from,split_to',
      read.flatMap(({ id, events }) =>
        events.map(({ record }) => [id, record['ex_date'], record['split_from'], record['split_to']]),
      ),
    ),
  })
}
