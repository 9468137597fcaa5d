"""A plugin as somebody wrote it for izcore 0.1 and hook API 1. It must go on working, so nobody edits it.

It is not up to date on purpose: it gives every record only what that record asked for in 0.1, takes no more
arguments than it needs, and leaves out what it may leave out.
"""

from izcore.plugin import (
    Backend,
    Candidate,
    Completion,
    CompletionResult,
    Example,
    GenerateResult,
    Generator,
    Metric,
    MetricResult,
    Model,
    Options,
    PrepareResult,
    Preset,
    PullResult,
    Scorer,
    ScorerInfo,
    SuggestResult,
    Surrogate,
    Task,
    TaskData,
    Usage,
    hookimpl,
)

IZCORE_API = 1
SEEN = []


class FirstOptions(Options):
    loud: bool = False


class FirstScorer(Scorer):
    def __init__(self, options, context):
        self._loud = options.loud

    def info(self):
        return ScorerInfo(identity={"scorer": "first", "loud": self._loud})

    def bound(self, prompt):
        return Usage(input_tokens=9, output_tokens=9)

    async def complete(self, request):
        return CompletionResult(completions=tuple(self._answer(p.text) for p in request.prompts))

    def _answer(self, prompt):
        instruction, _, rest = prompt.rpartition("Input: ")
        word = rest.split("\n")[0]
        does = {"Repeat": word, "reverse": word[::-1]}
        text = next((done for told, done in does.items() if told in instruction), "What?")
        return Completion(text=text.upper() if self._loud else text)


class FirstGenerator(Generator):
    def __init__(self, options, context):
        pass

    def prepare(self, request):
        return PrepareResult(latent_dim=1)

    def generate(self, request):
        written = [
            Candidate(latent=latent, instruction=f"Repeat the input {latent[0]:.2f} times.")
            for latent in request.latents
        ]
        return GenerateResult(candidates=tuple(written))


class FirstSurrogate(Surrogate):
    def __init__(self, options, context):
        pass

    def suggest(self, request):
        start = len(request.history)
        points = [((start + k) * 0.618 % 1.0,) * request.latent_dim for k in range(request.count)]
        return SuggestResult(latents=tuple(points))


class FirstTask(Task):
    def __init__(self, options, context):
        pass

    def load(self, request):
        examples = tuple(Example(input=f"word {k}", targets=(f"word {k}",)) for k in range(80))
        return TaskData(name="first", examples=examples)


class FirstMetric(Metric):
    def __init__(self, options, context):
        pass

    def score(self, request):
        pairs = zip(request.answers, request.examples, strict=True)
        return MetricResult(scores=tuple(float(e.targets[0].upper() in answer) for answer, e in pairs))


def pull(request):
    return PullResult(path="")


@hookimpl
def izcore_generators():
    return [Backend(name="first", summary="Numbers", factory="izcore_first:FirstGenerator")]


@hookimpl
def izcore_scorers():
    factory = "izcore_first:FirstScorer"
    return [Backend(name="first", summary="An echo", factory=factory, options=FirstOptions)]


@hookimpl
def izcore_surrogates():
    return [Backend(name="first", summary="Steps", factory="izcore_first:FirstSurrogate")]


@hookimpl
def izcore_tasks():
    return [Backend(name="first", summary="Words", factory="izcore_first:FirstTask")]


@hookimpl
def izcore_metrics():
    return [Backend(name="first", summary="Loudness", factory="izcore_first:FirstMetric")]


@hookimpl
def izcore_presets():
    return [Preset(name="first", summary="Short", settings={"search": {"initial": 4, "rounds": 0}})]


@hookimpl
def izcore_models():
    return [Model(name="first", summary="Nothing", pull="izcore_first:pull")]


@hookimpl
def izcore_run_started():
    SEEN.append("started")


@hookimpl
def izcore_trial_finished(event):
    SEEN.append(event.trial.index)
