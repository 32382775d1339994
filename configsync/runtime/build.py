"""Builds the content of a revision: from nothing, from an older one, or as it is asked for."""

from __future__ import annotations

from collections.abc import Callable

from configsync.core import address
from configsync.core.errors import DatabaseError, UsageError
from configsync.core.resource import ResourceType
from configsync.kinds import resource_types
from configsync.runtime.compare import differing
from configsync.runtime.content import Content, Key, Mark, Root
from configsync.runtime.load import (
    MANY,
    read_all,
    read_change,
    read_domain,
    read_mark,
    read_none,
    read_past,
    read_roots,
    read_touched,
    seal_of,
)
from configsync.runtime.model import Source
from configsync.store.database import Transaction
from configsync.store.url import DatabaseUrl


class Builder:
    """Builds contents, which ``learn`` fills in where they are lazy.

    ``types`` are those that the database has tables of; ``wanted`` is what a
    lazy content is to have from the beginning: keys of roots, None for a domain.
    """

    def __init__(self, learn: Callable[[Content, str, Key | None], None] | None) -> None:
        self.types: list[ResourceType] = []
        self.wanted: set[tuple[str, Key | None]] = set()
        self._learn = learn

    def build(
        self, transaction: Transaction, url: DatabaseUrl, mark: Mark, old: Content | None
    ) -> tuple[Content, tuple[str, ...]]:
        """The content of a revision, and the addresses that changed since an older one.

        Raises DatabaseError for what is no later revision of the same database.
        """
        if old is None:
            return self._fresh(transaction, mark), ()
        if old.source is Source.FALLBACK:
            built = self._anew(transaction, mark, old)
            return built, differing(old, built)
        if mark.database_id != old.mark.database_id:
            raise DatabaseError(
                f"{url} is another database than the one that revision "
                f"{old.mark.revision} came from. Restart the application to follow it."
            )
        if mark.revision < old.mark.revision:
            raise DatabaseError(
                f"{url} is at revision {mark.revision}, before {old.mark.revision}, which is "
                "served: it lags, or was restored. Restart the application to follow it."
            )
        if seal_of(transaction, old.mark.revision) != old.mark.seal:
            # Another past: the history since then doesn't tell what differs.
            built = self._anew(transaction, mark, old)
            return built, differing(old, built)
        touched = read_touched(transaction, old.tables, old.mark.revision, mark.revision)
        if touched.count > MANY or old.source is Source.CACHE:
            return self._anew(transaction, mark, old), touched.addresses
        return read_change(transaction, old, mark, touched), touched.addresses

    def _fresh(self, transaction: Transaction, mark: Mark) -> Content:
        if self._learn is None:
            return read_all(transaction, self.types, mark)
        content = read_none(transaction, self.types, mark)
        content.learn = self._learn
        return content

    def _anew(self, transaction: Transaction, mark: Mark, old: Content) -> Content:
        """All that an older content knew, and what was to be in memory but couldn't be read."""
        content = self._fresh(transaction, mark)
        if self._learn is None:
            return content
        for domain, table in content.tables.items():
            before = old.tables.get(domain)
            wanted = {key for of, key in self.wanted if of == domain}
            keys = {key for key in wanted if key is not None}
            keys.update(() if before is None else before.roots)
            # A fallback is all that there is of it, and by far not all that there is.
            was_whole = before is not None and before.whole and old.source is not Source.FALLBACK
            if was_whole or None in wanted:
                table.roots = read_domain(transaction, table, mark)
                table.whole = True
            elif keys:
                table.roots = read_roots(transaction, table, filter(_storable, keys), mark)
        return content

    def learned(
        self,
        transaction: Transaction,
        url: DatabaseUrl,
        content: Content,
        domain: str,
        key: Key | None,
    ) -> dict[Key, Root | None]:
        """What a lazy content lacks: a root, or with None all of a domain, of its own revision."""
        table = content.tables[domain]
        if key is not None and not _storable(key):
            return {key: None}
        mark = read_mark(transaction)
        if mark == content.mark:
            if key is None:
                return read_domain(transaction, table, mark)
            return read_roots(transaction, table, [key], mark)
        if seal_of(transaction, content.mark.revision) != content.mark.seal:
            raise DatabaseError(
                f"{url} no longer has revision {content.mark.revision}, of which more is asked for."
            )
        return read_past(transaction, content, domain, key)


def place_of(at: str) -> tuple[str, Key | None]:
    """The domain and key at a root's address; no key for a domain by itself. Raises UsageError."""
    domain, *keys = address.split(at)
    type_ = resource_types().get(domain)
    if type_ is None or type_.parent is not None or len(keys) not in (0, len(type_.key)):
        raise UsageError(f"{at} is no address of a root, as profile/production is.")
    if not keys:
        return domain, None
    return domain, keys[0] if len(keys) == 1 else tuple(keys)


def _storable(key: Key) -> bool:
    """Tell whether a database could have such a key at all."""
    for text in (key,) if isinstance(key, str) else key:
        try:
            if b"\0" in text.encode():
                return False
        except UnicodeEncodeError:
            return False
    return True
