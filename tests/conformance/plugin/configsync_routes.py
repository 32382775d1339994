"""Route: which model serving endpoints answer an application's requests, and how many of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import field
from typing import Annotated, Any

from configsync.checks.rule import Finding, Rule
from configsync.core.diagnostic import Severity
from configsync.core.document import Document
from configsync.core.kind import Compiled, Kind
from configsync.core.resource import Column, Resource, ResourceType
from configsync.core.values import Boolean, Integer, JsonColumn, Numeric, Text
from configsync.kinds.describe import schema, spec
from configsync.plan.policies import policy


@spec
class Backend:
    """An endpoint that answers a share of the requests."""

    endpoint: Annotated[str, schema(minLength=1, maxLength=255)]
    """Name of the model serving endpoint."""
    weight: Annotated[int, schema(minimum=0, maximum=100)]
    """Its share, in percent."""
    fallback: bool = False
    """Whether it takes what another one has failed to answer: at most one does."""


@spec
class RouteSpec:
    """What one route configures."""

    timeout: Annotated[float, schema(exclusiveMinimum=0, maximum=9999.99)]
    """Seconds to wait for an answer."""
    tags: list[str] = field(default_factory=list)
    """Where the route is listed."""
    backends: Annotated[list[Backend], schema(minItems=1)]
    """The endpoints that answer."""


ROUTE = ResourceType(
    domain="route",
    kind="Route",
    table="routes",
    columns=(
        Column("name", Text(100)),
        Column("description", Text(), nullable=True),
        Column("timeout", Numeric(6, 2)),
        Column("tags", JsonColumn()),
    ),
    key=("name",),
    audit=True,
    active="is_active",
)

BACKEND = ResourceType(
    domain="backend",
    kind="Route",
    table="route_backends",
    columns=(
        Column("endpoint", Text(255)),
        Column("weight", Integer()),
        Column("is_fallback", Boolean()),
    ),
    key=("endpoint",),
    parent=ROUTE,
    parent_column="route_id",
    default="is_fallback",
    required=True,
)


def compile_route(document: Document) -> Iterator[Compiled]:
    """Compile one route to its row and those of its backends."""
    metadata, body = document.body["metadata"], document.body["spec"]
    yield Compiled(
        ROUTE,
        {
            "name": metadata["name"],
            "description": metadata.get("description"),
            "timeout": body["timeout"],
            "tags": body.get("tags", []),
        },
        path=("metadata",),
        paths={"timeout": ("spec", "timeout"), "tags": ("spec", "tags")},
    )
    for index, backend in enumerate(body["backends"]):
        path = ("spec", "backends", index)
        yield Compiled(
            BACKEND,
            {
                "endpoint": backend["endpoint"],
                "weight": backend["weight"],
                "is_fallback": backend.get("fallback", False),
            },
            path,
            paths={"is_fallback": (*path, "fallback")},
            parent=0,
        )


def decompile_routes(resources: Iterable[Resource]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Turn routes with their backends back into documents."""
    resources = list(resources)
    for route in (r for r in resources if r.domain == "route"):
        values = route.values
        metadata = {k: values[k] for k in ("name", "description") if values[k] is not None}
        if route.prevent_destroy:
            metadata["prevent_destroy"] = True
        spec: dict[str, Any] = {"timeout": values["timeout"]}
        if values["tags"]:
            spec["tags"] = values["tags"]
        backends = (r for r in resources if r.parent == route.address)
        spec["backends"] = [_backend(r) for r in sorted(backends, key=lambda r: r.address)]
        yield route.address, {"metadata": metadata, "spec": spec}


def _backend(resource: Resource) -> dict[str, Any]:
    values = dict(resource.values)
    fallback = values.pop("is_fallback")
    return {**values, **({} if fallback is False else {"fallback": fallback})}


KIND = Kind(
    name="Route",
    title="Route of requests",
    spec=RouteSpec,
    types=(ROUTE, BACKEND),
    compile=compile_route,
    list_keys={("spec", "backends"): "endpoint"},
    decompile=decompile_routes,
)


def check_weights(document: Document) -> Iterator[Finding]:
    """The shares of all backends make the whole."""
    backends = document.get(("spec", "backends"))
    weights: list[Any] = [b.get("weight") for b in backends or () if isinstance(b, dict)]
    if weights and all(type(w) is int for w in weights) and sum(weights) != 100:
        yield Finding(
            ("spec", "backends"),
            f"the weights add up to {sum(weights)}, and must to 100",
            help="Share 100 between the backends.",
            key=True,
        )


WEIGHTS = Rule(
    code="ROUTE1",
    severity=Severity.ERROR,
    summary="the weights of a route's backends don't add up to 100",
    why="Applications draw a number from 1 to 100: some would find no backend, or too few would.",
    kind="Route",
    check=check_weights,
    bad="spec: {backends: [{endpoint: a, weight: 50}, {endpoint: b, weight: 40}]}",
    good="spec: {backends: [{endpoint: a, weight: 50}, {endpoint: b, weight: 50}]}",
)


def check_steps(proposal: policy.Proposal) -> Iterator[policy.Finding]:
    """Requests move to other endpoints in steps."""
    for change in proposal.changes:
        old, new = change.fields.get("weight", (None, None))
        if isinstance(old, int) and isinstance(new, int) and abs(new - old) > 80:
            yield policy.Finding(
                f"{change.address} would go from {old} to {new} % at once",
                change,
                "weight",
                help="Change it in steps of 80 at most.",
            )


STEPS = policy.Policy(
    code="ROUTE2",
    severity=Severity.ERROR,
    summary="the weight of a backend changes by more than 80 at once",
    why="An endpoint that suddenly gets most of the requests has no time to scale up.",
    check=check_steps,
    refuses=(policy.Sample("route/a/backend/b", before={"weight": 5}, fields={"weight": 90}),),
    allows=(policy.Sample("route/a/backend/b", before={"weight": 10}, fields={"weight": 90}),),
)
