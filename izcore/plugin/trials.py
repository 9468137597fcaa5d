"""Records of a search: latents, candidates and trials, and what generators and surrogates are asked."""

import contextlib
from collections.abc import Mapping
from typing import Any

import msgspec

from izcore.plugin.calls import FinishReason, Usage
from izcore.plugin.coordinates import CoordinateChoices, Place
from izcore.plugin.examples import Example
from izcore.plugin.record import Record

Latent = tuple[float, ...]
"""A point in [0, 1]^d; the generator maps it to its own box."""


USER = "user"
"""Stands for the user where a record says who wrote an instruction."""


class Guidance(Record):
    """What the black box is given before every input: an instruction and, few-shot, solved examples.

    ``answer_mark`` is what the instruction tells the model to write before its answer; empty where its whole
    text is the answer. ``room`` is how many tokens such an answer needs; 0 for what the scorer is set to.
    ``placement`` is where the instruction stands; empty, it stands where the run is set to have it.
    ``as_turns`` shows the exemplars as turns of the conversation, wherever the run is set to have them.
    """

    instruction: str
    exemplars: tuple[Example, ...] = ()
    answer_mark: str = ""
    room: int = 0
    placement: Place = ""
    as_turns: bool = False

    @property
    def length(self) -> int:
        """Characters of the instruction, and of the exemplars' inputs and first targets."""
        shown = sum(len(exemplar.full_input) + len(exemplar.targets[0]) for exemplar in self.exemplars)
        return len(self.instruction) + shown

    @property
    def key(self) -> str:
        """A text that no other guidance has: the instruction, if that is all."""
        if self == Guidance(instruction=self.instruction):
            return self.instruction
        fields = msgspec.to_builtins(self)
        for name in ("placement", "as_turns"):
            if not fields[name]:
                del fields[name]  # databases of older versions hold keys without it
        return msgspec.json.encode(fields).decode()

    @classmethod
    def of_key(cls, key: str) -> "Guidance":
        """Return the guidance that has this key."""
        with contextlib.suppress(msgspec.DecodeError):
            found = msgspec.json.decode(key, type=cls)
            if found.key == key:
                return found
        return cls(instruction=key)


class Candidate(Record):
    """A latent and the instruction written from it.

    ``raw`` is the writer's unedited text. ``features`` are optional numbers about the candidate,
    such as a hidden state, for surrogates that use them; ``feature_names`` say what they are, where there are
    words for it.

    Where a run has coordinates, ``coordinates`` are pairs of name and value, ``body`` is the sentence that
    they complete and ``instruction`` the whole, and a latent has one more number for each of them. What else
    they choose is in ``exemplars``, ``answer_mark``, ``room``, ``placement`` and ``as_turns``; see
    :class:`Guidance`.

    ``writer`` names who wrote the sentence, where a generator has several writers; it is :data:`USER` where
    that was a person. ``refused`` is the core's word for why no call is spent on what a model wrote; no
    person's instruction is refused. ``unwritten`` says why its writer's model wrote nothing, where another
    instruction stands in for what it should have written.
    """

    latent: Latent
    instruction: str
    raw: str = ""
    features: tuple[float, ...] = ()
    feature_names: tuple[str, ...] = ()
    exemplars: tuple[Example, ...] = ()
    body: str = ""
    coordinates: tuple[tuple[str, str], ...] = ()
    answer_mark: str = ""
    room: int = 0
    placement: Place = ""
    as_turns: bool = False
    writer: str = ""
    refused: str = ""
    unwritten: str = ""

    @property
    def sentence(self) -> str:
        """What its generator wrote: the body, or the instruction where no coordinate completes it."""
        return self.body if self.coordinates else self.instruction

    @property
    def guidance(self) -> Guidance:
        """What the black box is given of the candidate."""
        return Guidance(
            instruction=self.instruction,
            exemplars=self.exemplars,
            answer_mark=self.answer_mark,
            room=self.room,
            placement=self.placement,
            as_turns=self.as_turns,
        )


class PrepareRequest(Record):
    """Given to a generator once per process, before anything else.

    ``state`` is empty at the start of a run; when a run is resumed it is what the first
    :class:`PrepareResult` held, so that no calibration is repeated.
    """

    demonstrations: tuple[Example, ...]
    seed: int
    state: Mapping[str, Any] = {}


class PrepareResult(Record):
    """``latent_dim`` is d >= 1; ``state`` is plain JSON data that is kept with the run and shown with it.

    ``notes`` are sentences for the notes of the run's result, about how instructions come to be written; they
    are the same when a run is resumed.
    """

    latent_dim: int
    state: Mapping[str, Any] = {}
    notes: tuple[str, ...] = ()


class LocateRequest(Record):
    """Asks where the sentences of the trials so far lie, before the surrogate is asked.

    ``history`` holds all trials, oldest first; :attr:`Candidate.sentence` is what a generator wrote, or the
    user did. ``latent_dim`` is the generator's. The seed differs from round to round.
    """

    history: "tuple[Trial, ...]"
    demonstrations: tuple[Example, ...]
    latent_dim: int
    seed: int


