"""The toy's backends. They do what they say, only simply."""

import asyncio
import hashlib
import itertools
import math
import os
import pkgutil
import re
from pathlib import Path

from izcore.plugin import (
    Candidate,
    Completion,
    CompletionResult,
    Coordinate,
    CoordinateResult,
    CoordinateValue,
    EvaluationPolicy,
    Example,
    Executor,
    Exporter,
    ExportResult,
    GenerateResult,
    Generator,
    Metric,
    MetricResult,
    PrepareResult,
    Price,
    Rung,
    RungsResult,
    Scorer,
    ScorerInfo,
    StayResult,
    SuggestResult,
    Surrogate,
    Task,
    TaskData,
    TransientScorerError,
    Usage,
)

_DOES = {
    "upper case": str.upper,
    "reverse": lambda text: text[::-1],
    "first letter": lambda text: text[:1],
    "count": lambda text: str(len(text)),
    "plural": lambda text: text + "s",
    "twice": lambda text: f"{text} {text}",
}


class Obedient(Scorer):
    def __init__(self, options, context):
        self._options = options
        self._failed = set()

    def info(self):
        o = self._options
        return ScorerInfo(
            identity={"scorer": "obedient", "model": o.model, "mistakes": o.mistakes},
            batch_size=o.batch_size,
            concurrency=o.concurrency,
            price=Price(input=1.0, output=2.0),
        )

    def bound(self, prompt):
        return Usage(input_tokens=len(prompt.text.split()), output_tokens=8)

    async def complete(self, request):
        if self._options.seconds:
            await asyncio.sleep(self._options.seconds)
        return CompletionResult(completions=tuple(self._answer(p.text) for p in request.prompts))

    def _answer(self, prompt):
        if self._options.down and Path(self._options.down).exists():
            raise TransientScorerError("Nobody at home, it says.")
        if _chance(prompt, "fault") < self._options.faults and prompt not in self._failed:
            self._failed.add(prompt)
            raise TransientScorerError("Overloaded, it says.", retry_after=0.0)
        instruction, _, rest = prompt.rpartition("Input: ")
        word = rest.split("\n")[0]
        told = next((do for phrase, do in _DOES.items() if phrase in instruction.lower()), None)
        does = told or _shown(instruction) or (lambda text: text)
        text = "I would rather not." if _chance(prompt, "mistake") < self._options.mistakes else does(word)
        if self._options.log:
            line = (hashlib.sha256(prompt.encode()).hexdigest() + "\n").encode()
            handle = os.open(self._options.log, os.O_APPEND | os.O_CREAT | os.O_WRONLY)
            os.write(handle, line)
            os.close(handle)
        usage = Usage(input_tokens=len(prompt.split()), output_tokens=min(8, len(text.split())))
        return Completion(text=text, usage=usage)


class Scribe(Scorer):
    def __init__(self, options, context):
        self._options = options

    def info(self):
        o = self._options
        identity = {"scorer": "scribe", "phrases": list(o.phrases), "babble": o.babble}
        return ScorerInfo(identity=identity, concurrency=4, price=Price(input=1.0, output=2.0))

    def bound(self, prompt):
        return Usage(input_tokens=len(prompt.text.split()), output_tokens=max(32, prompt.room))

    async def complete(self, request):
        await asyncio.sleep(self._options.seconds)
        return CompletionResult(completions=tuple(map(self._answer, request.prompts)))

    def _answer(self, prompt):
        phrases, asked = self._options.phrases, f"{prompt.sample} {prompt.temperature} {prompt.text}"
        phrase = phrases[int(_chance(asked, "phrase") * len(phrases))]
        tag = next((tag for tag in ("INS", "prompt", "instruction") if f"</{tag}>" in prompt.text), "")
        text = f"Let me see.\n<{tag}>{phrase}</{tag}>" if tag else f"The instruction was to: {phrase}"
        text = "..." if _chance(asked, "babble") < self._options.babble else text
        usage = Usage(input_tokens=len(prompt.text.split()), output_tokens=len(text.split()))
        return Completion(text=text, usage=usage)


