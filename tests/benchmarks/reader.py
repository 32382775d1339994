"""One process that holds all profiles: ``python -m tests.benchmarks.reader URL client|copy``."""

from __future__ import annotations

import io
import sys
from contextlib import closing

import psycopg2

TABLES = (
    "config_profiles",
    "config_ai_infra",
    "config_genie_spaces",
    "config_mlflow",
    "config_prompts",
)


def main(url: str, how: str) -> None:
    """Load them by the runtime client, or by COPY as bytes."""
    if how == "client":
        from configsync.runtime import ConfigClient

        client = ConfigClient.connect(url, listen=False)
        assert client.revision > 0
        client.close()
    else:
        assert copy_out(url) > 0


def copy_out(url: str) -> int:
    """COPY the tables of profiles into memory; returns how many bytes that is."""
    copied = io.BytesIO()
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        for table in TABLES:
            cursor.copy_expert(f"COPY {table} TO STDOUT", copied)
    return len(copied.getvalue())


if __name__ == "__main__":
    main(*sys.argv[1:])
