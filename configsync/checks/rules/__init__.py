"""The rules, one file each.

A module here that has a ``RULE`` adds a rule; a package elsewhere adds one
through the entry point group ``configsync.rules``.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from configsync.checks.rule import Rule
from configsync.core import codes
from configsync.core.errors import PluginError
from configsync.plugins import load_entry_points

ENTRY_POINTS = "configsync.rules"


@cache
def all_rules() -> dict[str, Rule]:
    """All rules by code, in sorted order.

    Raises PluginError if what a package adds can't be used beside the others.
    """
    modules = (import_module(f"{__name__}.{m.name}") for m in iter_modules(__path__))
    found: list[Rule] = [m.RULE for m in modules]
    try:
        return register([*found, *load_entry_points(ENTRY_POINTS, Rule)])
    except ValueError as error:
        raise PluginError(f"{error}. Update or uninstall the package at fault.") from error


def register(rules: list[Rule]) -> dict[str, Rule]:
    """Order rules by code; raises ValueError for a code that is taken."""
    taken = {code.code for code in codes.ALL}
    registry: dict[str, Rule] = {}
    for rule in sorted(rules, key=lambda rule: rule.code):
        if rule.code in registry or rule.code in taken:
            raise ValueError(f"the code {rule.code} is taken twice")
        registry[rule.code] = rule
    return registry
