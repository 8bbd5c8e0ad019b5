/**
 * Limits on the memory and time that one file of a delivery can take. A vendor's files stay far below them; a
 * damaged or hostile file does not.
 */
export const LIMITS = {
  /** Decompressed bytes that a file or a member of a zip may have whatever its size. */
  expanded_bytes_free: 64 * 1024 * 1024,
  /** Above it: decompressed bytes for each byte read. Tables of prices and facts shrink 3 to 30 times. */
  expanded_ratio_max: 250,
  /** Characters of one CSV record. */
  record_characters_max: 1024 * 1024,
  /** Members of one zip; companyfacts has 19,000. */
  zip_members_max: 200_000,
  /**
   * Bytes of the footer of a Parquet file, of one column of a row group, of one page without its compression,
   * and values of a page.
   */
  parquet_footer_bytes_max: 64 * 1024 * 1024,
  parquet_column_bytes_max: 1024 * 1024 * 1024,
  /** Bytes of a Parquet file inside a zip, which is unpacked into memory. */
  parquet_member_bytes_max: 512 * 1024 * 1024,
  parquet_page_bytes_max: 256 * 1024 * 1024,
  parquet_page_values_max: 20_000_000,
} as const