class Phrases(Generator):
    def __init__(self, options, context):
        self._options = options

    def prepare(self, request):
        return PrepareResult(
            latent_dim=self._options.latent_dim, state={"phrases": len(self._options.phrases)}
        )

    def generate(self, request):
        phrases = self._options.phrases
        candidates = []
        for latent in request.latents:
            # Adding the second coordinate's rank makes many distinct sentences out of few phrases.
            phrase = phrases[min(int(latent[0] * len(phrases)), len(phrases) - 1)]
            polite = "Please. " * int(latent[-1] * 4)
            candidates.append(Candidate(latent=latent, instruction=polite + phrase, raw=f'"{phrase}"'))
        return GenerateResult(candidates=tuple(candidates))

    def write_unsteered(self, request):
        return Candidate(latent=(), instruction=self._options.phrases[0])


class Mirror(Task):
    def __init__(self, options, context):
        self._size = options.size

    def load(self, request):
        letters = itertools.product("bdfgklmnprst", "aeiou", "bdfgklmnprst")
        words = ["".join(word) for word in itertools.islice(letters, self._size)]
        return TaskData(name="mirror", examples=tuple(Example(input=w, targets=(w[::-1],)) for w in words))


class Lattice(Surrogate):
    def __init__(self, options, context):
        pass

    def suggest(self, request):
        start = len(request.history) + 1
        steps = [(i * 0.618034) % 1.0 for i in range(1, request.latent_dim + 1)]
        points = [tuple((k * step) % 1.0 for step in steps) for k in range(start, start + request.count)]
        return SuggestResult(latents=tuple(points))


class Crossing(Surrogate):
    def __init__(self, options, context):
        pass

    def suggest(self, request):
        # One new sentence in two cells, then the sentences at hand in a third.
        bodies = len(request.bodies)
        places = [None, None, *(place % bodies for place in range(request.count) if bodies)]
        places = (places + [None] * request.count)[: request.count]
        written = request.latent_dim - len(request.coordinates)
        first = [(((0.618034 + request.seed) * (axis + 1)) % 1.0) for axis in range(written)]
        cells = [(0.99,), (0.01,)] + [((k + 1) / (request.count + 1),) for k in range(request.count)]
        latents = [(*first, *cell * len(request.coordinates)) for cell in cells[: request.count]]
        return SuggestResult(latents=tuple(latents), bodies=tuple(places))


class SameLetters(Metric):
    def __init__(self, options, context):
        pass

    def score(self, request):
        return MetricResult(scores=tuple(map(_same_letters, request.answers, request.examples)))


def _same_letters(answer, example):
    target = example.targets[0]
    same = sum(a == b for a, b in zip(answer, target, strict=False))
    return same / max(len(answer), len(target), 1)


def _shown(prompt):
    pairs = re.findall(r"Input: (.*)\nOutput: (.*)\n", prompt)
    fitting = (do for do in _DOES.values() if all(do(word) == answer for word, answer in pairs))
    return next(fitting, None) if pairs else None


def _chance(prompt, label):
    return int(hashlib.sha256(f"{label}:{prompt}".encode()).hexdigest()[:8], 16) / 2**32


class Backwards(Executor):
    """Performs the last job first."""

    def __init__(self, options, context):
        pass

    def run(self, jobs):
        for job in reversed(jobs):
            pkgutil.resolve_name(job.function)(job.payload)
            yield job


class Headline(Exporter):
    """Writes what a run found, and nothing else."""

    def __init__(self, options, context):
        pass

    def export(self, request):
        result = request.run.result
        return ExportResult(text=f"{result.best.instruction}\n" if result and result.best else "")


class Knockout(EvaluationPolicy):
    """Scores all on half of the examples, and the better half of them on all."""

    def __init__(self, options, context):
        pass

    def rungs(self, request):
        half = Rung(examples=math.ceil(request.examples / 2), reduction=2)
        whole = Rung(examples=request.examples)
        return RungsResult(rungs=(half, whole) if half.examples < whole.examples else (whole,))

    def stay(self, request):
        best_first = sorted(range(len(request.scores)), key=lambda place: -sum(request.scores[place]))
        return StayResult(indices=tuple(best_first[: math.ceil(request.compared / 2)]))


class Manner(Coordinate):
    def __init__(self, options, context):
        pass

    def values(self, request):
        plain = CoordinateValue(name="plain")
        return CoordinateResult(values=(plain, CoordinateValue(name="thankful", clause="Thank you.")))
