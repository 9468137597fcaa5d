import asyncio
import itertools
import os

import msgspec

from izcore.plugin import Completion, CompletionResult, Price, Scorer, ScorerInfo, TransientScorerError, Usage

_made = itertools.count()


class Fine(Scorer):
    def __init__(self, options, context):
        self._down = options.down

    def info(self):
        price = Price(input=1.0, output=1.0)
        return ScorerInfo(identity={"scorer": "fine"}, batch_size=4, concurrency=4, price=price)

    def bound(self, prompt):
        return Usage(input_tokens=len(prompt.text), output_tokens=max(8, prompt.room))

    async def complete(self, request):
        if self._down:
            raise TransientScorerError("Nobody is there.")
        return CompletionResult(completions=tuple(map(self.answer, request.prompts)))

    def answer(self, prompt):
        text = prompt.text.partition("Input: ")[2].partition("\n")[0].upper()
        return Completion(text=text, usage=Usage(input_tokens=1, output_tokens=1))


class Sizeless(Fine):
    def info(self):
        return msgspec.structs.replace(super().info(), price=Price(input=-1.0, output=1.0))


class Opaque(Fine):
    def info(self):
        return msgspec.structs.replace(super().info(), identity={"client": object()})


class Anonymous(Fine):
    def info(self):
        return msgspec.structs.replace(super().info(), identity={})


class Renamed(Fine):
    def __init__(self, options, context):
        super().__init__(options, context)
        self._number = next(_made)

    def info(self):
        return msgspec.structs.replace(super().info(), identity={"number": self._number})


class Leaky(Fine):
    def info(self):
        return msgspec.structs.replace(super().info(), identity={"key": os.environ["BROKEN_API_KEY"]})


class Dropping(Fine):
    async def complete(self, request):
        completions = (await super().complete(request)).completions
        return CompletionResult(completions=completions[:2])


class Talkative(Fine):
    async def complete(self, request):
        result = await super().complete(request)
        return result if request.prompts else CompletionResult(completions=(Completion(text="Well."),))


class Endless(Fine):
    def answer(self, prompt):
        return msgspec.structs.replace(super().answer(prompt), finish="end_turn")


class Uncounted(Fine):
    def answer(self, prompt):
        return msgspec.structs.replace(super().answer(prompt), usage=Usage())


class Negative(Fine):
    def answer(self, prompt):
        usage = Usage(input_tokens=3, output_tokens=-1)
        return msgspec.structs.replace(super().answer(prompt), usage=usage)


class Tight(Fine):
    def bound(self, prompt):
        return Usage(input_tokens=len(prompt.text), output_tokens=0)


class Roomless(Fine):
    def bound(self, prompt):
        return Usage(input_tokens=len(prompt.text), output_tokens=8)

    def answer(self, prompt):
        usage = Usage(input_tokens=1, output_tokens=prompt.room or 1)
        return msgspec.structs.replace(super().answer(prompt), usage=usage)


class Sorted(Fine):
    async def complete(self, request):
        completions = (await super().complete(request)).completions
        return CompletionResult(completions=tuple(sorted(completions, key=lambda c: c.text)))


class Confused(Fine):
    async def complete(self, request):
        self._request = request
        await asyncio.sleep(0)
        return await super().complete(self._request)


class Settled(Fine):
    _loop = None

    async def complete(self, request):
        self._loop = self._loop or asyncio.get_running_loop()
        if self._loop is not asyncio.get_running_loop():
            raise RuntimeError("Event loop is closed")
        return await super().complete(request)


class Unopened(Fine):
    async def complete(self, request):
        self._client = "connected"
        return await super().complete(request)

    async def aclose(self):
        del self._client


class Fragile(Fine):
    def answer(self, prompt):
        prompt.text.partition("Input: ")[2].partition("\n")[0].split()[0]
        return super().answer(prompt)


class Inventive(Fine):
    async def complete(self, request):
        self._down = False
        return await super().complete(request)


class Blunt(Fine):
    async def complete(self, request):
        if self._down:
            raise ConnectionError("Nobody is there.")
        return await super().complete(request)


class Meddling(Fine):
    async def complete(self, request):
        msgspec.structs.force_setattr(request, "seed", 1)
        return await super().complete(request)
