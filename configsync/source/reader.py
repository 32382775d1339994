"""Reading YAML: text to located data, or diagnostics.

Most texts are of plain form, and read quickly (`plain`); all others are read
strictly (`strict`), with the C parser, which is loaded only then. Both give the
same.
"""

from __future__ import annotations

from configsync.source.plain import read_plain
from configsync.source.reading import Reading as Reading


def read(text: str, file: str, *, aliases: bool = False) -> Reading:
    """Read the YAML documents in ``text``; ``file`` is named in every place.

    With ``aliases``, aliases and merge keys are followed instead of refused.
    """
    root = read_plain(text, file)
    if root is not None:
        return Reading([root], [root.mark])
    from configsync.source.strict import read_strictly

    return read_strictly(text, file, aliases=aliases)
