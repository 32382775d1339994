"""The peer of apply: ``python -m tests.benchmarks.copy_rows FOLDER``.

Copies each file of the folder, in sorted order, into the table that its suffix
names, in one transaction on the database that ``CONFIGSYNC_DATABASE`` names.
The transaction is marked as configsync's own is, so that triggers do the same.
"""

from __future__ import annotations

import os
import sys
from contextlib import closing
from pathlib import Path

import psycopg2


def main(folder: Path) -> None:
    """Copy all files of a folder."""
    with closing(psycopg2.connect(os.environ["CONFIGSYNC_DATABASE"])) as connection:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL configsync.applying = 'on'")
            for path in sorted(folder.iterdir()):
                with path.open("rb") as file:
                    cursor.copy_expert(f'COPY "{path.suffix[1:]}" FROM STDIN', file, 1024 * 1024)
        connection.commit()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
