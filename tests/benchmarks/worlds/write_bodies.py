"""Writes the bodies of a world: by people, by a soft prompt with latents, and by sampling a model."""

import random
import re
from collections.abc import Iterator
from functools import cached_property

from answer_world import Body
from black_boxes import Endpoint
from tasks_to_record import PEOPLE, WorldPlan

from izcore.api import settings_layers
from izcore.config.layers import build_config
from izcore.config.paths import Paths
from izcore.config.schema import RunConfig
from izcore.plugin import Example, GenerateRequest, Generator, Latent, PrepareRequest, Prompt
from izcore.plugin.seeds import derive_seed, sobol_latents
from izcore.registry.registry import discover

ASKED = (
    "I gave a friend an instruction and five inputs. The friend read the instruction and wrote an output for "
    "every one of the inputs. Here are the input-output pairs:\n\n{pairs}\n\nWhat was the instruction that "
    "fits all pairs? Answer with the instruction only, as one general sentence."
)
"""After Zhou et al. (2023), Automatic Prompt Engineer, forward generation; the end is ours."""

LEAD_IN = re.compile(
    r"^(a simple |the |my )?instruction( provided)?( that fits all( the)? pairs)?"
    r"( could be| is| was)?( that)?( to)?\s*:?\s*",
    re.IGNORECASE,
)
LATENTS = 32
SAMPLES = 16
ROOM = 40


class Writers:
    """Those who write a world's bodies: people, the embedded model with a soft prompt, and the black box.

    They write in parts, as many as are wanted. A part is a function of its number, so a recording that goes
    on does not write anew what it has.
    """

    def __init__(self, plan: WorldPlan, demonstrations: tuple[Example, ...], black_box: Endpoint) -> None:
        self._plan, self._demonstrations, self._black_box = plan, demonstrations, black_box

    def part(self, number: int) -> list[Body]:
        """Return the bodies of a part, the writers in turn; the first has people's, a vague one first."""
        people = [Body(text, "person") for text in PEOPLE[self._plan.task]] if number == 0 else []
        queues = [people, list(self._soft_prompted(number)), list(self._sampled(number))]
        mixed: list[Body] = []
        while any(queues):
            mixed += [queue.pop(0) for queue in queues if queue]
        return mixed

    @cached_property
    def _generator(self) -> tuple[Generator, int]:
        """The default preset's generator, calibrated, and its dimension."""
        registry = discover()
        settings = settings_layers("demo", with_own_defaults=False, seed=0)
        choice = build_config(registry, settings, RunConfig).generator
        generator = registry.build("generator", choice, Paths.of_this_user().context(0))
        request = PrepareRequest(demonstrations=self._demonstrations, seed=derive_seed(0, "generator"))
        return generator, generator.prepare(request).latent_dim

    def _soft_prompted(self, part: int) -> Iterator[Body]:
        """Yield what the embedded model writes under the next Sobol points."""
        generator, dim = self._generator
        latents = sobol_latents((part + 1) * LATENTS, dim, derive_seed(0, "world"))[part * LATENTS :]
        request = GenerateRequest(latents=latents, demonstrations=self._demonstrations, seed=0)
        for candidate in generator.generate(request).candidates:
            yield Body(candidate.instruction, "soft prompt", _rounded(candidate.latent))

    def _sampled(self, part: int) -> Iterator[Body]:
        """Yield what the black box writes when it is asked for the instruction, at temperature 1."""
        shown = random.Random(part).sample(self._demonstrations, len(self._demonstrations))
        pairs = "\n\n".join(f"Input: {example.input}\nOutput: {example.targets[0]}" for example in shown)
        prompts = [
            Prompt(text=ASKED.format(pairs=pairs), temperature=1.0, sample=number + 1, room=ROOM)
            for number in range(SAMPLES)
        ]
        for text in self._black_box.answer(prompts, ROOM):
            sentence = LEAD_IN.sub("", text.strip()).strip("\"'`* ")
            sentence = re.split(r"(?<=[.?!])\s", sentence)[0].strip()
            if len(sentence.split()) >= 3:
                yield Body(sentence[0].upper() + sentence[1:], "sampled")


def _rounded(latent: Latent) -> Latent:
    return tuple(round(number, 4) for number in latent)
