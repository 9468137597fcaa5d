"""The two protocols: what is wrong with a request, and the bytes of every behaviour."""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from support.servers.protocol_records import (
    Answer,
    Behaviour,
    Body,
    Call,
    Dripping,
    Dropped,
    Failure,
    Filtered,
    Model,
    NoChoices,
    Protocol,
    Refusal,
)

ANTHROPIC_VERSIONS = ("2023-06-01", "2026-10-21")
SAMPLING_FIELDS = ("temperature", "top_p", "top_k")


def wrong_fields(call: Call, models: Mapping[str, Model]) -> Failure | None:
    body = call.body
    if not isinstance(body.get("messages"), list) or not body["messages"] or "model" not in body:
        return Failure(400, "you must provide a model and messages")
    reasons = body["model"] in models and models[body["model"]].reasons
    if call.protocol == "openai":
        if reasons and "max_tokens" in body:
            said = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
            return Failure(400, said, "unsupported_parameter")
        if reasons and body.get("reasoning_effort") != "none" and body.get("temperature", 1) != 1:
            said = "Unsupported value: 'temperature' does not support this value with this model."
            return Failure(400, said, "unsupported_value")
        return None
    version = call.headers.get("anthropic-version")
    if version not in ANTHROPIC_VERSIONS:
        return Failure(400, "anthropic-version: header is required")
    if "max_tokens" not in body:
        return Failure(400, "max_tokens: Field required")
    sampling = [name for name in SAMPLING_FIELDS if name in body]
    if sampling and version == ANTHROPIC_VERSIONS[1]:
        return Failure(400, f"{sampling[0]}: Extra inputs are not permitted")
    if sampling and reasons:
        return Failure(400, f"`{sampling[0]}` is deprecated for this model.")
    return None


def respond(call: Call, behaviour: Behaviour | None, model: Model) -> Response:
    match behaviour:
        case Failure():
            return _error(call, behaviour)
        case Filtered(status=400):
            if call.protocol == "openai":
                said = "The response was filtered due to the prompt triggering content management policy."
                return _error(call, Failure(400, said, "content_filter"))
            return _error(call, Failure(400, "Output blocked by content filtering policy"))
        case Body(content, content_type, status, headers):
            return Response(content, media_type=content_type, status_code=status, headers=dict(headers))
        case Dropped():
            return CutResponse(_completion(call, Answer(), model))
        case Dripping(interval):
            content = json.dumps(_completion(call, Answer(), model)).encode()
            return StreamingResponse(_drip(content, interval), media_type="application/json")
        case None:
            raise AssertionError("an accepted call has a behaviour")
        case _:
            return JSONResponse(_completion(call, behaviour, model))


def _completion(
    call: Call, behaviour: Answer | Refusal | Filtered | NoChoices, model: Model
) -> dict[str, Any]:
    text, finish = _write(call, behaviour, model)
    thought = model.thinking if _thinks(call) else 0
    tokens_in = count(call.prompt) + count(call.system) + 8
    tokens_out = min(limit(call), thought + max(1, count(text)))
    if call.protocol == "openai":
        message: dict[str, Any] = {"role": "assistant", "content": text, "refusal": None}
        if isinstance(behaviour, Refusal):
            message = {"role": "assistant", "content": None, "refusal": behaviour.text}
        reasons = {"stop": "stop", "length": "length", "filtered": "content_filter", "refusal": "stop"}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": reasons[finish]}
        answer = {
            "id": f"chatcmpl-{call.index}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": call.body["model"],
            "choices": [] if isinstance(behaviour, NoChoices) else [choice],
            "usage": {
                "prompt_tokens": tokens_in,
                "completion_tokens": tokens_out,
                "total_tokens": tokens_in + tokens_out,
            },
        }
    else:
        thinking = [{"type": "thinking", "thinking": "", "signature": "c2ln"}] if thought else []
        stops = {"stop": "end_turn", "length": "max_tokens", "filtered": "refusal", "refusal": "refusal"}
        answer = {
            "id": f"msg_{call.index}",
            "type": "message",
            "role": "assistant",
            "model": call.body["model"],
            "content": []
            if isinstance(behaviour, NoChoices)
            else [*thinking, {"type": "text", "text": text}],
            "stop_reason": None if isinstance(behaviour, NoChoices) else stops[finish],
            "stop_sequence": None,
            # A part of the input comes from the provider's cache; all three parts are input.
            "usage": {
                "input_tokens": tokens_in - 3,
                "cache_creation_input_tokens": 1,
                "cache_read_input_tokens": 2,
                "output_tokens": tokens_out,
            },
        }
    if isinstance(behaviour, Answer) and not behaviour.with_usage:
        del answer["usage"]
    return answer


def _write(call: Call, behaviour: Answer | Refusal | Filtered | NoChoices, model: Model) -> tuple[str, str]:
    """The text as stop sequences and the token limit leave it, and why it ends."""
    if isinstance(behaviour, Refusal):
        return behaviour.text, "refusal"
    if not isinstance(behaviour, Answer):
        return "", "filtered" if isinstance(behaviour, Filtered) else "stop"
    text = behaviour.text
    for stop in call.body.get("stop" if call.protocol == "openai" else "stop_sequences") or ():
        text = text.partition(stop)[0]
    room = max(0, limit(call) - (model.thinking if _thinks(call) else 0))
    if count(text) <= room:
        return text, "stop"
    ends = [match.end() for match in _TOKEN.finditer(text)]
    return text[: ends[room - 1]] if room else "", "length"


def _error(call: Call, failure: Failure) -> Response:
    headers = dict(failure.headers)
    if failure.retry_after is not None:
        headers["retry-after"] = failure.retry_after
    kind = failure.type or _ERROR_TYPES[call.protocol].get(failure.status, _ERROR_TYPES[call.protocol][0])
    body: dict[str, Any]
    if call.protocol == "openai":
        param = next((name for name in ("temperature", "max_tokens") if name in failure.message), None)
        body = {"error": {"message": failure.message, "type": kind, "param": param, "code": failure.code}}
    else:
        details = {"error_code": failure.code} if failure.code else None
        error = {"type": kind, "message": failure.message, "details": details}
        body = {"type": "error", "error": error, "request_id": f"req_{call.index}"}
    return JSONResponse(body, failure.status, headers=headers)


_ERROR_TYPES: Mapping[Protocol, Mapping[int, str]] = {
    "openai": {0: "invalid_request_error", 429: "requests", 500: "server_error", 503: "server_error"},
    "anthropic": {
        0: "invalid_request_error",
        401: "authentication_error",
        402: "billing_error",
        403: "permission_error",
        404: "not_found_error",
        429: "ratelimit_error",
        500: "api_error",
        529: "overloaded_error",
    },
}

_TOKEN = re.compile(r"\w+|[^\w\s]")


def count(text: str) -> int:
    return len(_TOKEN.findall(text))


def limit(call: Call) -> int:
    return int(call.body.get("max_completion_tokens") or call.body.get("max_tokens") or 256)


def _thinks(call: Call) -> bool:
    off = call.body.get("thinking", {}).get("type") in ("disabled", "between_tools")
    return not off and call.body.get("reasoning_effort") != "none"


class CutResponse(Response):
    """Promises its whole body and sends half of it; uvicorn then closes the connection."""

    def __init__(self, content: Any) -> None:
        super().__init__(json.dumps(content).encode(), media_type="application/json")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        half = bytes(self.body)[: len(self.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})


async def _drip(content: bytes, interval: float) -> AsyncIterator[bytes]:
    for position in range(len(content)):
        yield content[position : position + 1]
        await asyncio.sleep(interval)