class LocateResult(Record):
    """One latent per trial, in order; None where a trial's sentence has no place.

    ``state`` is a text, such as JSON, that the generator is given back in the round's
    :class:`GenerateRequest`.
    """

    latents: tuple[Latent | None, ...]
    state: str = ""


class GenerateRequest(Record):
    """Latents to turn into instructions; ``history`` holds the trials so far, oldest first.

    ``validation`` are the examples that the trials' scores and answers belong to, by place. A writer may
    learn from them what goes wrong; an instruction that repeats one would be scored on its own answer.
    ``located`` is the state of the round's :class:`LocateResult`, from a generator that gives one.
    """

    latents: tuple[Latent, ...]
    demonstrations: tuple[Example, ...]
    seed: int
    history: "tuple[Trial, ...]" = ()
    validation: tuple[Example, ...] = ()
    located: str = ""


class GenerateResult(Record):
    """One candidate per latent, in order; fewer only if ``exhausted``.

    ``exhausted`` says that the generator has nothing more to offer, which ends the search.
    """

    candidates: tuple[Candidate, ...]
    exhausted: bool = False


class Trial(Record):
    """A candidate with its per-example scores and what it cost.

    ``scores[i]`` and ``answers[i]`` belong to validation example i of the run. A score is in [0, 1], and None
    where the example is set aside for all trials alike; an answer is None where there is none.
    ``finishes[i]`` says how the answer ended: a refusal is no wrong answer. ``reasonings[i]`` is what the
    model thought before it; there are none where no answer has any.
    There are fewer scores than examples where an evaluation policy stopped early, none where the candidate is
    refused, and more, for the retest examples, once a finalist was tested again. ``reused`` is the index of
    the earlier trial with the same instruction, whose scores these are. ``penalty`` is what the run's
    objective takes off the mean score for length and cost, in score points.
    """

    index: int
    round: int
    candidate: Candidate
    scores: tuple[float | None, ...]
    answers: tuple[str | None, ...] = ()
    finishes: tuple[FinishReason | None, ...] = ()
    reasonings: tuple[str, ...] = ()
    reused: int | None = None
    calls: int = 0
    cached_calls: int = 0
    usage: Usage = Usage()
    cost_usd: float = 0.0
    penalty: float = 0.0

    @property
    def known_scores(self) -> tuple[float, ...]:
        """The scores of the examples that count."""
        return tuple(score for score in self.scores if score is not None)

    @property
    def mean(self) -> float | None:
        """Mean of the known scores; None without any."""
        known = self.known_scores
        return sum(known) / len(known) if known else None

    @property
    def objective(self) -> float | None:
        """What a search maximises: the mean less the penalty, so at most 1; None without any score."""
        mean = self.mean
        return None if mean is None else mean - self.penalty


class SuggestRequest(Record):
    """Asks for ``count`` latents in [0, 1]^``latent_dim``, given all trials so far, oldest first.

    What the search maximises is :attr:`Trial.objective`: the mean score, less a penalty where a run has one.

    A surrogate is a pure function of its request: the same request gives the same latents, which is
    what lets a run resume exactly. ``seed`` differs from round to round. ``initial`` is the number of
    trials that the run wants as its initial design.

    ``pool`` holds candidates that were written beforehand and are not tried yet, one per distinct
    instruction and at least ``count``; it is empty where instructions are written as the search goes. With a
    pool, a suggested latent stands for the candidate of the pool that is nearest to it and not taken yet, so
    a surrogate that knows nothing of pools still works; one that does returns latents of the pool.
    ``written`` are all candidates of the pool as they were written, those included that are tried and those
    that repeat another: the latents of candidates with equal guidance are its preimage.

    ``coordinates`` are the discrete choices that complete a sentence. A latent's last numbers are theirs, one
    each in this order; the numbers before them are the writer's. ``bodies`` are the distinct sentences at
    hand, completed by nothing, in the order in which they were first there: written so far or beforehand, or
    given by the user. A body's ``latent`` holds the writer's numbers alone; it is empty where this run's
    generator did not write it. ``unplaced`` are the trials so far that are not in ``history`` because their
    candidate has no latent in this space: those of the user's own prompts and of an earlier run.

    ``examples`` is the number of validation examples where a candidate that has been scored on some of them
    may be suggested again, to be scored on more; the trials that reuse another's scores are of such. It is 0
    where a repeated candidate is not scored again.
    """

    history: tuple[Trial, ...]
    count: int
    latent_dim: int
    seed: int
    initial: int = 0
    pool: tuple[Candidate, ...] = ()
    written: tuple[Candidate, ...] = ()
    coordinates: tuple[CoordinateChoices, ...] = ()
    bodies: tuple[Candidate, ...] = ()
    unplaced: tuple[Trial, ...] = ()
    examples: int = 0


class SuggestResult(Record):
    """``count`` latents, each of ``latent_dim`` numbers in [0, 1].

    ``bodies`` is empty, or says for each latent which sentence its coordinates' numbers complete: the place
    in the request's ``bodies`` of one that is there, for which nothing is written, or None for a new one,
    which is written from the writer's numbers. Latents that agree in those are written once.
    """

    latents: tuple[Latent, ...]
    bodies: tuple[int | None, ...] = ()
