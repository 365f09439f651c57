"""The two-part form of an integration: authorization data, authentication, Other data, saved."""

import asyncio
from collections.abc import Sequence

import attrs

from thulium_plugin_prestashop.contract.customers import CustomField
from thulium_plugin_prestashop.contract.forms import (
    CustomFieldType,
    FieldError,
    FieldKind,
    Form,
    Value,
    Values,
)
from thulium_plugin_prestashop.contract.integration import (
    Authentication,
    IntegrationConfig,
    IntegrationType,
    OnFinding,
    Preview,
)
from thulium_plugin_prestashop.contract.tasks import ReportProgress
from thulium_plugin_prestashop.hosting import FieldClaimedError, Host, IntegrationEntry
from thulium_plugin_prestashop.hosting.forms import check_values, defaults, secret_fields
from thulium_plugin_prestashop.hosting.secrets import EncryptedSecrets
from thulium_plugin_prestashop.sandbox.crm.audit import Audit
from thulium_plugin_prestashop.sandbox.crm.custom_fields import CustomFieldBook
from thulium_plugin_prestashop.sandbox.crm.drafts import Draft, Drafts
from thulium_plugin_prestashop.sandbox.crm.dry_runs import DryRuns
from thulium_plugin_prestashop.sandbox.crm.errors import CrmError, NotFound, Refused
from thulium_plugin_prestashop.sandbox.crm.settings_check import claimed_error, find_errors, integration_name

AUTHENTICATION_SECONDS = 60


