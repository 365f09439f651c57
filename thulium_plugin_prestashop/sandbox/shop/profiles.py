"""What one version of PrestaShop answers differently from another, as seen on live shops of the four versions.

A profile is named after the release it was seen on. ``Profile.version`` is what the header ``PSWS-Version`` says.
"""

import attrs

_RESOURCES_OF_9 = (
    "addresses attachments carriers cart_rules carts categories combinations configurations contacts "
    "content_management_system countries currencies customer_messages customer_threads customers customizations "
    "deliveries employees groups guests image_types images languages manufacturers messages order_carriers "
    "order_cart_rules order_details order_histories order_invoices order_payments order_returns order_slip "
    "order_states orders price_ranges product_customization_fields product_feature_values product_features "
    "product_option_values product_options product_suppliers products search shop_groups shop_urls shops "
    "specific_price_rules specific_prices states stock_availables stock_movement_reasons stock_movements stocks "
    "stores suppliers tags tax_rule_groups tax_rules taxes translated_configurations warehouses weight_ranges zones"
)
_RESOURCES_OF_16 = (
    "addresses carriers cart_rules carts categories combinations configurations contacts "
    "content_management_system countries currencies customer_messages customer_threads customers customizations "
    "deliveries employees groups guests image_types images languages manufacturers order_carriers order_details "
    "order_discounts order_histories order_invoices order_payments order_slip order_states orders price_ranges "
    "product_customization_fields product_feature_values product_features product_option_values product_options "
    "product_suppliers products search shop_groups shop_urls shops specific_price_rules specific_prices states "
    "stock_availables stock_movement_reasons stock_movements stocks stores suppliers supply_order_details "
    "supply_order_histories supply_order_receipt_histories supply_order_states supply_orders tags tax_rule_groups "
    "tax_rules taxes translated_configurations warehouse_product_locations warehouses weight_ranges zones"
)


@attrs.frozen
class Profile:
    """A release of PrestaShop and the PHP it ran on; the properties say which oddity it shows."""

    version: str
    release: tuple[int, ...]
    php: int
    """Major version: PHP 8 turns PrestaShop's own slips into warnings that become errors of status 500."""

    def since(self, *release: int) -> bool:
        """Whether this is the given release or a later one."""
        return self.release >= release

    @property
    def native_integers(self) -> bool:
        """JSON numbers are numbers (9.x); before, all but ``id`` are strings."""
        return self.since(9)

    @property
    def single_drops_falsy(self) -> bool:
        """One record by its own URL loses every empty field in JSON."""
        return self.since(8)

    @property
    def single_obeys_display(self) -> bool:
        """``/orders/5?display=full`` works; before, it shows only the id."""
        return self.since(1, 7, 8)

    @property
    def root_json_is_fatal(self) -> bool:
        """The root listing as JSON is a 500 with an empty body."""
        return self.since(8)

    @property
    def unescapes_unicode(self) -> bool:
        r"""JSON's ``\uXXXX`` are turned back into characters by a regular expression, right or wrong."""
        return not self.since(1, 7, 3)

    @property
    def empty_cdata(self) -> bool:
        """An empty XML element still holds a CDATA section."""
        return self.since(1, 7, 8)

    @property
    def hides_version_before_authentication(self) -> bool:
        """``PSWS-Version`` is 0 until a key was accepted."""
        return self.since(8)

    @property
    def sets_cookies(self) -> bool:
        """Every answer sets a cookie."""
        return self.since(8)

    @property
    def knows_patch(self) -> bool:
        """PATCH is a method of the webservice."""
        return self.since(8)

    @property
    def answers_options(self) -> bool:
        """OPTIONS without a key is a 200 (for browsers), not a 401."""
        return self.since(8)

    @property
    def id_shop_all(self) -> bool:
        """``id_shop=all`` means all shops; before, it is an unknown shop."""
        return self.since(8, 1)

    @property
    def id_shop_group(self) -> bool:
        """``id_shop_group`` is understood beside ``id_group_shop``."""
        return self.since(1, 7, 8)

    @property
    def sql_failure_is_fatal(self) -> bool:
        """A failing query is a 500 with an empty body (8.2.4); elsewhere it is ``200 []``."""
        return self.since(8) and not self.since(9)

    @property
    def front_page(self) -> str:
        """Where unknown hosts and shops are redirected to."""
        return "/" if self.since(1, 7) else "/index.php"

    @property
    def resources(self) -> tuple[str, ...]:
        """Every resource this release offers to some key, in the order of its error messages."""
        return tuple((_RESOURCES_OF_9 if self.since(1, 7) else _RESOURCES_OF_16).split())


PROFILES = {
    profile.version: profile
    for profile in (
        Profile("9.1.4", (9, 1, 4), 8),
        Profile("8.2.4", (8, 2, 4), 8),
        Profile("1.7.7.4", (1, 7, 7, 4), 7),
        Profile("1.6.1.25", (1, 6, 1, 25), 7),
    )
}
"""The versions the demo shop can play, newest first."""
