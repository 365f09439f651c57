"""Every address of the CRM: who may ask for it and what answers."""

from thulium_plugin_prestashop.sandbox.web.guard import Page, Route
from thulium_plugin_prestashop.sandbox.web.pages import (
    account,
    administration,
    card,
    customers,
    dry_runs,
    history,
    integrations,
    runs,
    search,
    setup,
    tabs,
)
from thulium_plugin_prestashop.sandbox.web.visit import Access


def _routes(access: Access, *lines: tuple[str, str, Page]) -> tuple[Route, ...]:
    return tuple(Route(method, path, page, access) for method, path, page in lines)


_CUSTOMER = r"/customers/{customer:\d+}"
_INTEGRATION = "/administration/integrations/{integration}"
_DRAFT = "/administration/integrations/drafts/{draft}"

PUBLIC = _routes(
    Access.PUBLIC,
    ("GET", "/sign-in", account.sign_in_form),
    ("POST", "/sign-in", account.sign_in),
    ("POST", "/preferences", account.preferences),
)

AGENTS = _routes(
    Access.AGENT,
    ("GET", "/", account.front),
    ("POST", "/sign-out", account.sign_out),
    ("GET", "/search", search.search),
    ("GET", "/search/suggestions", search.suggestions),
    ("GET", "/runs", runs.current),
    ("GET", "/runs/events", runs.events),
    ("GET", "/customers", customers.customers),
    ("GET", "/customers/new", customers.new_customer),
    ("POST", "/customers/new", customers.create_customer),
    ("GET", _CUSTOMER, card.details),
    ("GET", f"{_CUSTOMER}/history", history.history),
    ("GET", f"{_CUSTOMER}/edit", card.edit_form),
    ("POST", f"{_CUSTOMER}/edit", card.edit),
    ("POST", f"{_CUSTOMER}/undo/{{change}}", card.undo),
    ("POST", f"{_CUSTOMER}/merge", card.merge),
    ("GET", f"{_CUSTOMER}/tabs/{{integration}}", tabs.tab),
    ("POST", f"{_CUSTOMER}/tabs/{{integration}}/refresh", tabs.refresh),
    ("POST", f"{_CUSTOMER}/tabs/{{integration}}/link", tabs.link),
    ("POST", f"{_CUSTOMER}/tabs/{{integration}}/unlink", tabs.unlink),
)

ADMINISTRATORS = _routes(
    Access.ADMIN,
    ("POST", "/customers/actions/{key}", customers.start_action),
    ("POST", f"{_CUSTOMER}/erase", card.erase),
    ("GET", "/administration", administration.administration),
    ("GET", "/administration/integrations", integrations.integrations),
    ("POST", "/administration/integrations/new/{type}", setup.begin),
    ("GET", _DRAFT, setup.setup),
    ("POST", f"{_DRAFT}/authenticate", setup.authenticate),
    ("POST", f"{_DRAFT}/fields", setup.create_field),
    ("POST", f"{_DRAFT}/save", setup.save),
    ("GET", f"{_DRAFT}/preview", dry_runs.of_draft),
    ("POST", f"{_DRAFT}/preview/cancel", dry_runs.cancel_of_draft),
    ("GET", _INTEGRATION, integrations.integration),
    ("GET", f"{_INTEGRATION}/settings", integrations.settings),
    ("POST", f"{_INTEGRATION}/settings", integrations.change),
    ("GET", f"{_INTEGRATION}/diagnostics", integrations.diagnostics),
    ("POST", f"{_INTEGRATION}/run", integrations.run),
    ("POST", f"{_INTEGRATION}/cancel", integrations.cancel),
    ("POST", f"{_INTEGRATION}/start", integrations.start),
    ("POST", f"{_INTEGRATION}/stop", integrations.stop),
    ("GET", f"{_INTEGRATION}/preview", dry_runs.of_integration),
    ("POST", f"{_INTEGRATION}/preview", dry_runs.start),
    ("POST", f"{_INTEGRATION}/preview/cancel", dry_runs.cancel_of_integration),
    ("POST", f"{_INTEGRATION}/retry", integrations.retry),
    ("POST", f"{_INTEGRATION}/reauthenticate", setup.reauthenticate),
    ("POST", f"{_INTEGRATION}/remove", integrations.remove),
    ("POST", "/administration/allegro", integrations.allegro),
    ("GET", "/administration/custom-fields", administration.custom_fields),
    ("POST", "/administration/custom-fields", administration.create_custom_field),
    ("POST", "/administration/custom-fields/delete", administration.delete_custom_field),
    ("GET", "/administration/problems", administration.problems),
    ("GET", "/administration/audit", administration.audit),
    ("GET", "/administration/users", administration.users),
    ("POST", "/administration/users", administration.create_user),
)

ROUTES = PUBLIC + AGENTS + ADMINISTRATORS
