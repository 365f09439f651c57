"""Calling hooks so that one plugin's failure stays its own."""

import asyncio
import inspect
import logging
from collections.abc import Callable, Mapping
from typing import Any

import attrs
import pluggy

from thulium_plugin_prestashop.contract.host import HostContext

log = logging.getLogger(__name__)


@attrs.frozen
class HookAnswer:
    """What one plugin answered to one hook: a value, or the error that it raised."""

    plugin: str
    value: Any = None
    error: Exception | None = None


class HookCalls:
    """Calls a hook on each plugin by itself, with that plugin's own host context as the argument ``host``."""

    def __init__(self, manager: pluggy.PluginManager, context: Callable[[str], HostContext]) -> None:
        self._manager = manager
        self._context = context

    @property
    def plugins(self) -> list[str]:
        """Ids of the registered plugins, in the order they were registered."""
        return [name for name, plugin in self._manager.list_name_plugin() if plugin is not None]

    def ask(self, hook: str, *, plugin: str | None = None) -> list[HookAnswer]:
        """The answers of every plugin (or of one) to a hook that does no I/O; who does not implement it, or answers
        ``None``, is absent.
        """
        answers = []
        for name in self.plugins if plugin is None else [plugin]:
            try:
                values = self._call(name, hook, {})
            except Exception as error:
                log.exception("%s of plugin %s failed", hook, name)
                answers.append(HookAnswer(name, error=error))
            else:
                answers.extend(HookAnswer(name, value) for value in values)
        return answers

    async def call(
        self,
        hook: str,
        arguments: Mapping[str, object] | None = None,
        *,
        plugin: str | None = None,
        time_limit: float | None = None,
    ) -> list[HookAnswer]:
        """Call a hook on every plugin (or on one), and await what is awaitable, each for ``time_limit`` seconds."""
        names = self.plugins if plugin is None else [plugin]
        return [
            answer
            for name in names
            for answer in await self._call_and_wait(name, hook, time_limit, arguments or {})
        ]

    async def _call_and_wait(
        self, plugin: str, hook: str, time_limit: float | None, arguments: Mapping[str, object]
    ) -> list[HookAnswer]:
        try:
            async with asyncio.timeout(time_limit):
                return [
                    HookAnswer(plugin, await value if inspect.isawaitable(value) else value)
                    for value in self._call(plugin, hook, arguments)
                ]
        except Exception as error:
            log.exception("%s of plugin %s failed", hook, plugin)
            return [HookAnswer(plugin, error=error)]

    def _call(self, plugin: str, hook: str, arguments: Mapping[str, object]) -> list[Any]:
        others = [other for name, other in self._manager.list_name_plugin() if name != plugin]
        caller = self._manager.subset_hook_caller(hook, others)
        answers: list[Any] = caller(host=self._context(plugin), **arguments)
        return answers
