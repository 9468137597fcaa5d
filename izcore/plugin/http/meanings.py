"""What errors mean that gateways pass on under a status of their own: by their codes and words."""

import re
from typing import NamedTuple


class Meaning(NamedTuple):
    """A status, and the codes (lower case) and words by which an error with another status means it."""

    status: int
    codes: frozenset[str]
    words: re.Pattern[str]


_NO_WORDS = re.compile(r"(?!)")
_MONEY = r"(?:credits?|balance|funds)"

PERMANENT = (
    Meaning(
        402,
        frozenset(
            {
                *("402", "payment_required", "insufficient_credits", "insufficient_credit"),
                *("insufficient_balance", "insufficient_funds", "insufficient_quota", "billing_error"),
                *("credits_exhausted", "out_of_credits", "no_credits", "billing_hard_limit_reached"),
            }
        ),
        re.compile(
            rf"(?:insufficient|not enough|out of|(?:needs?|requires?|no) more|no) (?:\w+ ){{0,2}}{_MONEY}\b"
            rf"|{_MONEY} (?:\w+ ){{0,3}}(?:too low|exhausted|used up|depleted|insufficient)|payment required"
        ),
    ),
    Meaning(
        401,
        frozenset(
            {
                *("401", "invalid_api_key", "authentication_error", "unauthorized", "unauthenticated"),
                *("invalid_authentication", "authenticationerror", "incorrect_api_key"),
            }
        ),
        re.compile(
            r"(?:invalid|incorrect|wrong|expired|revoked|missing) (?:\w+ ){0,2}(?:api[ _-]?key|credentials)"
            r"|(?:api[ _-]?key|credentials) (?:\S+ ){0,3}(?:invalid|incorrect|expired|revoked|not valid)"
            r"|authenticationerror|no auth credentials"
        ),
    ),
    Meaning(
        403,
        frozenset({"403", "permission_error", "permission_denied", "forbidden", "access_denied"}),
        _NO_WORDS,
    ),
    Meaning(
        404,
        frozenset(
            {
                *("404", "model_not_found", "not_found_error", "not_found", "unknown_model"),
                *("invalid_model", "deploymentnotfound", "model_not_available"),
            }
        ),
        re.compile(
            r"model:? (?:\S+ ){0,3}(?:does not exist|doesn't exist|not found|is unknown|was not found)"
            r"|(?:unknown|no such|invalid) model\b|is not a valid model|no endpoints found"
        ),
    ),
)
"""Errors that no other try mends, whichever status they come with."""
REJECTED = frozenset({"400", "422", "invalid_request_error", "bad_request", "invalid_request"})
UNKNOWN = 502
"""An error without a status is a failure of whoever stands behind the server, which may pass."""


def meant_status(status: int, codes: frozenset[str], words: str) -> int:
    """Return the HTTP status that an error means.

    ``status`` is the response's own, 200 among them; ``codes`` and ``words`` stand in its body.
    """
    said, lower = words.lower(), {code.lower() for code in codes}
    # An error response means its own status, unless what it passes on is known to be permanent; a rate limit
    # or a server in trouble may say much about credits and keys.
    if status < 400 or status in (400, 422) or status >= 500:
        for meaning in PERMANENT:
            if lower & meaning.codes or (meaning.words.search(said) and status not in (503, 529)):
                return meaning.status
    if status >= 400:
        return status
    numbers = [int(code) for code in lower if code.isascii() and code.isdigit() and 400 <= int(code) < 600]
    if numbers:
        return min(numbers)
    return 400 if lower & REJECTED else UNKNOWN
