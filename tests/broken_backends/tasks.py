import itertools

import msgspec

from izcore.plugin import DataError, Example, Task, TaskData

_made = itertools.count()


class Fine(Task):
    def __init__(self, options, context):
        self._down = options.down
        self._loads = 0

    def load(self, request):
        if self._down:
            raise DataError("There is no file.")
        words = [f"word {number}" for number in range(20)]
        return TaskData(
            name="fine", examples=tuple(Example(input=word, targets=(word.upper(),)) for word in words)
        )

    def edited(self, request, **changes):
        return msgspec.structs.replace(Fine.load(self, request), **changes)


class Empty(Fine):
    def load(self, request):
        return self.edited(request, examples=())


class Numbers(Fine):
    def load(self, request):
        return self.edited(request, examples=(Example(input=7, targets=("seven",)),))


class Targetless(Fine):
    def load(self, request):
        return self.edited(request, examples=(Example(input="a", targets=()),))


class Unseeded(Fine):
    def __init__(self, options, context):
        super().__init__(options, context)
        self._number = next(_made)

    def load(self, request):
        return self.edited(request, description=f"number {self._number}")


class Once(Fine):
    def load(self, request):
        self._loads += 1
        return self.edited(request, description="again" if self._loads > 1 else "")


class Listed(Fine):
    def load(self, request):
        return self.edited(request, examples=list(super().load(request).examples))


class Unmeasured(Fine):
    def load(self, request):
        return self.edited(request, metric="nearness")


class Unfitting(Fine):
    def load(self, request):
        return self.edited(request, metric="choice")


class Templated(Fine):
    def load(self, request):
        return self.edited(request, prompt_template="{instruction}\n{question}")


class Crashing(Fine):
    def load(self, request):
        if self._down:
            raise FileNotFoundError("There is no file.")
        return super().load(request)
