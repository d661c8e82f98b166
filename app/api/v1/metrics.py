"""/api/v1/metrics: how the installation does, as Prometheus reads it.

Scope: metrics; a program on the same machine needs no key.
"""

from collections.abc import Iterator

from flask import Response, current_app
from flask_openapi3 import APIBlueprint, Tag
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from app.api.v1.shapes.parts import Problem
from app.edge.context import db, now
from app.edge.guard import allow
from app.reports.gauges import Gauge, read_gauges

api = APIBlueprint(
    "metrics",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[Tag(name="health")],
    abp_security=[{"key": []}],
    abp_responses={401: Problem, 403: Problem},
)


class _Numbers:
    """What the registry collects: numbers that were read in this request."""

    def __init__(self, gauges: list[Gauge]) -> None:
        self._gauges = gauges

    def collect(self) -> Iterator[Metric]:
        """Yield each number."""
        for gauge in self._gauges:
            yield GaugeMetricFamily(f"proofdesk_{gauge.name}", gauge.text, value=gauge.value)


@api.get(
    "/metrics",
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "numbers"}},
)
@allow("metrics", by_loopback=True)
def get() -> Response:
    """Say what waits and how late each part is, over all workspaces."""
    registry = CollectorRegistry(auto_describe=False)
    queued = Gauge("jobs_queued", "Hints that no worker has picked up", float(current_app.extensions["jobs_queued"]()))
    registry.register(_Numbers([*read_gauges(db(), now=now()), queued]))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)
