"""What an error response means: the core's two kinds of failure, in words for people."""

from collections.abc import Mapping

from izcore.plugin.errors import FatalScorerError, PromptRejectedError, TransientScorerError
from izcore.plugin.http.connection import retry_after, shortened
from izcore.plugin.http.endpoint import Endpoint
from izcore.plugin.http.keys import how_to_give
from izcore.plugin.http.meanings import meant_status
from izcore.plugin.record import Record
from izcore.plugin.secrets import without_secrets

Failure = TransientScorerError | FatalScorerError

GATEWAY_TIMEOUTS = {504, 524}
"""A gateway gave up waiting for the provider, who may answer all the same, and bill it."""


FILTER_STATUSES = {400, 403, 422}
"""With these, a prompt is rejected for what it says; gateways differ in which they choose."""
FILTER_CODES = frozenset(
    {
        "content_filter",
        "content_policy_violation",
        "responsibleaipolicyviolation",
        "contentpolicyviolationerror",
    }
)
FILTER_PHRASES = (
    "content management policy",
    "contentpolicyviolation",
    "responsibleaipolicyviolation",
    "content policy",
    "content filter",
    "content_filter",
    "was flagged",
    "safety system",
    "prohibited content",
)
"""What gateways pass on of the filters of well-known providers, whoever it was."""


class ErrorReply(Record):
    """An error of a server: an error response, or one that came with status 200 in place of an answer.

    ``status`` is the response's. ``headers`` have lower-case names. ``codes`` are all names that the protocol
    gives the error. ``words`` are the server's own, in one line; empty for a page of HTML. ``field`` is the
    field of the request that the server complains about, where it says so. ``may_be_billed`` says that the
    server tells of tokens.
    """

    status: int
    headers: Mapping[str, str] = {}
    codes: frozenset[str] = frozenset()
    words: str = ""
    field: str = ""
    may_be_billed: bool = False

    @property
    def meaning(self) -> int:
        """The HTTP status that it means, whichever it came with."""
        return meant_status(self.status, self.codes, self.words)

    def has(self, codes: frozenset[str], phrases: tuple[str, ...]) -> bool:
        """Whether it holds one of these codes, or one of these phrases, written in lower case."""
        lower = {code.lower() for code in self.codes}
        return not lower.isdisjoint(codes) or any(phrase in self.words.lower() for phrase in phrases)


class ErrorSigns(Record):
    """How a provider's error responses say what is wrong: by codes, or by phrases in lower case.

    ``filtered``: its content filter rejected a prompt. ``too_long``: a prompt has no room in the model's
    context. ``quota``: the account has no money or quota left. ``model_hint`` and ``request_hint`` say what a
    user can check where the model is not known, or the request was rejected; ``field_hints`` say more where
    the server names a field of the request.
    """

    filtered_codes: frozenset[str] = frozenset()
    filtered_phrases: tuple[str, ...] = ()
    too_long_codes: frozenset[str] = frozenset()
    too_long_phrases: tuple[str, ...] = ()
    quota_codes: frozenset[str] = frozenset()
    quota_phrases: tuple[str, ...] = ()
    model_hint: str
    request_hint: str
    field_hints: Mapping[str, str] = {}


def is_filtered(reply: ErrorReply, signs: ErrorSigns) -> bool:
    """Whether the provider's content filter rejected the prompt: an outcome of that prompt, no failure."""
    found = reply.has(signs.filtered_codes | FILTER_CODES, signs.filtered_phrases + FILTER_PHRASES)
    return found and (reply.status < 400 or reply.status in FILTER_STATUSES)


def failure_of(reply: ErrorReply, signs: ErrorSigns, endpoint: Endpoint, model: str) -> Failure:
    """Return the failure that an error response means."""
    status, who, words = reply.meaning, endpoint.label, shortened(endpoint.key.scrub(reply.words))

    def fatal(message: str, hint: str) -> FatalScorerError:
        return FatalScorerError(f"{message} ({status}). {words}".rstrip(), hint=hint)

    if status in (401, 407):
        return _key_refused(endpoint)
    # Phrases count where the request itself is at fault; a server in trouble may say anything.
    phrases_count = 400 <= status < 500
    if status == 402 or reply.has(signs.quota_codes, signs.quota_phrases if status == 400 else ()):
        return fatal(
            f"{who} reports that the account's quota or credit is used up",
            "Check plan, credit and spend limits of the account that the key belongs to.",
        )
    if status == 413 or reply.has(signs.too_long_codes, signs.too_long_phrases if phrases_count else ()):
        return PromptRejectedError(
            f"A prompt is too long for {model} ({status}). {words}".rstrip(),
            hint="Shorten the inputs, lower scorer.max_output_tokens, or choose a model of longer context.",
        )
    wait = retry_after(reply.headers)
    # The providers' own SDKs obey this header as well; a wait says that waiting helps.
    hopeless = reply.headers.get("x-should-retry") == "false" and wait is None
    if (status in (408, 409, 429) or status >= 500) and not hopeless:
        return TransientScorerError(
            f"{who} could not answer now ({status}). {words}".rstrip(),
            retry_after=wait,
            may_be_billed=status in GATEWAY_TIMEOUTS or reply.may_be_billed,
        )
    if status == 403:
        hint = f"Check that the key in {endpoint.key.variable} may use {model}."
        return fatal(f"{who} does not permit this", hint)
    if status == 404:
        return fatal(f"{who} does not know the model {model!r}, or its API is elsewhere", signs.model_hint)
    if status in (400, 422) and reply.field not in signs.field_hints:
        message = f"{who} rejected the request ({status}). {words}".rstrip()
        return PromptRejectedError(message, hint=signs.request_hint)
    return fatal(f"{who} rejected the request", signs.field_hints.get(reply.field, signs.request_hint))


def without_key(failure: Failure, endpoint: Endpoint) -> Failure:
    """Return the failure without the key, wherever it stood in it."""
    message, hint = (without_secrets(endpoint.key.scrub(text)) for text in (failure.message, failure.hint))
    if isinstance(failure, TransientScorerError):
        return TransientScorerError(
            message, hint=hint, retry_after=failure.retry_after, may_be_billed=failure.may_be_billed
        )
    return type(failure)(message, hint=hint)


def _key_refused(endpoint: Endpoint) -> FatalScorerError:
    # The server's own words are left out: some servers repeat parts of the key.
    variable = endpoint.key.variable
    if not endpoint.key:
        return FatalScorerError(
            f"{endpoint.label} wants an API key (401).",
            hint=f"{how_to_give(variable)}, or name another variable with scorer.api_key_env.",
        )
    return FatalScorerError(
        f"{endpoint.label} refused the API key in {variable} (401): wrong, expired or revoked.",
        hint=f"Put a valid key into {variable}; the run can then be resumed.",
    )
