"""Writes the bodies of a world: by people, by a soft prompt with latents, and by sampling a model."""

import random
import re
from collections.abc import Iterator, Sequence

from answer_world import Body
from black_boxes import BlackBox
from tasks_to_record import PEOPLE, WorldPlan

from izcore.api import settings_layers
from izcore.config.layers import build_config
from izcore.config.paths import Paths
from izcore.config.schema import RunConfig
from izcore.plugin import Example, GenerateRequest, PrepareRequest, Prompt
from izcore.plugin.seeds import derive_seed, sobol_latents
from izcore.registry.registry import discover

ASKED = (
    "I gave a friend an instruction and some inputs. The friend read the instruction and wrote an output for "
    "every one of the inputs. Here are the input-output pairs:\n\n{pairs}\n\nWhat was the instruction? Write "
    "it as one sentence."
)
"""After Zhou et al. (2023), Automatic Prompt Engineer, forward generation; the last sentence is ours."""

LEAD_IN = re.compile(r"^(the |my )?instruction( was)?( to)?\s*:?\s*", re.IGNORECASE)
AT_ONCE = 32
DRAWS = 6
ROOM = 40


def write_bodies(plan: WorldPlan, demonstrations: tuple[Example, ...], black_box: BlackBox) -> list[Body]:
    """Return the bodies of a world, a person's vague one first, then the writers' in turn."""
    people = [Body(text, "person") for text in PEOPLE[plan.task]]
    wanted = (plan.bodies - len(people)) // 2
    soft = _distinct(soft_prompted(demonstrations, most=4 * wanted), wanted)
    sampled = _distinct(
        sampled_by(black_box, demonstrations, most=4 * wanted), plan.bodies - len(people) - len(soft)
    )
    mixed: list[Body] = []
    queues = [people, soft, sampled]
    while any(queues):
        mixed += [queue.pop(0) for queue in queues if queue]
    return _distinct(iter(mixed), plan.bodies)


def soft_prompted(demonstrations: tuple[Example, ...], most: int) -> Iterator[Body]:
    """Yield what the embedded model writes under Sobol points, with the default preset's settings."""
    registry = discover()
    config = build_config(registry, settings_layers("demo", preset="default", seed=0, settings={}), RunConfig)
    generator = registry.build("generator", config.generator, Paths.of_this_user().context(0))
    seed = derive_seed(0, "generator")
    prepared = generator.prepare(PrepareRequest(demonstrations=demonstrations, seed=seed))
    latents = sobol_latents(most, prepared.latent_dim, derive_seed(0, "world"))
    for start in range(0, most, AT_ONCE):
        request = GenerateRequest(
            latents=tuple(latents[start : start + AT_ONCE]), demonstrations=demonstrations, seed=0
        )
        for candidate in generator.generate(request).candidates:
            numbers = tuple(round(number, 4) for number in candidate.latent)
            yield Body(candidate.instruction, "soft prompt", numbers)


def sampled_by(black_box: BlackBox, demonstrations: Sequence[Example], most: int) -> Iterator[Body]:
    """Yield what the black box writes when it is asked for the instruction, at temperature 1."""
    rng = random.Random(0)
    draws = [rng.sample(demonstrations, 3) for _ in range(DRAWS)]
    # One draw after the other, so that the model reads each once.
    for draw in draws:
        pairs = "\n\n".join(f"Input: {example.input}\nOutput: {example.targets[0]}" for example in draw)
        for start in range(0, most // DRAWS, AT_ONCE):
            prompts = [
                Prompt(text=ASKED.format(pairs=pairs), temperature=1.0, sample=number + 1, room=ROOM)
                for number in range(start, min(start + AT_ONCE, most // DRAWS))
            ]
            for text in black_box.answer(prompts, ROOM):
                sentence = LEAD_IN.sub("", text.strip()).strip("\"'`* ")
                sentence = re.split(r"(?<=[.?!])\s", sentence)[0].strip()
                if len(sentence.split()) >= 3:
                    yield Body(sentence[0].upper() + sentence[1:], "sampled")


def _distinct(bodies: Iterator[Body], most: int) -> list[Body]:
    found: dict[str, Body] = {}
    for body in bodies:
        if body.text.strip():
            found.setdefault(body.text, body)
        if len(found) == most:
            break
    return list(found.values())
