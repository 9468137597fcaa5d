import msgspec

from izcore.plugin import Coordinate, CoordinateResult, CoordinateValue


class Fine(Coordinate):
    first = ""
    clause = "End with ANSWER."
    most = 2

    def __init__(self, options, context):
        self._asked = 0

    def values(self, request):
        plain = CoordinateValue(name="plain", clause=self.first)
        marked = CoordinateValue(name="marked", clause=self.clause, answer_mark="ANSWER")
        return CoordinateResult(values=(plain, marked)[: self.most])


class Lonely(Fine):
    most = 1


class Pushy(Fine):
    first = "Please."


class Silent(Fine):
    clause = "End with it."


class Moody(Fine):
    def values(self, request):
        self._asked += 1
        values = super().values(request).values
        return CoordinateResult(values=(*values, CoordinateValue(name=f"number {self._asked}")))


class Listed(Fine):
    def values(self, request):
        return CoordinateResult(values=[*super().values(request).values])


class Meddling(Fine):
    def values(self, request):
        result = super().values(request)
        msgspec.structs.force_setattr(request, "seed", 0)
        return result
