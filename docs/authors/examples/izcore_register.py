"""A coordinate: who the model shall think that it speaks to."""

from typing import Annotated

from izcore.plugin import (
    BackendContext,
    Coordinate,
    CoordinateRegistration,
    CoordinateRequest,
    CoordinateResult,
    CoordinateValue,
    Meta,
    Options,
    hookimpl,
)

IZCORE_API = 1


class RegisterOptions(Options):
    """What a user can set."""

    readers: Annotated[
        tuple[str, ...], Meta(min_length=1, description="Readers that the answer may be written for")
    ] = ("a child", "an expert")


class Register(Coordinate):
    """Offers no reader, and each of the readers that the options name."""

    def __init__(self, options: RegisterOptions, context: BackendContext) -> None:
        self._readers = tuple(dict.fromkeys(options.readers))

    def values(self, request: CoordinateRequest) -> CoordinateResult:
        """Return the plainest choice first, which adds nothing."""
        readers = (
            CoordinateValue(name=f"for {reader}", clause=f"Write for {reader}.") for reader in self._readers
        )
        return CoordinateResult(values=(CoordinateValue(name="for anybody"), *readers))


@hookimpl
def izcore_coordinates() -> list[CoordinateRegistration]:
    """Register the coordinate."""
    return [
        CoordinateRegistration(
            name="register",
            summary="Who the answer is written for",
            factory="izcore_register:Register",
            options=RegisterOptions,
        )
    ]
