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
AT_ONCE = 32
ORDERS = 6
ROOM = 40


def write_bodies(plan: WorldPlan, demonstrations: tuple[Example, ...], black_box: BlackBox) -> list[Body]:
    """Return the bodies of a world, a person's vague one first, then the writers' in turn."""
    people = [Body(text, "person") for text in PEOPLE[plan.task]]
    wanted = (plan.bodies - len(people)) * 3 // 5
    soft = _distinct(soft_prompted(demonstrations, most=4 * wanted), wanted)
    left = plan.bodies - len(people) - len(soft)
    sampled = _distinct(sampled_by(black_box, demonstrations, most=4 * left), left)
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
    # One order after the other, so that the model reads each once.
    for _ in range(ORDERS):
        shown = rng.sample(demonstrations, len(demonstrations))
        pairs = "\n\n".join(f"Input: {example.input}\nOutput: {example.targets[0]}" for example in shown)
        for start in range(0, most // ORDERS, AT_ONCE):
            prompts = [
                Prompt(text=ASKED.format(pairs=pairs), temperature=1.0, sample=number + 1, room=ROOM)
                for number in range(start, min(start + AT_ONCE, most // ORDERS))
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
