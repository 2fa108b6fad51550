"""SQL-12: what chDB lets a query do, it does in a room that holds nothing."""

from typing import Final

from tests.attack.case import Case, Says

FAILED: Final = {"sums": Says("error", "query_failed", {"path": "sql/answer.sql"})}


def _query(part: str, does: str, text: str, *ways: Says) -> Case:
    return Case(
        id=part,
        does=does,
        stage="query",
        files={"sql/answer.sql": text},
        blame=("learner_error", "failed"),
        checks={"sums": ways or (FAILED["sums"],)},
    )


CASES: Final = (
    _query("SQL-12", "file() of the canary", "SELECT * FROM file('@FILE@', 'LineAsString')"),
    _query(
        "SQL-12/passwd",
        "file() of /etc/passwd and shadow",
        "SELECT * FROM file('/etc/shadow', 'LineAsString')",
    ),
    _query(
        "SQL-12/truth",
        "file() of the judge's labels, by a glob",
        "SELECT id, toInt64(odd) AS total FROM file('@HOME@/truth/*/labels.parquet')",
    ),
    _query("SQL-12/path", "a bare quoted path", "SELECT * FROM '@FILE@'"),
    _query(
        "SQL-12/url",
        "url() of a file and of the host's listener",
        "SELECT * FROM url('file://@FILE@', 'LineAsString', 'line String')",
    ),
    _query(
        "SQL-12/listener",
        "url() of the host's listener",
        "SELECT * FROM url('http://127.0.0.1:@TCP4@/', 'LineAsString', 'line String') "
        "SETTINGS http_max_tries = 1, http_connection_timeout = 1",
    ),
    _query(
        "SQL-12/write",
        "INSERT INTO FUNCTION file() over the canary",
        "INSERT INTO FUNCTION file('@FILE@', 'CSV', 'x UInt8') SELECT 1",
        FAILED["sums"],
        Says("failed", "differs"),
        Says("error", "rejected"),
    ),
    _query(
        "SQL-12/executable",
        "executable() with a shell",
        "SELECT * FROM executable('cat @FILE@', 'TSV', 'line String')",
    ),
)
