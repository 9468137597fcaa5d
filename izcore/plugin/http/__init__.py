"""Models behind HTTP: a scorer for all of them, and its parts for those who need only some."""

from izcore.plugin.http.answers import (
    ChatAnswer,
    HttpAnswer,
    decode_answer,
    read_capped,
    token_counts,
    tokens_of,
)
from izcore.plugin.http.chat_scorer import ChatOptions, HttpChatScorer
from izcore.plugin.http.clients import LoopClients
from izcore.plugin.http.connection import retry_after, root_cause, shortened, was_sent
from izcore.plugin.http.endpoint import Endpoint, Provider, check_url, find_endpoint
from izcore.plugin.http.error_bodies import find_error, read_error
from izcore.plugin.http.failures import ErrorReply, ErrorSigns
from izcore.plugin.http.keys import Key, find_key, how_to_give
from izcore.plugin.http.prices import ListPrice, check_price_holds

__all__ = [
    "ChatAnswer",
    "ChatOptions",
    "Endpoint",
    "ErrorReply",
    "ErrorSigns",
    "HttpAnswer",
    "HttpChatScorer",
    "Key",
    "ListPrice",
    "LoopClients",
    "Provider",
    "check_price_holds",
    "check_url",
    "decode_answer",
    "find_endpoint",
    "find_error",
    "find_key",
    "how_to_give",
    "read_capped",
    "read_error",
    "retry_after",
    "root_cause",
    "shortened",
    "token_counts",
    "tokens_of",
    "was_sent",
]
