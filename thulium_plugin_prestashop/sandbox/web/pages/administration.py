"""Administration besides integrations: custom fields, problems, accounts."""

from aiohttp import web

from thulium_plugin_prestashop.contract.forms import CustomFieldType
from thulium_plugin_prestashop.contract.problems import Severity
from thulium_plugin_prestashop.contract.text import LocalizedText
from thulium_plugin_prestashop.sandbox.crm import CrmError, Role
from thulium_plugin_prestashop.sandbox.web.visit import Visit

AUDIT_PAGE = 50


def show_admin(
    visit: Visit, template: str, section: str, *, status: int = 200, **values: object
) -> web.Response:
    """A page in the frame of Administration."""
    return visit.render(
        template,
        status=status,
        section=section,
        **values,
    )


async def administration(visit: Visit) -> web.Response:
    """Administration begins with the integrations."""
    return visit.go("/administration/integrations")


async def custom_fields(visit: Visit) -> web.Response:
    """Custom fields of customers."""
    return await _show_fields(visit)


async def _show_fields(
    visit: Visit, *, name: str = "", type_name: str = "numeric", error: LocalizedText | None = None
) -> web.Response:
    return show_admin(
        visit,
        "custom_fields.html",
        "custom_fields",
        status=422 if error else 200,
        fields=await visit.crm.custom_fields.details(),
        types=[kind.value for kind in CustomFieldType],
        typed_name=name,
        typed_type=type_name,
        error=visit.words.say(error),
    )


async def create_custom_field(visit: Visit) -> web.Response:
    """Add a custom field."""
    name, type_name = await visit.field("name"), await visit.field("type")
    try:
        kind = CustomFieldType(type_name)
    except ValueError:
        raise web.HTTPBadRequest from None
    try:
        await visit.crm.custom_fields.create(name, kind, visit.actor)
    except CrmError as error:
        visit.address = "/administration/custom-fields"
        return await _show_fields(visit, name=name, type_name=type_name, error=error.message)
    visit.say(visit.words("custom_fields.created", name=name))
    return visit.go("/administration/custom-fields")


async def delete_custom_field(visit: Visit) -> web.Response:
    """Delete a custom field with its values, unless an integration needs it."""
    name = await visit.field("name")
    try:
        await visit.crm.custom_fields.delete(name, visit.actor)
    except CrmError as error:
        visit.say(error.message, Severity.ERROR)
    else:
        visit.say(visit.words("custom_fields.deleted", name=name))
    return visit.go("/administration/custom-fields")


async def problems(visit: Visit) -> web.Response:
    """What is wrong now, and what to do about it."""
    return show_admin(
        visit,
        "problems.html",
        "problems",
        problems=visit.crm.problems.list(),
        names={entry.config.id: entry.config.name for entry in visit.crm.host.integrations.entries()},
    )


async def audit(visit: Visit) -> web.Response:
    """Who did what, the newest first."""
    offset = visit.number("offset")
    return show_admin(
        visit,
        "audit.html",
        "audit",
        entries=await visit.crm.audit.page(offset=offset, limit=AUDIT_PAGE),
        total=await visit.crm.audit.count(),
        offset=offset,
        limit=AUDIT_PAGE,
        integrations={entry.config.id: entry.config.name for entry in visit.crm.host.integrations.entries()},
    )


async def users(visit: Visit) -> web.Response:
    """Accounts."""
    return await _show_users(visit)


async def _show_users(
    visit: Visit,
    *,
    login: str = "",
    name: str = "",
    error: LocalizedText | None = None,
    password: str = "",
) -> web.Response:
    return show_admin(
        visit,
        "users.html",
        "users",
        status=422 if error else 200,
        users=await visit.crm.accounts.users(),
        roles=[role.value for role in Role],
        typed_login=login,
        typed_name=name,
        error=visit.words.say(error),
        password=password,
    )


async def create_user(visit: Visit) -> web.Response:
    """Add an account; its first password is shown once."""
    login, name = await visit.field("login"), await visit.field("name")
    try:
        role = Role(await visit.field("role"))
    except ValueError:
        raise web.HTTPBadRequest from None
    visit.address = "/administration/users"
    try:
        password = await visit.crm.accounts.create(login, name or login, role)
    except CrmError as error:
        return await _show_users(visit, login=login, name=name, error=error.message)
    return await _show_users(visit, login=login, password=password)
