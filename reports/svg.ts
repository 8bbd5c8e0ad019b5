/** Coordinates to a tenth: finer is not seen, and costs bytes. */
export const round = (value: number): number => Math.round(value * 10) / 10
