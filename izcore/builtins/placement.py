"""The coordinate ``placement``: where in the conversation the instruction stands."""

from collections.abc import Mapping

from izcore.plugin import (
    BackendContext,
    Coordinate,
    CoordinateRequest,
    CoordinateResult,
    CoordinateValue,
    Options,
)
from izcore.plugin.coordinates import Place

NAMES: Mapping[Place, str] = {
    "": "as the template has it",
    "system": "system message",
    "before": "before the input",
    "after": "after the input",
}


class Placement(Coordinate):
    """Offers the places that template and scorer leave open, the one that the run is set to first.

    Models follow an instruction better in one place than in another, and which one differs between them.
    """

    def __init__(self, options: Options, context: BackendContext) -> None:
        pass

    def values(self, request: CoordinateRequest) -> CoordinateResult:
        """Return the places of the request; a single one where the template leaves nothing open."""
        set_to, *others = request.placements or ("",)
        values = [CoordinateValue(name=NAMES[set_to])]
        values += [CoordinateValue(name=NAMES[each], placement=each) for each in others]
        return CoordinateResult(values=tuple(values))
