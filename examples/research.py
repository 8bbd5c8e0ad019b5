"""From the export to a first result, cell by cell, in Python.

    npm run export -- parquet /data/stocks
    pip install duckdb
    python3 examples/research.py /data/stocks

The queries are the files of examples/sql, which a test runs. Each result is also a data frame:
`connection.execute(query("momentum")).df()` for pandas, `.pl()` for Polars, `.arrow()` for Arrow.
"""

import json
import sys
from pathlib import Path

import duckdb

if len(sys.argv) != 2:
    sys.exit("Usage: python3 examples/research.py <folder of an export>")
folder = Path(sys.argv[1]).resolve()


def query(name):
    return (Path(__file__).parent / "sql" / f"{name}.sql").read_text(encoding="utf-8")


# %% What is this data? Read the manifest first: mode, day, run.
manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
run = manifest["run"]["run_id"] if manifest["run"] else "none"
print(f"{manifest['mode']}, prices up to {manifest['as_of_date']}, run {run}")
if manifest["mode"] == "rehearsal":
    print("REHEARSAL: the prices are invented.")

# %% A view for each table. DuckDB reads only the columns and years that a query needs.
connection = duckdb.connect()
path = str(folder).replace("'", "''")
connection.execute(f"set variable export = '{path}'")
connection.execute(query("views"))


def show(title, name, values=None):
    rows = connection.execute(query(name), values).fetchall()
    print(f"\n{title}: {len(rows)} rows")
    for row in rows[:5]:
        print(" ", *row)


# %% How much is there, and how much of it cannot be used?
show("Coverage by year", "coverage")

# %% Daily total returns. Delisted securities are in it, with their delisting returns.
show("Daily total returns", "daily-returns")

# %% Fundamentals as they were known on a day: what was filed later is not in it.
show("Fundamentals as known", "as-known-on", {"day": manifest["as_of_date"]})

# %% A first factor: momentum, by groups, with the next month as outcome.
show("Momentum", "momentum")
