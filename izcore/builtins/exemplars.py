"""The coordinate ``exemplars``: which solved examples a prompt shows before the input."""

from izcore.builtins.options import ExemplarOptions
from izcore.plugin import BackendContext, ConfigError, Coordinate, CoordinateRequest, CoordinateResult
from izcore.plugin.exemplar_sets import draw_sets, exemplar_values


class ExemplarSets(Coordinate):
    """Offers no exemplars, and sets of demonstrations drawn at random (few-shot prompts)."""

    def __init__(self, options: ExemplarOptions, context: BackendContext) -> None:
        self._options = options

    def values(self, request: CoordinateRequest) -> CoordinateResult:
        """Return no exemplars, then the sets; raises ConfigError where there are too few demonstrations."""
        wanted, there = self._options.examples, len(request.demonstrations)
        if wanted > there:
            raise ConfigError(
                f"coordinate exemplars: {wanted} examples are wanted, and the run has {there} demonstrations "
                "to take them from.",
                hint="Raise splits.demonstrations, or lower the coordinate's option examples.",
            )
        drawn = draw_sets(request.demonstrations, examples=wanted, sets=self._options.sets, seed=request.seed)
        return CoordinateResult(values=exemplar_values(drawn))
