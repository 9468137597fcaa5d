"""Before a run: asks its coordinates for their choices, and completes the user's own instructions."""

import msgspec

from izcore.config.paths import Paths
from izcore.config.schema import RunConfig
from izcore.plugin.coordinates import CoordinateRequest, CoordinateValue
from izcore.plugin.errors import BackendError, UsageError
from izcore.plugin.examples import Splits
from izcore.plugin.protocols import Coordinate
from izcore.plugin.seeds import derive_seed
from izcore.plugin.target_profile import profile_targets
from izcore.plugin.trials import USER, Candidate
from izcore.registry.registry import Registry
from izcore.search.coordinates import Values, completions_of


def plan_coordinates(
    registry: Registry, config: RunConfig, splits: Splits, paths: Paths
) -> tuple[dict[str, tuple[CoordinateValue, ...]], tuple[str, ...]]:
    """Return the choices of each coordinate of a run, and a note on each that failed and is left out.

    Coordinates are told of the targets of demonstrations and validation examples, never of the test split's.
    """
    found: dict[str, tuple[CoordinateValue, ...]] = {}
    notes = []
    profile = profile_targets((*splits.demonstrations, *splits.validation))
    for choice in config.coordinates:
        request = CoordinateRequest(
            profile=profile,
            demonstrations=splits.demonstrations,
            seed=derive_seed(config.seed, "coordinate", choice.name),
        )
        try:
            coordinate: Coordinate = registry.build("coordinate", choice, paths.context(config.seed))
            found[choice.name] = coordinate.values(request).values
        except BackendError as error:
            notes.append(f"The coordinate {choice.name} is left out: {error.message}")
    return found, tuple(notes)


def starting_candidates(config: RunConfig, coordinates: Values) -> tuple[Candidate, ...]:
    """Return the user's own instructions, completed with every choice.

    Raises UsageError for an empty or a repeated one.
    """
    bodies = [text.strip() for text in config.start]
    for body in bodies:
        if not body:
            raise UsageError("start: an instruction is empty.", hint="Write it, or leave --start out.")
        if bodies.count(body) > 1:
            raise UsageError(f"start: {body!r} is there twice.", hint="Give each instruction once.")
    completed = completions_of(bodies, coordinates)
    return tuple(msgspec.structs.replace(candidate, writer=USER) for candidate in completed)


def answer_room(coordinates: Values) -> int:
    """Return how many tokens the longest kind of answer is given; 0 where all are as the scorer is set to."""
    return max((value.room for values in coordinates.values() for value in values), default=0)


def longest_clauses(coordinates: Values) -> int:
    """Return how many bytes the coordinates add to an instruction at most."""
    return sum(max(len(f". {value.clause}".encode()) for value in values) for values in coordinates.values())
