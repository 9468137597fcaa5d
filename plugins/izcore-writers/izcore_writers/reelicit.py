"""ReElicit: a model names features of instructions, and writes instructions to points among them."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from izcore.plugin import (
    BackendContext,
    Candidate,
    GenerateRequest,
    IzWarning,
    Latent,
    LocateRequest,
    LocateResult,
    PrepareRequest,
    PrepareResult,
    Prompt,
    Record,
    Trial,
    derive_seed,
)
from izcore_writers.cross_validation import foretelling_error
from izcore_writers.features import (
    FORM,
    Features,
    contrasting,
    gap,
    nearest,
    read_features,
    read_scores,
)
from izcore_writers.options import TRIES, ReElicitOptions
from izcore_writers.standings import Standing, standings
from izcore_writers.templates import (
    ELICIT,
    MEASURE,
    REALISE,
    REFINE,
    SCORED,
    as_pairs,
    fill,
)
from izcore_writers.writing import Draft, WritingGenerator, Written

NEIGHBOURS = 3
"""Instructions near the point aimed at that are shown with their places."""


class Space(Record):
    """Features, and where the instructions tried so far lie on them."""

    features: Features = ()
    places: Mapping[str, Latent] = {}


class Attempt(Record):
    """What was written to a point, where it lies if that is known, and how far from the point (at most 1)."""

    written: Written = Written(fault="no answer")
    place: Latent = ()
    gap: float = 1.0


class ReElicit(WritingGenerator):
    """ReElicit (https://arxiv.org/abs/2605.19093).

    A latent is a point in the space of features of an instruction that the writing model names, anew in every
    round, from what was tried and how it scored. The surrogate models scores in that space and says which
    points to aim at; the model writes instructions to them, and corrects these until they lie near.
    """

    def __init__(self, options: ReElicitOptions, context: BackendContext) -> None:
        super().__init__(options, context)
        self._options = options

    def prepare(self, request: PrepareRequest) -> PrepareResult:
        """Say that a latent has one number per feature."""
        return msgspec.structs.replace(super().prepare(request), latent_dim=self._options.features)

    async def locate(self, request: LocateRequest) -> LocateResult:
        """Have features named, the instructions placed on them, and keep those that foretell scores best.

        The features that the last round aimed with take part. Without any, no trial has a place.
        """
        found = standings(request.history)
        spaces = await self._spaces(request, found) if len(found) > 1 else []
        space = min(spaces, key=lambda each: foretelling_error(found, each.places), default=Space())
        return LocateResult(
            latents=tuple(space.places.get(trial.candidate.sentence) for trial in request.history),
            state=msgspec.json.encode(space).decode() if space.features else "",
        )

    async def write(
        self, request: GenerateRequest, latents: Sequence[Latent], given: Sequence[str]
    ) -> list[Candidate]:
        """Write to the points, each as if it were alone; without features, propose."""
        keys = [derive_seed(request.seed, "aim", repr(latent)) for latent in latents]
        if not request.located:
            drafts = self.proposals(request, keys)
            written = await self.written(drafts, given, seed=request.seed, numbers=keys)
            return [each.candidate(latent) for latent, each in zip(latents, written, strict=True)]
        space = msgspec.json.decode(request.located, type=Space)
        attempts = await self._realised(space, latents, keys)
        if not all(attempt.place for attempt in attempts):
            # Features are there for all candidates of a round, or for none.
            attempts = [msgspec.structs.replace(attempt, place=()) for attempt in attempts]
        return [
            msgspec.structs.replace(
                attempt.written.candidate(latent), features=attempt.place, feature_names=space.features
            )
            for latent, attempt in zip(latents, attempts, strict=True)
        ]

    async def _spaces(self, request: LocateRequest, found: Sequence[Standing]) -> list[Space]:
        """Return the features of the last round and those that the model names now, with all places known."""
        shown = contrasting(found, self._options.shown)
        text = fill(
            ELICIT,
            demonstrations=as_pairs(request.demonstrations[: self._options.exemplars]),
            scored="\n\n".join(
                fill(SCORED, instruction=one.instruction, score=str(round(100 * one.mean))) for one in shown
            ),
            count=str(self._options.features),
            form=FORM,
        )
        answers = await self.answers(
            [self._prompt(text, request.seed, "elicit", n) for n in range(self._options.elicitations)]
        )
        named = [read_features(each.text, self._options.features) for each in answers if each is not None]
        sets = [each for each in dict.fromkeys((_last_features(request.history), *named)) if each]
        if not sets:
            warnings.warn(
                f"The writing model named no {self._options.features} features in "
                f"{self._options.elicitations} answers; it writes without any in this round.",
                IzWarning,
                stacklevel=2,
            )
        texts = [one.instruction for one in found]
        places = await self._placed(sets, texts, request.seed)
        return [Space(features=each, places=at) for each, at in zip(sets, places, strict=True) if at]

    async def _placed(
        self, sets: Sequence[Features], texts: Sequence[str], seed: int
    ) -> list[dict[str, Latent]]:
        """Return for each set of features where the texts lie, as far as the model says, asked thrice."""
        places: list[dict[str, Latent]] = [{} for _ in sets]
        for attempt in range(TRIES):
            batches: list[tuple[int, Sequence[str]]] = []
            for number, known in enumerate(places):
                missing = [text for text in texts if text not in known]
                size = self._options.measured
                batches += [(number, missing[n : n + size]) for n in range(0, len(missing), size)]
            prompts = [
                self._prompt(_measuring(sets[number], batch), seed, "measure", attempt)
                for number, batch in batches
            ]
            for (number, batch), answer in zip(
                batches, await self.answers(prompts) if prompts else (), strict=True
            ):
                read = read_scores(answer.text, len(batch), len(sets[number])) if answer else {}
                places[number] |= {batch[n - 1]: place for n, place in read.items()}
        return places

    async def _realised(self, space: Space, aims: Sequence[Latent], keys: Sequence[int]) -> list[Attempt]:
        """Write to each point, and correct what lies too far from it; return the nearest to each.

        Where nothing was written, the instruction that lies nearest of those tried stands in.
        """
        nearest_yet = [Attempt() for _ in aims]
        for step in range(self._options.writes):
            far = [n for n in range(len(aims)) if nearest_yet[n].gap > self._options.tolerance]
            if not far:
                break
            drafts = [self._aiming(space, aims[n], nearest_yet[n]) for n in far]
            written = await self.attempts(drafts, [keys[n] for n in far], step, 0)
            prompts = [
                self._prompt(_measuring(space.features, [each.instruction]), keys[n], "reached", step)
                for n, each in zip(far, written, strict=True)
                if not each.fault
            ]
            measured = iter(await self.answers(prompts) if prompts else ())
            for n, each in zip(far, written, strict=True):
                answer = None if each.fault else next(measured)
                place = read_scores(answer.text, 1, len(aims[n])).get(1, ()) if answer else ()
                attempt = Attempt(written=each, place=place, gap=gap(aims[n], place) if place else 1.0)
                if nearest_yet[n].written.fault or attempt.gap < nearest_yet[n].gap:
                    nearest_yet[n] = attempt
        return [
            _standing_in(attempt, aim, space) if attempt.written.fault else attempt
            for attempt, aim in zip(nearest_yet, aims, strict=True)
        ]

    def _aiming(self, space: Space, aim: Latent, reached: Attempt) -> Draft:
        """Ask for an instruction at a point, or for a correction of one that was written to it."""
        near = nearest(aim, space.places, NEIGHBOURS)
        if reached.place:
            lines = [
                f"{feature}. It shall be {wanted:.2f}, and is {now:.2f}."
                for feature, wanted, now in zip(space.features, aim, reached.place, strict=True)
            ]
            text = fill(REFINE, instruction=reached.written.instruction, aims="\n".join(lines))
        else:
            lines = [
                f"{feature}. Aim at {wanted:.2f}."
                for feature, wanted in zip(space.features, aim, strict=True)
            ]
            known = [f"{text}\n{_shown(space.places[text])}" for text in near]
            text = fill(REALISE, aims="\n".join(lines), near="\n\n".join(known))
        return Draft(
            text=text,
            temperature=self._options.temperature,
            room=self._options.room,
            tag="instruction",
            only_tagged=True,
        )

    def _prompt(self, text: str, seed: int, *about: Any) -> Prompt:
        sample = derive_seed(seed, *about)
        return Prompt(
            text=text, temperature=self._options.temperature, sample=sample, room=self._options.room
        )


def _last_features(history: Sequence[Trial]) -> Features:
    """Return the features with which the last round aimed; none where no round has."""
    return next((t.candidate.feature_names for t in reversed(history) if t.candidate.feature_names), ())


def _standing_in(failed: Attempt, aim: Latent, space: Space) -> Attempt:
    (text,) = nearest(aim, space.places, 1)
    written = msgspec.structs.replace(failed.written, instruction=text)
    return Attempt(written=written, place=space.places[text], gap=gap(aim, space.places[text]))


def _measuring(features: Features, texts: Sequence[str]) -> str:
    return fill(
        MEASURE,
        features="\n".join(f"{number}. {feature}" for number, feature in enumerate(features, 1)),
        instructions="\n\n".join(f"Instruction {number}:\n{text}" for number, text in enumerate(texts, 1)),
        count=str(len(features)),
    )


def _shown(place: Latent) -> str:
    return "Features: " + ", ".join(f"{number:.2f}" for number in place)
