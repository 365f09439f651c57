"""What the documentation of Thulium's API does not say, each as a switch."""

from typing import Literal

import attrs


@attrs.frozen
class Switches:
    """One way Thulium may behave."""

    lists: Literal["replace", "extend", "append"] = "replace"
    """What PUT does with e-mails and phones: replaces the list, adds what is new, or adds whatever it is given."""
    filters: Literal["exact", "contains"] = "exact"
    """Whether a filter by e-mail or custom field matches the whole value."""
    case: Literal["ignored", "counts"] = "ignored"
    """Whether a filter minds upper and lower case."""
    emails_searched: Literal["all", "first"] = "all"
    """Whether the filter by e-mail looks at all e-mails of a card."""
    emails_shown: Literal["one", "list", "plural"] = "one"
    """``email`` as one text (as in the sample; others are hidden), ``email`` as a list, or ``emails`` beside it."""
    batch_answer: Literal["map", "list", "empty"] = "map"
    """By id or place as the batch DELETE does, as a list in the order sent, or no body at all."""
    bad_record: Literal["alone", "batch"] = "alone"
    """Whether a record that is refused stands alone, or fails the rest of its batch after those before it were
    written (no transaction is promised anywhere)."""
    items_shown: Literal["values", "fields", "definition"] = "values"
    """What GET ``customer_field_group_items`` lists: rows with ``values``, rows with ``fields``, or, as its sample
    shows, the group's definition with a count."""
    item_put: Literal["merge", "replace"] = "merge"
    """Whether PUT of a row keeps the values that it is not given."""
    empty_fields: Literal["null", "absent"] = "null"
    """Whether a card names custom fields without a value (the sample does)."""
    unknown_fields: Literal["refused", "ignored", "nothing"] = "refused"
    """What becomes of a custom field that does not exist: 400; as if it were not there, in filters and in writes; or
    writes drop it and filters find nobody."""
    largest_batch: int | None = None
    """More records than this are a 413."""
    largest_page: int = 1000
