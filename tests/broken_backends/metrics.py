import msgspec

from izcore.plugin import Agreement, AskRequest, Metric, MetricResult, Prompt


class Fine(Metric):
    def __init__(self, options, context):
        self._ask = context.ask
        self._asked = 0

    def score(self, request):
        pairs = zip(request.answers, request.examples, strict=True)
        return MetricResult(scores=tuple(self.grade(answer, example) for answer, example in pairs))

    def grade(self, answer, example):
        return float(answer in example.targets)


class Short(Fine):
    def score(self, request):
        return MetricResult(scores=super().score(request).scores[:2])


class Harsh(Fine):
    def grade(self, answer, example):
        return super().grade(answer, example) or -1.0


class First(Fine):
    def grade(self, answer, example):
        return float(answer == example.targets[0])


class Careless(Fine):
    def grade(self, answer, example):
        return super().grade(answer[0] + answer[1:], example)


class Reversed(Fine):
    def score(self, request):
        first, *rest = super().score(request).scores
        return MetricResult(scores=(*rest, first))


class Moody(Fine):
    def score(self, request):
        self._asked += 1
        scores = super().score(request).scores
        return MetricResult(scores=tuple(score / self._asked for score in scores))


class Truthful(Fine):
    def grade(self, answer, example):
        return answer in example.targets


class Meddling(Fine):
    def score(self, request):
        result = super().score(request)
        msgspec.structs.force_setattr(request, "examples", ())
        return result


class Judging(Fine):
    async def score(self, request):
        prompts = tuple(Prompt(text=answer) for answer in request.answers)
        replies = (await self._ask(AskRequest(option="judge", prompts=prompts))).completions
        return MetricResult(scores=tuple(float(reply is not None) for reply in replies))


class Agreeable(Fine):
    def agreement(self, request):
        return Agreement(share=100.0, difference=0.0, n=1)


class Demanding(Fine):
    def __init__(self, options, context):
        super().__init__(options, context)
        assert self._ask is not None
