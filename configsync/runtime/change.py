"""What a reload changed."""

from __future__ import annotations

from dataclasses import dataclass

from configsync.core import address
from configsync.runtime.content import Content
from configsync.runtime.views import resources


@dataclass(frozen=True, slots=True)
class Change:
    """A move from one revision to another.

    ``previous`` is None for the first from a database. ``addresses`` are those
    of the resources that changed, as ``profile/production/ai_infra``, sorted;
    of something that was renamed, the old and the new.
    """

    revision: int
    previous: int | None
    addresses: tuple[str, ...]

    def touches(self, pattern: str) -> bool:
        """Tell whether something that changed matches a pattern, as ``profile/prod*``."""
        return any(address.matches(at, pattern) for at in self.addresses)

    def joined(self, later: Change) -> Change:
        """Both in one, for who hasn't seen this one yet."""
        return Change(
            later.revision,
            self.previous,
            tuple(sorted({*self.addresses, *later.addresses})),
        )


def differing(old: Content, new: Content) -> tuple[str, ...]:
    """The addresses of what isn't the same in two contents, of what both know."""
    found: set[str] = set()
    for domain, table in new.tables.items():
        before = old.tables.get(domain)
        if before is None:
            continue
        for key in before.roots.keys() | table.roots.keys():
            was, now = (
                {} if (root := t.roots.get(key)) is None else resources(t, root)
                for t in (before, table)
            )
            found.update(at for at in was.keys() | now.keys() if was.get(at) != now.get(at))
    return tuple(sorted(found))
