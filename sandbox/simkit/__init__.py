"""The few names that a project may import from the Simulator, the same in a room and at home.

    import simkit

    frame = simkit.query("SELECT count() FROM events WHERE event_ts <= {at:DateTime64(3)}",
                         {"at": simkit.now()})

The tables are those of the quest's database and are named without it. What answers is chDB over
the Parquet files in ``SIM_DATA``, or a ClickHouse server when ``CLICKHOUSE_URL`` is set.
"""

from .asking import QueryError, query
from .connecting import NoData, connect
from .surroundings import artifacts, now, seed

__all__ = ["NoData", "QueryError", "artifacts", "connect", "now", "query", "seed"]
