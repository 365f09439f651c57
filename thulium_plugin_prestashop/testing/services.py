"""The rest of the context: custom fields, secrets, problems, tasks, clock, folder."""

import asyncio
from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

from thulium_plugin_prestashop.contract.forms import CustomFieldType
from thulium_plugin_prestashop.contract.host import HostContext
from thulium_plugin_prestashop.contract.problems import Problem, Severity
from thulium_plugin_prestashop.contract.text import LocalizedText
from thulium_plugin_prestashop.testing.suite import Suite, check, expect, new_number

LANGUAGES = ("pl", "en")


class CustomFieldsSuite(Suite):
    """:class:`~thulium_plugin_prestashop.contract.customers.CustomFields`."""

    @check
    async def test_fields_are_listed_with_their_types(self, host: HostContext) -> None:
        """The three fields this suite works with are there, each once, of their type."""
        listed = await host.custom_fields.list()
        names = [field.name for field in listed]
        expect(len(set(names)) == len(names), "each field is listed once", got=names)
        types = {field.name: field.type for field in listed}
        wanted = {
            self.numeric_field: CustomFieldType.NUMERIC,
            self.text_field: CustomFieldType.TEXT,
            self.date_field: CustomFieldType.DATE,
        }
        expect(types | wanted == types, "fields have their types", got=types)


class SecretsSuite(Suite):
    """:class:`~thulium_plugin_prestashop.contract.host.Secrets`."""

    @check
    async def test_secrets_are_kept_replaced_and_forgotten(self, host: HostContext) -> None:
        """By handle, each by itself; forgetting twice is no error."""
        one, other = f"kit/{new_number()}/a", f"kit/{new_number()}/b"
        secrets = host.secrets
        expect(await secrets.get(one) is None, "a secret that is not there is None")
        await secrets.put(one, "first")
        await secrets.put(other, "zażółć")
        await secrets.put(one, "second")
        kept = (await secrets.get(one), await secrets.get(other))
        expect(kept == ("second", "zażółć"), "the newest text of each handle")
        await secrets.delete(one)
        await secrets.delete(one)
        kept = (await secrets.get(one), await secrets.get(other))
        expect(kept == (None, "zażółć"), "what is forgotten is gone, and nothing else")
        await secrets.delete(other)

    @check
    async def test_secrets_are_in_no_repr(self, host: HostContext) -> None:
        """A context in a log line gives no secret away."""
        handle = f"kit/{new_number()}"
        await host.secrets.put(handle, "MARKED-SECRET")
        try:
            shown = f"{host!r} {host.secrets!r}"
            expect("MARKED-SECRET" not in shown, "no secret in a repr")
        finally:
            await host.secrets.delete(handle)


class ContextSuite(Suite):
    """:class:`~thulium_plugin_prestashop.contract.host.HostContext`."""

    @check
    async def test_the_clock_gives_aware_moments_in_utc(self, host: HostContext) -> None:
        """Aware, in UTC, and never backwards."""
        first, second = host.clock.now(), host.clock.now()
        expect(first.utcoffset() == timedelta(0), "moments are in UTC", got=first.tzinfo)
        expect(first.astimezone(UTC) <= second, "the clock does not go back", got=(first, second))

    @check
    async def test_the_folder_is_there_and_takes_files(self, host: HostContext) -> None:
        """The plugin may keep files, and asks nobody to make the folder."""
        expect(host.data_directory.is_dir(), "data_directory exists", got=host.data_directory)
        probe = host.data_directory / f"kit-{new_number()}"
        probe.write_bytes(b"x")
        probe.unlink()

    @check
    async def test_zone_and_language_are_known(self, host: HostContext) -> None:
        """An IANA time zone, and Polish or English."""
        expect(bool(ZoneInfo(host.time_zone).key), "time_zone is an IANA zone", got=host.time_zone)
        expect(host.locale[:2] in LANGUAGES, "locale is Polish or English", got=host.locale)

    @check
    async def test_problems_are_raised_again_and_resolved_twice(self, host: HostContext) -> None:
        """Raising replaces, resolving what is not there is no error."""
        text = LocalizedText(en="A test of the host.", pl="Test systemu.")
        problem = Problem(f"kit-{new_number()}", "kit.test", Severity.INFO, text, text)
        await host.problems.resolve(problem.integration, problem.key)
        await host.problems.raise_problem(problem)
        await host.problems.raise_problem(problem)
        await host.problems.resolve(problem.integration, problem.key)
        await host.problems.resolve(problem.integration, problem.key)

    @check
    async def test_tasks_run_in_the_background(self, host: HostContext) -> None:
        """``spawn`` starts a named task on this loop at once; its failure reaches only who awaits it."""
        started = asyncio.Event()

        async def work() -> int:
            started.set()
            return 7

        async def fail() -> None:
            raise LookupError("of the suite, on purpose")

        task = host.spawner.spawn("kit: work", work())
        failing = host.spawner.spawn("kit: fail", fail())
        await started.wait()
        expect(await task == 7, "spawn gives the task")  # noqa: PLR2004 - what the task answers
        expect(task.get_name() == "kit: work", "tasks carry their name", got=task.get_name())
        await asyncio.wait({failing})
        expect(isinstance(failing.exception(), LookupError), "the failure is the task's own")

    @check
    async def test_allegro_and_integrations_answer(self, host: HostContext) -> None:
        """Whether Allegro runs is an answer, not an error; an unknown type runs nothing."""
        allegro = await host.allegro.integration()
        field = None if allegro is None else allegro.login_field
        expect(field is None or bool(field), "login_field is a name or None", got=field)
        expect(host.integrations.running("no-such-type") == (), "nothing runs of an unknown type")
        expect(isinstance(host.integrations.fields_in_use(), dict), "fields in use are a dict")
