import math
import random
import statistics

import msgspec
import numpy

from izcore.plugin import ConfigError, SuggestResult, Surrogate


class Fine(Surrogate):
    def __init__(self, options, context):
        self._seen = set()

    def suggest(self, request):
        return SuggestResult(latents=self.draw(request))

    def draw(self, request, salt=0, count=None):
        numbers = random.Random(f"{request.seed} {len(request.history)} {salt}")
        shape = range(request.count if count is None else count), range(request.latent_dim)
        return tuple(tuple(numbers.random() for _ in shape[1]) for _ in shape[0])


class Capped(Fine):
    def suggest(self, request):
        return SuggestResult(latents=self.draw(request)[:4])


class Unbounded(Fine):
    def suggest(self, request):
        stretch = 2.0 if len(request.history) > 10 else 1.0
        return SuggestResult(latents=tuple(tuple(stretch * x for x in p) for p in self.draw(request)))


class Twins(Fine):
    def suggest(self, request):
        latents = self.draw(request)
        return SuggestResult(latents=(*latents[:4], *latents[:1]) if request.count == 5 else latents)


class NumPys(Fine):
    def suggest(self, request):
        return SuggestResult(latents=tuple(tuple(map(numpy.float64, p)) for p in self.draw(request)))


class Bored(Fine):
    def suggest(self, request):
        again = request in self._seen
        self._seen.add(request)
        return SuggestResult(latents=self.draw(request, salt=int(again)))


class Attached(Fine):
    def suggest(self, request):
        self._seen.add(request.seed)
        return SuggestResult(latents=self.draw(request, salt=len(self._seen)))


class Hashed(Fine):
    def suggest(self, request):
        return SuggestResult(latents=self.draw(request, salt=hash("latent")))


class Stubborn(Fine):
    def suggest(self, request):
        return super().suggest(msgspec.structs.replace(request, seed=0))


class Global(Fine):
    def suggest(self, request):
        random.seed(request.seed)
        return super().suggest(request)


class Meddling(Fine):
    def suggest(self, request):
        result = super().suggest(request)
        if request.history:
            msgspec.structs.force_setattr(request.history[0], "index", 99)
        return result


class Clueless(Fine):
    def suggest(self, request):
        max(trial.index for trial in request.history)
        return super().suggest(request)


class Spread(Fine):
    def suggest(self, request):
        if request.history:
            statistics.stdev(trial.index for trial in request.history)
        return super().suggest(request)


class Scaled(Fine):
    def suggest(self, request):
        means = [trial.mean for trial in request.history if trial.mean is not None]
        if len(means) > 1:
            1 / (max(means) - min(means))
        return super().suggest(request)


class Summing(Fine):
    def suggest(self, request):
        for trial in request.history:
            if trial.known_scores:
                sum(trial.scores)
        return super().suggest(request)


class Hopeful(Fine):
    def suggest(self, request):
        if request.history:
            max(trial.mean for trial in request.history if trial.mean is not None)
        return super().suggest(request)


class Rectangular(Fine):
    def suggest(self, request):
        list(zip(*(trial.scores for trial in request.history), strict=True))
        return super().suggest(request)


class Original(Fine):
    def suggest(self, request):
        texts = [trial.candidate.instruction for trial in request.history]
        assert len(texts) == len(set(texts))
        return super().suggest(request)


class Singular(Fine):
    def suggest(self, request):
        latents = [trial.candidate.latent for trial in request.history]
        if len(latents) != len(set(latents)):
            raise numpy.linalg.LinAlgError("Singular matrix")
        return super().suggest(request)


class Rooted(Fine):
    def suggest(self, request):
        for trial in request.history:
            math.sqrt(trial.objective or 0.0)
        return super().suggest(request)


class Plane(Fine):
    def suggest(self, request):
        assert request.latent_dim > 1
        return super().suggest(request)


class Narrow(Fine):
    def suggest(self, request):
        assert request.latent_dim < 10
        return super().suggest(request)


class Impatient(Fine):
    def suggest(self, request):
        assert len(request.history) >= request.initial
        return super().suggest(request)


class Eager(Fine):
    def suggest(self, request):
        return SuggestResult(latents=self.draw(request, count=max(1, request.count)))


class Poolless(Fine):
    def suggest(self, request):
        if request.pool:
            raise ConfigError("No pools here.")
        return super().suggest(request)


class Continuous(Fine):
    def suggest(self, request):
        if request.coordinates:
            raise ConfigError("No discrete choices here.")
        return super().suggest(request)


class Inventive(Fine):
    def suggest(self, request):
        latents, bodies = self.draw(request), len(request.bodies)
        return SuggestResult(latents=latents, bodies=(bodies,) * request.count if bodies else ())


class Silent(Fine):
    pass
