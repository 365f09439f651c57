"""Calling hooks so that one plugin's failure stays its own."""

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, TypeVar

import attrs
import pluggy

from thulium_plugin_prestashop.contract.host import HostContext

log = logging.getLogger(__name__)

T = TypeVar("T")


class StrayCancellationError(Exception):
    """A plugin was cancelled although nobody cancelled the call: it awaited a task of its own that was."""


async def guarded(work: Awaitable[T], time_limit: float | None) -> T:
    """Await a plugin's work for ``time_limit`` seconds. Only who cancels this call ends it by ``CancelledError``."""
    try:
        async with asyncio.timeout(time_limit):
            return await work
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        raise StrayCancellationError("it awaited something that was cancelled") from error


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
        """The lists of every plugin (or of one) that a hook gives without any I/O; who does not implement it, or
        answers ``None``, is absent.
        """
        answers = []
        for name in self.plugins if plugin is None else [plugin]:
            try:
                values = self._call(name, hook, {})
            except Exception as error:
                log.exception("%s of plugin %s failed", hook, name)
                answers.append(HookAnswer(name, error=error))
            else:
                answers.extend(_listed(hook, HookAnswer(name, value)) for value in values)
        return answers

    async def call(
        self,
        hook: str,
        arguments: Mapping[str, object] | None = None,
        *,
        plugin: str | None = None,
        time_limit: float | None = None,
        lists: bool = False,
    ) -> list[HookAnswer]:
        """Call a hook on every plugin (or on one), and await what is awaitable, each for ``time_limit`` seconds.

        With ``lists`` an answer that is no list is an error.
        """
        answers = []
        for name in self.plugins if plugin is None else [plugin]:
            given = await self._call_and_wait(name, hook, time_limit, arguments or {})
            answers += [_listed(hook, answer) for answer in given] if lists else given
        return answers

    async def _call_and_wait(
        self, plugin: str, hook: str, time_limit: float | None, arguments: Mapping[str, object]
    ) -> list[HookAnswer]:
        try:
            return [
                HookAnswer(plugin, await guarded(value, time_limit) if inspect.isawaitable(value) else value)
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


def _listed(hook: str, answer: HookAnswer) -> HookAnswer:
    """The answer with its items as a list, or with an error if it has none to give."""
    if answer.error is not None or answer.value is None:
        return answer
    if isinstance(answer.value, Iterable) and not inspect.isawaitable(answer.value):
        return HookAnswer(answer.plugin, list(answer.value))
    if inspect.iscoroutine(answer.value):
        answer.value.close()
    error = TypeError(f"{hook} gives a list, not {type(answer.value).__name__}")
    log.error("%s of plugin %s failed: %s", hook, answer.plugin, error)
    return HookAnswer(answer.plugin, error=error)
