/** Months as positions on an axis. */

/** `2020-11` and 3 give `2021-02`. */
export function monthAt(first_month: string, index: number): string {
  const [year = 0, month = 1] = first_month.split('-').map(Number)
  const all = year * 12 + month - 1 + index
  return `${Math.floor(all / 12)}-${String((all % 12) + 1).padStart(2, '0')}`
}

/** Months from `first_month` to `month`; negative when it is earlier. */
export function monthsBetween(first_month: string, month: string): number {
  const number = (text: string): number => Number(text.slice(0, 4)) * 12 + Number(text.slice(5, 7))
  return number(month) - number(first_month)
}

/** The axis of `count` months: a tick and a label at each January. */
export function monthAxis(first_month: string, count: number) {
  const januaries = Array.from({ length: count }, (_, index) => index).filter((index) =>
    monthAt(first_month, index).endsWith('-01'),
  )
  // Many years get every other label, or fewer: a label needs about 40 units of 1,000.
  const step = Math.ceil(januaries.length / 20)
  return {
    domain: [0, count],
    ticks: januaries.filter((_, index) => index % step === 0),
    tickFormat: (index: number) => monthAt(first_month, index).slice(0, 4),
    label: null,
  }
}
