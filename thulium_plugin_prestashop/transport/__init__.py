"""HTTP for both sides: sessions, time-outs, retry, pace, egress guard, redaction and errors.

Knows neither PrestaShop nor the CRM: it moves bytes, carefully.
"""

from thulium_plugin_prestashop.transport.circuit import Circuit
from thulium_plugin_prestashop.transport.egress import EgressPolicy
from thulium_plugin_prestashop.transport.errors import (
    AdministratorMustAct,
    OurFault,
    RemoteError,
    TimeWillTell,
)
from thulium_plugin_prestashop.transport.http import Answer, HttpClient
from thulium_plugin_prestashop.transport.pace import Budget, Pace
from thulium_plugin_prestashop.transport.redact import RedactingFilter, Redactor
from thulium_plugin_prestashop.transport.retry import RetryPolicy, parse_retry_after

__all__ = [
    "AdministratorMustAct",
    "Answer",
    "Budget",
    "Circuit",
    "EgressPolicy",
    "HttpClient",
    "OurFault",
    "Pace",
    "RedactingFilter",
    "Redactor",
    "RemoteError",
    "RetryPolicy",
    "TimeWillTell",
    "parse_retry_after",
]
