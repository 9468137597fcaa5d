import math

import msgspec

from izcore.plugin import EvaluationPolicy, Rung, RungsResult, StayResult


class Fine(EvaluationPolicy):
    last = 0
    places = 0.5

    def __init__(self, options, context):
        self._asked = 0

    def rungs(self, request):
        half = request.examples // 2
        first = (Rung(examples=half, reduction=2.0),) if half else ()
        return RungsResult(rungs=(*first, Rung(examples=request.examples + self.last)))

    def stay(self, request):
        best = sorted(range(len(request.scores)), key=lambda place: -self.mean(request.scores[place]))
        return StayResult(indices=tuple(best[: math.ceil(request.compared * self.places)]))

    def mean(self, scores):
        return sum(scores) / len(scores)


class Endless(Fine):
    last = 1


class Doubling(Fine):
    def stay(self, request):
        return StayResult(indices=super().stay(request).indices[:2] * 2)


class Generous(Fine):
    places = 0.75


class Modest(Fine):
    def mean(self, scores):
        return -super().mean(scores)


class Moody(Fine):
    def stay(self, request):
        self._asked += 1
        return StayResult(indices=super().stay(request).indices[: 3 + self._asked % 2])


class Hopeful(Fine):
    def stay(self, request):
        assert max(map(self.mean, request.scores)) <= 1
        return super().stay(request)


class Alone(Fine):
    def stay(self, request):
        assert not request.incumbent
        return super().stay(request)


class Rooted(Fine):
    def mean(self, scores):
        return math.sqrt(super().mean(scores))


class Listed(Fine):
    def stay(self, request):
        return StayResult(indices=[*super().stay(request).indices])


class Meddling(Fine):
    def stay(self, request):
        result = super().stay(request)
        msgspec.structs.force_setattr(request, "instructions", 0)
        return result
