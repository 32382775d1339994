"""``configsync`` and ``python -m configsync``."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and exit with its code."""
    if sys.argv[1:] == ["--version"]:
        # Answered before click is loaded, which takes longer than all else.
        from configsync import __version__

        print(f"configsync {__version__}")
        return
    from configsync.cli.main import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
