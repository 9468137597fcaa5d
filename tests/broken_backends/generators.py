import itertools

import msgspec

from izcore.plugin import Candidate, GenerateResult, Generator, LocateResult, PrepareResult

_made = itertools.count()


class Fine(Generator):
    def __init__(self, options, context):
        self._seen = set()

    def prepare(self, request):
        return PrepareResult(latent_dim=2, state={"scale": 1.0})

    def generate(self, request):
        self._seen.add(request)
        return GenerateResult(
            candidates=tuple(
                Candidate(latent=latent, instruction=f"Write number {round(latent[0] * 1000)}.")
                for latent in request.latents
            )
        )

    def edited(self, request, edit):
        candidates = Fine.generate(self, request).candidates
        changed = [msgspec.structs.replace(one, **edit(number, one)) for number, one in enumerate(candidates)]
        return GenerateResult(candidates=tuple(changed))


class Unready(Fine):
    def prepare(self, request):
        self._size = None
        return super().prepare(request)

    def pool_size(self):
        return self._size


class Flat(Fine):
    def prepare(self, request):
        return PrepareResult(latent_dim=0)


class Forgetful(Fine):
    def prepare(self, request):
        return PrepareResult(latent_dim=2, state={"scale": 2.0 if request.state else 1.0})


class Short(Fine):
    def generate(self, request):
        return GenerateResult(candidates=super().generate(request).candidates[:4])


class Rounding(Fine):
    def generate(self, request):
        return self.edited(request, lambda _, c: {"latent": tuple(round(x, 2) for x in c.latent)})


class Shy(Fine):
    def generate(self, request):
        return self.edited(request, lambda _, c: {"instruction": ""})


class Untidy(Fine):
    def generate(self, request):
        return self.edited(request, lambda _, c: {"instruction": f"{c.instruction}\n"})


class Bored(Fine):
    def generate(self, request):
        again = " Again!" if request in self._seen else ""
        return self.edited(request, lambda _, c: {"instruction": c.instruction + again})


class Unseeded(Fine):
    def prepare(self, request):
        self._scale = request.state.get("scale", next(_made))
        return PrepareResult(latent_dim=2, state={"scale": self._scale})

    def generate(self, request):
        return self.edited(request, lambda _, c: {"instruction": f"{c.instruction} {self._scale}"})


class Sociable(Fine):
    def generate(self, request):
        company = len(request.latents)
        return self.edited(request, lambda _, c: {"instruction": f"{c.instruction} {company}"})


class Meddling(Fine):
    def generate(self, request):
        msgspec.structs.force_setattr(request, "seed", 0)
        return super().generate(request)


class Raw(Fine):
    def generate(self, request):
        return self.edited(request, lambda _, c: {"raw": b"bytes"})


class Ragged(Fine):
    def generate(self, request):
        return self.edited(request, lambda number, _: {"features": (0.5,) * number})


class Counting(Fine):
    def generate(self, request):
        return self.edited(request, lambda number, _: {"features": (1, 2, 3)})


class Hopeful(Fine):
    def generate(self, request):
        max((trial.mean for trial in request.history), default=0)
        return super().generate(request)


class Lost(Fine):
    def locate(self, request):
        return LocateResult(latents=tuple((1.5, 0.0) for _ in request.history))


class Repeating(Fine):
    def pool_size(self):
        return 3

    def generate(self, request):
        texts = ("Write.", "Read.", "Count.")
        pairs = zip(request.latents, texts, strict=False)
        candidates = tuple(Candidate(latent=latent, instruction=text) for latent, text in pairs)
        return GenerateResult(candidates=candidates, exhausted=len(request.latents) >= 3)


class Stringly(Fine):
    def write_unsteered(self, request):
        return "Write."
