"""The models that answer in recordings, behind an endpoint."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import httpx

from izcore.plugin import Prompt

TOGETHER = 128
"""Requests under way at once; a server answers them in batches."""


LIMITS = httpx.Limits(max_connections=TOGETHER, keepalive_expiry=2)
"""A connection is given up before a server does so, in the middle of a request."""


class Endpoint:
    """A model behind an endpoint that speaks OpenAI's protocol.

    It answers each prompt up to the first line break, greedily unless the prompt has a temperature.
    """

    def __init__(self, url: str) -> None:
        self._url = f"{url.rstrip('/')}/chat/completions"
        self._client = httpx.Client(timeout=600, limits=LIMITS)
        self._model = self._client.get(f"{url.rstrip('/')}/models").json()["data"][0]["id"]

    def answer(self, prompts: Sequence[Prompt], room: int) -> list[str]:
        """Return one answer per prompt, of at most ``room`` tokens."""
        with ThreadPoolExecutor(TOGETHER) as pool:
            return list(pool.map(lambda prompt: self._answer(prompt, room), prompts))

    def _answer(self, prompt: Prompt, room: int) -> str:
        messages = [{"role": "system", "content": prompt.system}] if prompt.system else []
        request = {
            "model": self._model,
            "messages": [*messages, {"role": "user", "content": prompt.text}],
            "max_tokens": room,
            "temperature": prompt.temperature or 0,
            "seed": prompt.sample,
            "stop": ["\n"],
        }
        answer = self._client.post(self._url, json=request).raise_for_status().json()
        return str(answer["choices"][0]["message"]["content"] or "")
