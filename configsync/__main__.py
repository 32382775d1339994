"""``configsync`` and ``python -m configsync``."""

from __future__ import annotations

import gc
import os
import sys


def main() -> None:
    """Run the command line and exit with its code."""
    if sys.getfilesystemencoding() != "utf-8" and os.environ.get("PYTHONUTF8") != "1":
        # File names and output are UTF-8 whatever the locale (rule 6.12): Python decides that
        # at its start, so start it again.
        os.environ["PYTHONUTF8"] = "1"
        os.execv(sys.executable, [sys.executable, "-m", "configsync", *sys.argv[1:]])
    # A command is short, and what it builds are trees: collecting cycles would find none.
    gc.disable()
    if sys.argv[1:] == ["--version"]:
        # Answered before click is loaded, which takes longer than all else.
        from configsync import __version__

        print(f"configsync {__version__}")
        return
    from configsync.cli.main import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
