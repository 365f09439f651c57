"""Errors of the webservice with PrestaShop's own codes and words."""

from collections.abc import Iterable

import attrs

WARNING_CODE = 3
_SOURCE = "webservice/WebserviceRequest.php"


@attrs.frozen
class Problem:
    """One ``error`` of an answer."""

    code: int
    message: str


@attrs.define
class WebserviceError(Exception):
    """The request fails. ``status`` is the HTTP status PrestaShop sets together with the code."""

    status: int
    problems: tuple[Problem, ...]
    authenticated: bool = True

    @classmethod
    def of(cls, status: int, code: int, message: str) -> "WebserviceError":
        """One error of a request whose key was accepted."""
        return cls(status, (Problem(code, message),))


def php_warning(message: str, line: int, source: str = _SOURCE) -> Problem:
    """Make one of PHP's own warnings the way PrestaShop hands them out, the server's path included."""
    return Problem(WARNING_CODE, f"[PHP Warning #2] {message} (/var/www/shop/classes/{source}, line {line})")


def with_php8_warnings(error: WebserviceError) -> WebserviceError:
    """Turn a rejected list query into what PHP 8 makes of it: the result ``false`` is used as an array, so 500."""
    message = "Trying to access array offset on value of type bool"
    warnings = tuple(php_warning(message, line) for line in range(1299, 1303))
    return WebserviceError(500, error.problems + warnings)


def _distance(one: str, other: str) -> int:
    """Count the edits between two words (Levenshtein)."""
    row = list(range(len(other) + 1))
    for index, char in enumerate(one, 1):
        previous, row[0] = row[0], index
        for column, target in enumerate(other, 1):
            previous, row[column] = (
                row[column],
                min(row[column] + 1, row[column - 1] + 1, previous + (char != target)),
            )
    return row[-1]


def closest(word: str, words: Iterable[str]) -> str:
    """Find the nearest word; of equally near ones the last, as PrestaShop does."""
    best, shortest = "", -1
    for candidate in words:
        distance = _distance(word, candidate)
        if shortest < 0 or distance <= shortest:
            best, shortest = candidate, distance
        if distance == 0:
            break
    return best


def did_you_mean(word: str, words: list[str]) -> str:
    """Word the hint that ends errors 27 and 32."""
    quoted = '", "'.join(words)
    return f'Did you mean: "{closest(word, words)}"? The full list is: "{quoted}"'
