"""Paid calls over HTTP: throughput, memory, CPU beside a bare loop of the same SDK, the rate kept.

The server is a process of its own on loopback (``tests/support/servers/protocol_server.py``), but for the
rate, where it must refuse what comes too fast.
"""

import asyncio
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx2
from openai import AsyncOpenAI, DefaultAsyncHttpxClient

from izcore.config.schema import Limits, RateLimits
from izcore.plugin import BackendContext, CallFinished, Prompt
from izcore.plugin.calls import Amount, Price
from izcore.plugin.process_settings import collect_rarely
from izcore.plugin.record import Record
from izcore.scoring.budget_ledger import Ledger
from izcore.scoring.call_events import CallEvents
from izcore.scoring.claims import Claims
from izcore.scoring.completion_cache import CompletionCache
from izcore.scoring.dispatcher import Dispatcher, DispatchSettings
from izcore.scoring.model_account import Account
from izcore.scoring.model_client import ModelClient
from izcore.scoring.timing import Timing
from izcore.storage.store import Store
from izcore_openai.options import OpenAIOptions
from izcore_openai.scorer import OpenAIScorer

TESTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS))

from support.servers.protocol_server import Answer, Behaviour, Call, Failure, ProtocolServer  # noqa: E402

MODEL = "gpt-4o-mini"
RUN = "bench"


def main() -> None:
    """Measure and print, with the garbage collection of the command line."""
    collect_rarely()
    throughput(concurrency=64, latency=0.2, calls=64 * 60)
    many_at_once(concurrency=1000, latency=0.5)
    cpu_per_call(calls=1500, repeats=5)
    rate(per_minute=600, seconds=30)


def throughput(*, concurrency: int, latency: float, calls: int) -> None:
    """Calls per second against a slow server, as a share of concurrency / latency; beside the bare SDK.

    Once as sustained: without the first rounds, in which connections are opened and all calls move in step,
    and without the last, in which the work runs out. Once from cold, for the whole.
    """
    ideal = concurrency / latency
    ours: list[float] = []
    bare: list[float] = []
    with server(latency) as url:
        began = time.perf_counter()
        asyncio.run(bare_loop(url, concurrency, prompts(calls), bare))
        between = time.perf_counter()
        asyncio.run(answer(url, concurrency, [prompts(calls)], answered=ours))
    print(f"throughput, {concurrency} at once, {latency:g} s each, as shares of the ideal:", end=" ")
    print(f"sustained {sustained(ours, concurrency) / ideal:.1%},", end=" ")
    print(f"bare SDK {sustained(bare, concurrency) / ideal:.1%};", end=" ")
    print(f"from cold {calls / (ours[-1] - between) / ideal:.1%},", end=" ")
    print(f"bare SDK {calls / (bare[-1] - began) / ideal:.1%}")


def sustained(answered: Sequence[float], concurrency: int) -> float:
    """Return the answers per second between the tenth and the last but one round."""
    times = answered[10 * concurrency : -concurrency]
    return (len(times) - 1) / (times[-1] - times[0])


def many_at_once(*, concurrency: int, latency: float) -> None:
    """Peak memory after 2 and after 12 rounds of many calls at once; a failure would raise."""
    rounds = [prompts(concurrency, first=number * concurrency) for number in range(12)]
    with server(latency) as url:
        asyncio.run(answer(url, concurrency, rounds[:2]))
        early = peak_mib()
        asyncio.run(answer(url, concurrency, rounds))
    print(f"{concurrency} at once: {14 * concurrency} calls, none failed;", end=" ")
    print(f"peak memory {early:.0f} MiB after 2 rounds, {peak_mib():.0f} MiB after 12 more")


def cpu_per_call(*, calls: int, repeats: int) -> None:
    """CPU time of this process per call, beside a bare loop of the SDK; the two take turns."""
    ours, bare = [], []
    with server(0) as url:
        asyncio.run(bare_loop(url, 64, prompts(200)))
        for _ in range(repeats):
            began = time.process_time()
            asyncio.run(bare_loop(url, 64, prompts(calls)))
            between = time.process_time()
            asyncio.run(answer(url, 64, [prompts(calls)]))
            bare.append((between - began) / calls * 1000)
            ours.append((time.process_time() - between) / calls * 1000)
    ratio = statistics.median(one / other for one, other in zip(ours, bare, strict=True))
    print(
        f"CPU per call: {statistics.median(ours):.2f} ms, bare SDK {statistics.median(bare):.2f} ms,", end=" "
    )
    print(f"{ratio:.2f} times")


