-- Records which second source was read, and how many of its records were kept.
insert into ingestion.second_source (
  source,
  sha256,
  has_splits,
  has_dividends,
  rows_read,
  rows_kept,
  rows_skipped,
  rows_rejected,
  rows_contradicted)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
