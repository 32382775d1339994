"""The Genie spaces of a profile."""

from __future__ import annotations

from types import EllipsisType
from typing import TypeAlias

from configsync.core import address
from configsync.core.resource import State
from configsync.kinds.profile import GENIE_SPACE, KIND, PROFILE
from configsync.services.errors import DuplicateName, NotFound, Protected
from configsync.services.model import GenieSpace
from configsync.services.profiles import read_profile, space, space_document
from configsync.services.service import Service
from configsync.services.write import Body, Draft

Spaces: TypeAlias = list[GenieSpace]
"""By this name, since within the service ``list`` is a method."""


class GenieService(Service):
    """Reads and changes the Genie spaces of a profile, as `ProfileService` does profiles.

    A profile has at least one, of which exactly one is the default. Every call
    raises NotFound if there is no such profile.
    """

    def list(self, profile: str) -> Spaces:
        """The spaces of a profile, the default first, then by id."""
        with self.database.reading() as transaction:
            return [*read_profile(transaction, profile).genie_spaces]

    def get_default(self, profile: str) -> GenieSpace:
        """The space that is asked first. Raises NotFound if none is the default."""
        for found in self.list(profile):
            if found.is_default:
                return found
        raise NotFound(f"No Genie space of the profile {profile!r} is the default.")

    def add(
        self,
        profile: str,
        space_id: str,
        *,
        user: str,
        space_name: str | None = None,
        description: str | None = None,
        is_default: bool = False,
    ) -> GenieSpace:
        """Add a space; with ``is_default``, instead of the one that was it.

        Raises DuplicateName if the profile has that space already, and Invalid.
        """
        new = GenieSpace(space_id, space_name, description, is_default)

        def edit(draft: Draft) -> None:
            spaces = draft.take(profile)["spec"].setdefault("genie_spaces", [])
            if any(s["space_id"] == space_id for s in spaces):
                raise DuplicateName(f"The profile {profile} has a Genie space {space_id} already.")
            if is_default is True:
                _clear_default(spaces)
            spaces.append(space_document({k: getattr(new, k) for k in GENIE_SPACE.names}))

        return _written(self._write(KIND, user, edit), profile, space_id)

    def update(
        self,
        profile: str,
        space_id: str,
        *,
        user: str,
        space_name: str | EllipsisType | None = ...,
        description: str | EllipsisType | None = ...,
    ) -> GenieSpace:
        """Change what is given of a space; None takes it away. Raises NotFound and Invalid."""
        given = {"space_name": space_name, "description": description}

        def edit(draft: Draft) -> None:
            found = _find(_spaces(draft, profile), profile, space_id)
            for name, value in given.items():
                if value is None:
                    found.pop(name, None)
                elif not isinstance(value, EllipsisType):
                    found[name] = value

        return _written(self._write(KIND, user, edit), profile, space_id)

    def delete(self, profile: str, space_id: str, *, user: str) -> None:
        """Delete a space. If it was the default, the first one that is left by id becomes it.

        Raises NotFound, and Protected for the profile's last one.
        """

        def edit(draft: Draft) -> None:
            spaces = _spaces(draft, profile)
            gone = _find(spaces, profile, space_id)
            if len(spaces) == 1:
                raise Protected(f"The profile {profile} would lose its last Genie space.")
            spaces.remove(gone)
            if gone.get("default") is True:
                spaces[0]["default"] = True

        self._write(KIND, user, edit)

    def set_default(self, profile: str, space_id: str, *, user: str) -> GenieSpace:
        """Make a space the default instead of the one that is it. Raises NotFound."""

        def edit(draft: Draft) -> None:
            spaces = _spaces(draft, profile)
            found = _find(spaces, profile, space_id)
            _clear_default(spaces)
            found["default"] = True

        return _written(self._write(KIND, user, edit), profile, space_id)


def _spaces(draft: Draft, profile: str) -> list[Body]:
    found: list[Body] = draft.take(profile)["spec"].get("genie_spaces", [])
    return found


def _find(spaces: list[Body], profile: str, space_id: str) -> Body:
    for found in spaces:
        if found["space_id"] == space_id:
            return found
    raise NotFound(f"The profile {profile} has no Genie space {space_id!r}.")


def _clear_default(spaces: list[Body]) -> None:
    for each in spaces:
        each.pop("default", None)


def _written(state: State, profile: str, space_id: str) -> GenieSpace:
    root = address.join(PROFILE.domain, profile)
    return space(state[GENIE_SPACE.address({"space_id": space_id}, root)])