def rate(*, per_minute: float, seconds: float) -> None:
    """Calls per minute under a limit, against a server that refuses what comes faster than that."""
    filled, at, refused = 0.0, time.monotonic(), 0

    def strict(call: Call) -> Behaviour:
        nonlocal filled, at, refused
        # A leaky bucket that holds one second's worth.
        filled = max(0.0, filled - (call.received - at) * per_minute / 60)
        at = call.received
        if filled + 1 > per_minute / 60:
            refused += 1
            return Failure(429)
        filled += 1
        return Answer("ok")

    count = round(per_minute / 60 * seconds)
    with ProtocolServer(behave=strict) as slow:
        limits = RateLimits(requests_per_minute=per_minute)
        asyncio.run(answer(slow.openai_url, 64, [prompts(count)], limits))
        received = [call.received for call in slow.calls]
    kept = (len(received) - 1) / (received[-1] - received[0]) * 60
    print(f"rate limit {per_minute:g}/min: {kept:.1f}/min kept ({kept / per_minute:.1%}), {refused} refused")


def prompts(count: int, first: int = 0) -> list[Prompt]:
    """Return prompts of a usual length."""
    text = "Instruction: Name the capital city of the country.\n\nInput: Country number {}\nOutput:"
    return [Prompt(text=text.format(number)) for number in range(first, first + count)]


async def answer(
    url: str,
    concurrency: int,
    rounds: Sequence[Sequence[Prompt]],
    limits: RateLimits | None = None,
    answered: list[float] | None = None,
) -> None:
    """Answer rounds of prompts as a run does, with budget, database and price; note when in ``answered``."""

    def note(event: Record) -> None:
        if answered is not None and isinstance(event, CallFinished):
            answered.append(time.perf_counter())

    options = OpenAIOptions(base_url=url, model=MODEL, concurrency=concurrency)
    scorer = OpenAIScorer(options, BackendContext(seed=0, cache_dir="", data_dir=""))
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "runs.sqlite") as store:
        ledger = Ledger(Limits(max_calls=sum(map(len, rounds)), max_cost=100.0), Amount())
        account = Account(RUN, ledger, store, Price(input=1.0, output=2.0), time.time)
        events = CallEvents(note, account, asker="scorer", model=MODEL)
        settings = DispatchSettings(rate=limits or RateLimits())
        claims = Claims(store, RUN, time.time)
        client = ModelClient(
            CompletionCache(store, RUN, scorer.info(), claims, shared=True),
            Dispatcher(scorer, account, events, settings, Timing(), claims),
            account,
            events,
        )
        for prompts_of_round in rounds:
            answers = await client.complete(prompts_of_round)
            assert all(completion and completion.text == "ok" for completion in answers.completions)
        await scorer.aclose()


async def bare_loop(
    url: str, concurrency: int, asked: Sequence[Prompt], answered: list[float] | None = None
) -> None:
    """Answer all prompts with the SDK alone; note when in ``answered``."""
    times = [] if answered is None else answered
    slots = asyncio.Semaphore(concurrency)
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=concurrency)
    http_client = DefaultAsyncHttpxClient(limits=limits)
    async with AsyncOpenAI(base_url=url, api_key="none", http_client=http_client) as client:

        async def one(prompt: Prompt) -> str | None:
            async with slots:
                completion = await client.chat.completions.create(
                    model=MODEL,
                    messages=[{"role": "user", "content": prompt.text}],
                    temperature=0,
                    max_tokens=256,
                )
            times.append(time.perf_counter())
            return completion.choices[0].message.content

        assert set(await asyncio.gather(*(one(prompt) for prompt in asked))) == {"ok"}


@contextmanager
def server(latency: float) -> Iterator[str]:
    """Run the server in a process of its own; yield its URL."""
    command = [sys.executable, "-m", "support.servers.protocol_server", "--latency", str(latency)]
    process = subprocess.Popen(command, cwd=TESTS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield f"{process.stdout.readline().strip()}/v1"
    finally:
        process.communicate(timeout=20)


def peak_mib() -> float:
    """Return this process's peak memory."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
