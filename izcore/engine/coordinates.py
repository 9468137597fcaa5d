"""Before a run: asks its coordinates for their choices, and completes the user's own instructions."""

import msgspec

from izcore.config.paths import Paths
from izcore.config.schema import RunConfig, ScoringConfig
from izcore.plugin.coordinates import CoordinateRequest, CoordinateValue
from izcore.plugin.errors import BackendError, UsageError
from izcore.plugin.examples import Splits
from izcore.plugin.exemplar_sets import draw_sets, exemplar_values
from izcore.plugin.protocols import Coordinate
from izcore.plugin.seeds import derive_seed
from izcore.plugin.target_profile import profile_targets
from izcore.plugin.trials import USER, Candidate
from izcore.registry.registry import Registry
from izcore.scoring.prompt_form import PromptForm
from izcore.search.coordinates import Values, cells_of_each, completions_of
from izcore.storage.records import RunPlan

FEW_SHOT = "exemplars"
"""The coordinate that the settings ``few_shot`` stand for."""


def plan_coordinates(
    registry: Registry, config: RunConfig, splits: Splits, *, messages: bool, paths: Paths
) -> tuple[dict[str, tuple[CoordinateValue, ...]], tuple[str, ...]]:
    """Return the choices of each coordinate of a run, and a note on each that is left out.

    Left out are those that fail, and those that leave nothing to choose. Coordinates are told of the targets
    of demonstrations and validation examples, never of the test split's.

    ``messages`` says whether the scorer tells system message and turns from the rest.

    Where ``few_shot`` is set, it takes the place of the coordinate that it stands for.
    """
    found: dict[str, tuple[CoordinateValue, ...]] = {}
    notes = []
    form = PromptForm.of(config)
    profile = profile_targets((*splits.demonstrations, *splits.validation))
    for choice in config.coordinates:
        if choice.name == FEW_SHOT and config.few_shot.examples:
            continue
        request = CoordinateRequest(
            profile=profile,
            demonstrations=splits.demonstrations,
            seed=derive_seed(config.seed, "coordinate", choice.name),
            placements=form.placements(messages=messages),
            turns=form.can_have_turns(messages=messages),
        )
        try:
            coordinate: Coordinate = registry.build("coordinate", choice, paths.context(config.seed))
            values = coordinate.values(request).values
        except BackendError as error:
            notes.append(f"The coordinate {choice.name} is left out: {error.message}")
            continue
        if len(values) == 1:
            notes.append(
                f"The coordinate {choice.name} is left out: here it has one value, {values[0].name!r}."
            )
            continue
        found[choice.name] = values
    return found, tuple(notes)


def search_coordinates(config: RunConfig, plan: RunPlan) -> Values:
    """Return the choices of each coordinate of a search, with the exemplars of a few-shot one last."""
    if not config.few_shot.examples:
        return plan.coordinates
    sets = draw_sets(
        plan.splits.demonstrations,
        examples=config.few_shot.examples,
        sets=config.few_shot.sets,
        seed=derive_seed(config.seed, "exemplars"),
    )
    return {**plan.coordinates, FEW_SHOT: exemplar_values(sets)}


def check_exemplars(config: ScoringConfig, coordinates: Values) -> None:
    """Raise ConfigError where a coordinate's exemplars cannot be shown in all of the places there are."""
    values = [value for each in coordinates.values() for value in each]
    form = PromptForm.of(config)
    for placement in dict.fromkeys(("", *(value.placement for value in values))):
        for value in values:
            if not value.as_turns:
                form.placed(placement).check_exemplars(value.exemplars)


def starting_candidates(config: RunConfig, coordinates: Values) -> tuple[Candidate, ...]:
    """Return the user's own instructions, completed with the choices of every coordinate.

    They meet all combinations, or where that were more than the first round is wide, as many of them as fit
    into it, in which each choice is there about equally often; at least so many that none is missing.

    Raises UsageError for an empty or a repeated one.
    """
    bodies = [text.strip() for text in config.start]
    for body in bodies:
        if not body:
            raise UsageError("start: an instruction is empty.", hint="Write it, or leave --start out.")
        if bodies.count(body) > 1:
            raise UsageError(f"start: {body!r} is there twice.", hint="Give each instruction once.")
    cells = cells_of_each(len(bodies), coordinates, config.search.initial)
    completed = completions_of(bodies, coordinates, cells)
    return tuple(msgspec.structs.replace(candidate, writer=USER) for candidate in completed)


def longest_clauses(coordinates: Values) -> int:
    """Return how many bytes the coordinates add to an instruction at most."""
    return sum(max(len(f". {value.clause}".encode()) for value in values) for values in coordinates.values())