@attrs.frozen
class Saved:
    """What came of saving: the integration, or what is wrong on which field."""

    entry: IntegrationEntry | None
    errors: tuple[FieldError, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether it was saved."""
        return not self.errors


class IntegrationSetup:
    """Forms of integrations. Methods raise :class:`NotFound` for drafts, types and integrations that do not exist."""

    def __init__(
        self,
        host: Host,
        drafts: Drafts,
        fields: CustomFieldBook,
        secrets: EncryptedSecrets,
        audit: Audit,
        *,
        dry_runs: DryRuns,
    ) -> None:
        self._host = host
        self._dry_runs = dry_runs
        self._drafts = drafts
        self._fields = fields
        self._secrets = secrets
        self._audit = audit

    def type(self, type_id: str) -> IntegrationType:
        """One type of the gallery."""
        try:
            return self._host.integrations.type(type_id)
        except KeyError:
            raise NotFound("not_found.type", type=type_id) from None

    def entry(self, integration: str) -> IntegrationEntry:
        """One configured integration."""
        try:
            return self._host.integrations.entry(integration)
        except KeyError:
            raise NotFound("not_found.integration") from None

    # Part one: authorization data

    async def begin(self, type_id: str) -> Draft:
        """An empty form for a new integration."""
        self.type(type_id)
        return await self._drafts.begin(
            type_id, await self._host.integrations.new_id(type_id), existing=False
        )

    async def begin_again(self, integration: str) -> Draft:
        """The form of an integration, to authenticate it again. It stays as it is until that is saved."""
        config = self.entry(integration).config
        draft = await self._drafts.begin(config.type, integration, existing=True)
        draft = attrs.evolve(draft, authorization=dict(config.authorization))
        await self._drafts.save(draft)
        return draft

    async def draft(self, draft: str) -> Draft:
        """One form."""
        return await self._drafts.get(draft)

    async def authenticate(
        self, draft: str, values: Values, actor: str, on_finding: OnFinding | None = None
    ) -> Draft:
        """Try the authorization data; :attr:`Draft.authentication` says what came of it.

        What was typed is kept whatever came of it, so that correcting one field finishes the form: a secret that was
        typed before need not be typed again.
        """
        form = await self._drafts.get(draft)
        kind = self.type(form.type)
        secret_keys = secret_fields(kind.authorization_form)
        form = await self._keep(form, values, secret_keys)
        errors = check_values(
            kind.authorization_form,
            values,
            stored_secrets=frozenset(secret_keys if form.existing else form.stored_secrets),
        )
        if errors:
            result = Authentication(ok=False, findings=(), errors=tuple(errors))
        else:
            result = await self._ask(form, kind, on_finding)
        public = {key: value for key, value in result.authorization.items() if key not in secret_keys}
        form = attrs.evolve(
            form,
            authorization=public if result.ok else form.authorization,
            authentication=attrs.evolve(result, authorization=public),
        )
        await self._drafts.save(form)
        await self._audit.note(actor, "integration.authenticate", form.integration, ok=result.ok)
        return form

    async def _keep(self, form: Draft, values: Values, secret_keys: Sequence[str]) -> Draft:
        stored = set(form.stored_secrets)
        for key in secret_keys:
            if typed := str(values.get(key) or ""):
                await self._secrets.put(form.secret_handle(key), typed)
                stored.add(key)
        public = {key: value for key, value in values.items() if key not in secret_keys}
        form = attrs.evolve(form, authorization=public, stored_secrets=tuple(sorted(stored)))
        await self._drafts.save(form)
        return form

    async def _ask(self, form: Draft, kind: IntegrationType, on_finding: OnFinding | None) -> Authentication:
        values = dict(form.authorization)
        for key in form.stored_secrets:
            values[key] = await self._secrets.get(form.secret_handle(key)) or ""
        existing = self.entry(form.integration).config if form.existing else None
        try:
            async with asyncio.timeout(AUTHENTICATION_SECONDS):
                return await kind.authenticate(
                    self._host.integrations.context(form.type),
                    values,
                    existing=existing,
                    on_finding=on_finding,
                )
        except TimeoutError:
            slow = CrmError("integration.slow", seconds=AUTHENTICATION_SECONDS)
            return Authentication(ok=False, findings=(), message=slow.message)

    async def adopt(self, draft: str) -> Draft:
        """The form, turned into that of an integration which opens the same shop already, if there is one; otherwise
        as it is. For callers that want one integration a shop. Raises :class:`Refused` before authentication.
        """
        form = await self._drafts.get(draft)
        result = _authentication(form)
        for entry in self._host.integrations.entries():
            config = entry.config
            same = dict(config.authorization) == dict(form.authorization) or (
                result.identity and config.identity == result.identity
            )
            if config.type == form.type and same and not form.existing:
                adopted = attrs.evolve(form, existing=True, integration=config.id)
                for key in form.stored_secrets:
                    await self._secrets.move(form.secret_handle(key), adopted.secret_handle(key))
                await self._drafts.save(adopted)
                return adopted
        return form

    # Part two: Other data

    async def settings_form(self, draft: str) -> Form:
        """The second part. Raises :class:`Refused` before the first has succeeded."""
        form = await self._drafts.get(draft)
        return await self._form(form.type, _authentication(form).facts)

    async def settings_form_of(self, integration: str) -> Form:
        """Other data of a configured integration."""
        config = self.entry(integration).config
        return await self._form(config.type, config.facts)

    async def initial_settings(self, draft: str) -> dict[str, Value]:
        """What to show in the second part before anybody types: the stored settings, what authentication suggests,
        and the form's defaults, in this order of weight.
        """
        form = await self._drafts.get(draft)
        shown = defaults(await self.settings_form(draft)) | dict(_authentication(form).suggested)
        return shown | dict(self.entry(form.integration).config.settings) if form.existing else shown

    async def save(self, draft: str, settings: Values, actor: str, *, run: bool = False) -> Saved:
        """Make the integration, or give the existing one its new authorization data and settings.

        A new one stays stopped until it is started; with ``run`` it is started and its first task runs at once.
        Raises :class:`Refused` before authentication has succeeded.
        """
        form = await self._drafts.get(draft)
        shape = await self._form(form.type, _authentication(form).facts)
        config = form.config(integration_name(self.type(form.type), settings), settings, shape.version)
        existing = self.entry(form.integration).config if form.existing else None
        if errors := await find_errors(self._host, shape, config, existing):
            return Saved(None, tuple(errors))
        await self._dry_runs.forget(form.id)
        if form.existing:
            for key in form.stored_secrets:
                await self._secrets.move(form.secret_handle(key), config.secret_handle(key))
        saved = await self._store(config, form.existing, actor)
        if not saved.ok:
            return saved
        await self._drafts.delete(form.id)
        return Saved(await self._run(config.id)) if run else saved

    async def change(self, integration: str, settings: Values, actor: str, *, run: bool = False) -> Saved:
        """Give a configured integration other settings; if it runs, it goes on with them."""
        old = self.entry(integration).config
        shape = await self._form(old.type, old.facts)
        name = integration_name(self.type(old.type), settings)
        config = attrs.evolve(old, name=name, settings=dict(settings), settings_version=shape.version)
        if errors := await find_errors(self._host, shape, config, old):
            return Saved(None, tuple(errors))
        saved = await self._store(config, existing=True, actor=actor)
        return Saved(await self._run(config.id)) if run and saved.ok else saved

    async def create_field(self, form: Form, field_key: str, name: str, actor: str) -> CustomField:
        """A custom field made from the form's field ``field_key``, of the type that field wants.

        Raises :class:`Refused` if that field does not offer it, and what :meth:`CustomFieldBook.create` raises.
        """
        field = form.field(field_key)
        if field.kind is not FieldKind.CUSTOM_FIELD or not field.may_create:
            raise Refused("integration.may_not_create")
        return await self._fields.create(name, field.custom_field_type or CustomFieldType.TEXT, actor)

    async def preview(self, draft: str, settings: Values, actor: str) -> Saved:
        """Begin a dry run with these settings, or say what is wrong with them. Nothing is saved."""
        form = await self._drafts.get(draft)
        shape = await self._form(form.type, _authentication(form).facts)
        config = form.config(integration_name(self.type(form.type), settings), settings, shape.version)
        existing = self.entry(form.integration).config if form.existing else None
        if errors := await find_errors(self._host, shape, config, existing):
            return Saved(None, tuple(errors))
        await self._audit.note(actor, "integration.preview", form.integration, name=config.name)
        await self._dry_runs.start(form.id, lambda report: self._preview(form, config, report), settings)
        return Saved(None)

    async def _preview(self, form: Draft, config: IntegrationConfig, report: ReportProgress) -> Preview:
        kind, context = self.type(form.type), self._host.integrations.context(form.type)
        integration = await kind.create(context, config)
        try:
            return await integration.preview(report)
        finally:
            await integration.stop()
            if not form.existing:
                # Nothing stays of an integration that may never be saved; an existing one has data of its own.
                await kind.remove(context, config, keep_data=False)

    async def purge(self) -> None:
        """Forget forms whose day is over, and secrets that belong to no form and no integration."""
        prefixes = {draft.secret_prefix for draft in await self._drafts.purge()}
        prefixes |= {f"integration/{entry.config.id}/" for entry in self._host.integrations.entries()}
        for handle in await self._secrets.handles():
            if not handle.startswith(tuple(prefixes)):
                await self._secrets.delete(handle)

    async def _form(self, type_id: str, facts: dict[str, str]) -> Form:
        return await self.type(type_id).settings_form(self._host.integrations.context(type_id), facts)

    async def _store(self, config: IntegrationConfig, existing: bool, actor: str) -> Saved:  # noqa: FBT001 - private, two callers
        registry = self._host.integrations
        try:
            entry = await (registry.change(config) if existing else registry.add(config))
        except FieldClaimedError as claimed:
            # Somebody else saved at the same moment, after the check.
            shape = await self._form(config.type, config.facts)
            return Saved(None, (claimed_error(shape, config, claimed),))
        await self._audit.note(actor, "integration.save", config.id, name=config.name)
        return Saved(entry)

    async def _run(self, integration: str) -> IntegrationEntry:
        entry = await self._host.integrations.start(integration)
        for job in self._host.scheduler.jobs(integration)[:1]:
            job.run_now()
        return entry


def _authentication(draft: Draft) -> Authentication:
    if draft.authentication is None or not draft.authentication.ok:
        raise Refused("integration.not_authenticated")
    return draft.authentication
