"""Runs one command and writes its exit code, seconds, CPU seconds and peak memory to a file.

``python -I -S launch.py FILE COMMAND…``: a process of its own, as small as Python
gets, because a command's peak is never below the size of what started it.
"""

from __future__ import annotations

import os
import sys
import time


def main(file: str, command: list[str]) -> None:
    """Run the command to its end, then write the numbers, in that order, with a space between."""
    began = time.perf_counter()
    _, status, usage = os.wait4(os.posix_spawn(command[0], command, os.environ), 0)
    seconds = time.perf_counter() - began
    code = os.waitstatus_to_exitcode(status)
    # Linux counts in KiB, macOS in bytes.
    peak = usage.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)
    with open(file, "w", encoding="ascii") as out:
        out.write(f"{code} {seconds} {usage.ru_utime + usage.ru_stime} {peak}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
