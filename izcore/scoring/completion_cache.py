"""Completions that need no call: on disk already, or on their way to somebody who asked for the same."""

import asyncio
import contextlib
import hashlib
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

import msgspec

from izcore.plugin.calls import Completion, Image, Prompt, ScorerInfo
from izcore.plugin.errors import IzError
from izcore.scoring.claims import Claims
from izcore.storage.records import Answer
from izcore.storage.store import Store

POLL_SECONDS = 0.1
"""So often is looked whether others have an answer."""


@dataclass(frozen=True)
class Found:
    """What the cache knows about some keys, each of which stands in one of these.

    ``own``: answers that the run has.
    ``under_way``: answers that the run is being given at this moment, because of an earlier question.
    ``others``: completions that other runs paid for and this one does not have yet.
    ``missing``: what somebody has to ask the model for.
    """

    own: dict[str, Answer]
    under_way: dict[str, asyncio.Future[Answer | None]]
    others: dict[str, Completion]
    missing: frozenset[str]


@dataclass(frozen=True)
class Claimed:
    """What became of keys that were to be claimed, each of which stands in one of these.

    ``own``: what this run is to ask the model for; nobody else will.
    ``others``: completions that others paid for meanwhile.
    ``elsewhere``: what others ask the model for at this moment.
    """

    own: frozenset[str]
    others: dict[str, Completion]
    elsewhere: frozenset[str]


class CompletionCache:
    """Completions of one model, by key, as one run sees them.

    It sees to it that of several who ask the same at the same time one asks the model and all get the
    answer ("single flight"); for other processes ``claims`` do that. With ``shared`` a run is also given what
    other runs paid for.
    """

    def __init__(self, store: Store, run_id: str, model: ScorerInfo, claims: Claims, *, shared: bool) -> None:
        self._store = store
        self._run_id = run_id
        self._claims = claims
        self._model = model
        self._salt = "" if shared else run_id
        self._under_way: dict[str, asyncio.Future[Answer | None]] = {}

    def key(self, prompt: Prompt) -> str:
        """Return the key under which the answer to a prompt is kept."""
        return completion_key(self._model, prompt, salt=self._salt)

    def look_up(self, keys: Iterable[str]) -> Found:
        """Say what is known about keys, none of which occurs twice."""
        keys = list(keys)
        own = self._store.answers(self._run_id, keys)
        unanswered = [key for key in keys if key not in own]
        under_way = {key: self._under_way[key] for key in unanswered if key in self._under_way}
        fresh = [key for key in unanswered if key not in under_way]
        others = self._store.cached(fresh)
        return Found(own, under_way, others, missing=frozenset(fresh) - others.keys())

    @contextlib.contextmanager
    def asking(self, found: Found) -> Iterator[dict[str, Answer]]:
        """Let others wait for what is found with other runs or missing, while it is being asked for.

        Who waits gets what stands in the dictionary in the end; a key that does not stand there is a call
        that failed for good. Where the block raises, they get its error for such a key. What was claimed in
        the block and does not stand in the dictionary is released.
        """
        answers: dict[str, Answer] = {}
        loop = asyncio.get_running_loop()
        waiting = {key: loop.create_future() for key in (*found.others, *found.missing)}
        self._under_way |= waiting
        reason: IzError | None = None
        try:
            yield answers
        except IzError as error:
            reason = error
            raise
        finally:
            self._claims.end(answers)
            with contextlib.suppress(IzError):  # an error on its way says more; claims end with their owner
                self._claims.release(waiting)
            for key, future in waiting.items():
                del self._under_way[key]
                if future.done():  # a run that is stopped cancels those who wait
                    continue
                if reason is not None and key not in answers:
                    future.set_exception(reason)
                    future.exception()  # seen, even if nobody waits
                else:
                    future.set_result(answers.get(key))

    def claim(self, keys: Collection[str]) -> Claimed:
        """Claim what nobody else asks for, of keys that were missing when they were last looked up."""
        own = self._claims.take(keys)
        rest = frozenset(keys) - own
        others = self._store.cached(list(rest)) if rest else {}
        return Claimed(own, others, elsewhere=rest - others.keys())

    async def wait_elsewhere(self, keys: Collection[str], sleep: Callable[[float], Awaitable[None]]) -> None:
        """Wait until somebody who asks for one of the keys has the answer, or has given up or died.

        ``sleep`` waits so many seconds.
        """
        while self._claims.of_others(keys) == frozenset(keys):
            await sleep(POLL_SECONDS)

    def adopt(self, others: Mapping[str, Completion]) -> dict[str, Answer]:
        """Book what other runs paid for as free answers of this run, on disk; return these answers."""
        self._store.adopt(self._run_id, others)
        return {key: Answer(completion=completion, paid=False) for key, completion in others.items()}

    async def wait_for(self, under_way: Mapping[str, asyncio.Future[Answer | None]]) -> dict[str, Answer]:
        """Return what those get who asked first; a key whose call failed for good is left out."""
        answers = {key: await future for key, future in under_way.items()}
        return {key: answer for key, answer in answers.items() if answer is not None}


def completion_key(model: ScorerInfo, prompt: Prompt, *, salt: str = "") -> str:
    """Return the key of a completion: a SHA-256 digest, in hexadecimal, of all that changes the answer.

    That is the model's identity and the prompt with its temperature and sample number; of an image file it
    is the content, wherever the file lies. ``salt`` keeps answers apart that shall not be shared.
    """
    turns = tuple(msgspec.structs.replace(turn, images=_known(turn.images)) for turn in prompt.turns)
    prompt = msgspec.structs.replace(prompt, turns=turns, images=_known(prompt.images))
    content = msgspec.json.encode([model.identity, prompt, *([salt] if salt else [])], order="sorted")
    return hashlib.sha256(content).hexdigest()


def _known(images: tuple[Image, ...]) -> tuple[Image, ...]:
    return tuple(Image(source=image.identity) for image in images)
