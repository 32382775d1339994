"""OpenFeature: settings are flags.

::

    api.set_provider_and_wait(ConfigSyncProvider(client))
    api.get_client().get_boolean_value("features/new_editor", False)

A flag's key is ``category/key``, as the address ``setting/category/key`` has
it; a key without a category is one of the provider's own category. Flags are
the same for all: an evaluation context changes nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from openfeature.evaluation_context import EvaluationContext
from openfeature.event import ProviderEventDetails
from openfeature.exception import (
    FlagNotFoundError,
    GeneralError,
    ParseError,
    TypeMismatchError,
)
from openfeature.flag_evaluation import (
    FlagMetadata,
    FlagResolutionDetails,
    FlagValueType,
    Reason,
)
from openfeature.provider import AbstractProvider, Metadata

from configsync.core import address
from configsync.core.errors import ConfigsyncError
from configsync.runtime import Change, ConfigClient, Incomplete, NotFound, Setting, Source
from configsync.runtime.reads import FLAGS
from configsync.runtime.views import fresh

LOOK = 1.0
"""Seconds between looks at whether the client is degraded, which costs microseconds."""

_REASONS = {
    Source.DATABASE: Reason.STATIC,
    Source.CACHE: Reason.CACHED,
    Source.FALLBACK: Reason.DEFAULT,
}

Object = Sequence[FlagValueType] | Mapping[str, FlagValueType]


class ConfigSyncProvider(AbstractProvider):
    """Resolves flags from a client's settings, of exactly the type that is asked for.

    Only an int is a float too. A setting that is null gives the default, with
    the reason DEFAULT; else the reason says where the value came from: STATIC
    from the database, CACHED from the cache file, DEFAULT from the fallback.
    An error gives the default, with the code FLAG_NOT_FOUND, TYPE_MISMATCH, or
    PARSE_ERROR for what somebody wrote past configsync.

    Events: PROVIDER_CONFIGURATION_CHANGED with the flags that changed, or none
    if it may be any; PROVIDER_STALE when the client becomes degraded, and
    PROVIDER_READY when it no longer is. They come from threads, so a worker
    that is forked sets its own provider.
    """

    def __init__(self, client: ConfigClient, *, category: str = FLAGS, look: float = LOOK) -> None:
        """``category`` is that of keys without one. The client stays the caller's to close."""
        super().__init__()
        self._client = client
        self._category = category
        self._look = look
        self._ends: list[Callable[[], None]] = []

    def get_metadata(self) -> Metadata:
        return Metadata("configsync")

    def initialize(self, evaluation_context: EvaluationContext) -> None:
        self.shutdown()
        stop = threading.Event()
        watch = threading.Thread(
            target=self._watch, args=(stop,), name="configsync-openfeature", daemon=True
        )
        self._ends = [self._client.on_change(self._changed), stop.set, watch.join]
        watch.start()

    def shutdown(self) -> None:
        ends, self._ends = self._ends, []
        for end in ends:
            end()

    # The SDK passes these arguments by name.

    def resolve_boolean_details(
        self,
        flag_key: str,
        default_value: bool,
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[bool]:
        return self._resolve(flag_key, default_value, bool)

    def resolve_string_details(
        self,
        flag_key: str,
        default_value: str,
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[str]:
        return self._resolve(flag_key, default_value, str)

    def resolve_integer_details(
        self,
        flag_key: str,
        default_value: int,
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[int]:
        return self._resolve(flag_key, default_value, int)

    def resolve_float_details(
        self,
        flag_key: str,
        default_value: float,
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[float]:
        details = self._resolve(flag_key, default_value, float, int)
        try:
            details.value = float(details.value)
        except OverflowError:
            raise TypeMismatchError(f"The flag {flag_key} is too large for a float.") from None
        return details

    def resolve_object_details(
        self,
        flag_key: str,
        default_value: Object,
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[Object]:
        return self._resolve(flag_key, default_value, dict, list)

    def _resolve(
        self, flag_key: str, default: Any, *types: type[Any]
    ) -> FlagResolutionDetails[Any]:
        setting = self._setting(flag_key)
        origin = setting.origin
        metadata: FlagMetadata = {"revision": origin.revision, "source": str(origin.source)}
        if setting.value is None:
            return FlagResolutionDetails(default, reason=Reason.DEFAULT, flag_metadata=metadata)
        # Not isinstance: a bool is no int.
        if type(setting.value) not in types:
            raise TypeMismatchError(
                f"The flag {flag_key} is {type(setting.value).__name__}, "
                f"where {types[0].__name__} is asked for."
            )
        return FlagResolutionDetails(
            fresh(setting.value), reason=_REASONS[origin.source], flag_metadata=metadata
        )

    def _setting(self, flag_key: str) -> Setting:
        keys = address.split(flag_key)
        try:
            if len(keys) == 1:
                return self._client.setting_entry(self._category, *keys)
            if len(keys) == 2:
                return self._client.setting_entry(*keys)
        except NotFound as error:
            raise FlagNotFoundError(str(error)) from error
        except Incomplete as error:
            raise ParseError(str(error)) from error
        except ConfigsyncError as error:  # Of a lazy client.
            raise GeneralError(str(error)) from error
        raise FlagNotFoundError(f"{flag_key} is no key of a flag, as {FLAGS}/new_editor is.")

    def _changed(self, change: Change) -> None:
        flags = [flag for at in change.addresses for flag in self._flags(at)]
        # Without addresses, all was read anew.
        if flags or not change.addresses:
            self.emit_provider_configuration_changed(
                ProviderEventDetails(
                    flags_changed=flags or None, metadata={"revision": change.revision}
                )
            )

    def _flags(self, at: str) -> list[str]:
        """The keys of the flag at an address: with its category, and without where that does."""
        domain, *keys = address.split(at)
        if domain != "setting":
            return []
        full = address.join(*keys)
        return [full, address.join(keys[-1])] if keys[0] == self._category else [full]

    def _watch(self, stop: threading.Event) -> None:
        """Tell when the client becomes degraded, and when it no longer is."""
        stale = False
        while not stop.wait(self._look):
            status = self._client.status()
            if status.degraded == stale:
                continue
            stale = status.degraded
            if stale:
                self.emit_provider_stale(ProviderEventDetails(message=status.last_error))
            else:
                self.emit_provider_ready(ProviderEventDetails())
