"""The snapshot as Prometheus metrics."""

from collections.abc import Iterable
from datetime import datetime

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST as CONTENT_TYPE
from prometheus_client.registry import Collector

from thulium_plugin_prestashop.thulium.state import BridgeState

__all__ = ["CONTENT_TYPE", "exposition"]

_PREFIX = "thulium_prestashop"


class _Snapshot(Collector):
    """Collected once, from one snapshot: nothing is registered in the process, so two bridges don't mix."""

    def __init__(self, state: BridgeState) -> None:
        self._state = state

    def collect(self) -> Iterable[Metric]:
        """See prometheus-client."""
        state = self._state
        for name, text, value in (
            ("cards_created", "Customers created in Thulium since the bridge started", state.cards_created),
            ("cards_changed", "Customers changed in Thulium since the bridge started", state.cards_changed),
            (
                "records_refused",
                "Records that Thulium refused since the bridge started",
                state.records_refused,
            ),
            ("rows_written", "Rows of orders written since the bridge started", state.rows_written),
            ("api_requests", "Requests to Thulium's API since the bridge started", state.api_requests),
            ("api_writes", "Writes to Thulium's API since the bridge started", state.api_writes),
        ):
            yield CounterMetricFamily(f"{_PREFIX}_{name}", text, value=value)
        yield GaugeMetricFamily(
            f"{_PREFIX}_customers_waiting",
            "Customers whose orders are to be copied",
            value=state.customers_waiting,
        )
        problems = GaugeMetricFamily(f"{_PREFIX}_problems", "Problems now", labels=["severity"])
        for severity in ("error", "warning", "info"):
            problems.add_metric([severity], sum(problem.severity == severity for problem in state.problems))
        yield problems
        running = GaugeMetricFamily(
            f"{_PREFIX}_shop_running", "1 while a synchronisation runs", labels=["shop"]
        )
        ok = GaugeMetricFamily(f"{_PREFIX}_shop_last_run_ok", "1 if the last run was well", labels=["shop"])
        at = GaugeMetricFamily(
            f"{_PREFIX}_shop_last_run_timestamp_seconds", "When the last run ended", labels=["shop"]
        )
        for shop in state.shops:
            running.add_metric([shop.id], shop.state == "running")
            if shop.last_run is not None:
                ok.add_metric([shop.id], bool(shop.last_ok))
                at.add_metric([shop.id], datetime.fromisoformat(shop.last_run).timestamp())
        yield from (running, ok, at)


def exposition(state: BridgeState) -> bytes:
    """In the text format, :data:`CONTENT_TYPE`."""
    registry = CollectorRegistry()
    registry.register(_Snapshot(state))
    return generate_latest(registry)
