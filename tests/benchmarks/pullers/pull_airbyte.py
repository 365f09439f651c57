"""Airbyte's CDK with the published declarative streams of its PrestaShop connector, as their manifest has them.

Offsets of 50 inside yearly slices of ``date_upd``, up to now in UTC; the CDK's own command line does the reading.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.benchmarks.pullers.harness import RESOURCES, main

START = "2015-01-01"
"""Before any row of the demo shop changed."""


def stream(resource: str) -> dict[str, Any]:
    """One stream of the manifest."""
    moment = "%Y-%m-%d %H:%M:%S"
    return {
        "type": "DeclarativeStream",
        "name": resource,
        "primary_key": ["id"],
        "retriever": {
            "type": "SimpleRetriever",
            "requester": {
                "type": "HttpRequester",
                "url_base": "{{ config['url'] }}/api",
                "path": f"/{resource}",
                "http_method": "GET",
                "authenticator": {"type": "BasicHttpAuthenticator", "username": "{{ config['access_key'] }}"},
                "request_headers": {"Output-Format": "JSON"},
                "request_parameters": {
                    "display": "full",
                    "limit": "'{{ next_page_token['next_page_token'] or '0' }},50'",
                    "date": "1",
                    "sort": "[date_upd_ASC,id_ASC]",
                    "filter[date_upd]": "[{{ stream_slice['start_time'] }},{{ stream_slice['end_time'] }}]",
                },
            },
            "record_selector": {
                "type": "RecordSelector",
                "extractor": {"type": "DpathExtractor", "field_path": [resource]},
            },
            "paginator": {
                "type": "DefaultPaginator",
                "pagination_strategy": {"type": "OffsetIncrement", "page_size": 50},
            },
        },
        "incremental_sync": {
            "type": "DatetimeBasedCursor",
            "cursor_field": "date_upd",
            "cursor_datetime_formats": [moment],
            "datetime_format": moment,
            "start_datetime": {
                "type": "MinMaxDatetime",
                "datetime": "{{ config['start_date'] }}",
                "datetime_format": "%Y-%m-%d",
            },
            "end_datetime": {
                "type": "MinMaxDatetime",
                "datetime": "{{ now_utc() }}",
                "datetime_format": "%Y-%m-%d %H:%M:%S.%f+00:00",
            },
            "step": "P1Y",
            "cursor_granularity": "PT1S",
        },
        "schema_loader": {
            "type": "InlineSchemaLoader",
            "schema": {"type": "object", "properties": {}, "additionalProperties": True},
        },
    }


def files(task: dict[str, Any]) -> tuple[Path, Path, Path]:
    """Config, catalogue and saved state, as files of the command line."""
    work = Path(task["work"])
    manifest = {
        "version": "6.33.0",
        "type": "DeclarativeSource",
        "check": {"type": "CheckStream", "stream_names": ["customers"]},
        "streams": [stream(resource) for resource in RESOURCES],
        "spec": {"type": "Spec", "connection_specification": {"type": "object", "properties": {}}},
    }
    config = {
        "__injected_declarative_manifest": manifest,
        "access_key": task["key"],
        "url": task["url"],
        "start_date": START,
    }
    streams = [
        {
            "stream": {
                "name": resource,
                "json_schema": {},
                "supported_sync_modes": ["full_refresh", "incremental"],
                "source_defined_cursor": True,
                "default_cursor_field": ["date_upd"],
            },
            "sync_mode": "incremental",
            "destination_sync_mode": "append_dedup",
        }
        for resource in RESOURCES
    ]
    paths = work / "config.json", work / "catalog.json", work / "state.json"
    for path, content in zip(paths, (config, {"streams": streams}), strict=False):
        path.write_text(json.dumps(content))
    return paths


def read(task: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """All rows of all streams; the state goes into a file for the next run."""
    config, catalogue, state = files(task)
    program = Path(sys.executable).with_name("source-declarative-manifest")
    command = [str(program), "read", "--config", str(config), "--catalog", str(catalogue)]
    if task["since"] and state.is_file():
        command += ["--state", str(state)]
    found: dict[str, list[dict[str, Any]]] = {resource: [] for resource in RESOURCES}
    states: dict[str, Any] = {}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        for line in process.stdout or ():
            message = json.loads(line) if line.startswith("{") else {}
            if message.get("type") == "RECORD":
                found[message["record"]["stream"]].append(message["record"]["data"])
            elif message.get("type") == "STATE":
                states[message["state"]["stream"]["stream_descriptor"]["name"]] = message["state"]
        status = process.wait()
    state.write_text(json.dumps(list(states.values())))
    if status:
        raise RuntimeError(f"exit status {status}")
    return found


_FOUND: dict[str, list[dict[str, Any]]] = {}


def pull(task: dict[str, Any], resource: str) -> Iterator[dict[str, Any]]:
    """Rows of one stream; the connector reads all of them at once, when the first is asked for."""
    if not _FOUND:
        _FOUND.update(read(task))
    yield from _FOUND[resource]


main(pull)
