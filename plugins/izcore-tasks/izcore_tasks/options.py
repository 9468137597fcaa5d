"""Options of the file formats."""

from typing import Annotated, Literal

from izcore.plugin import Meta, Options


class FileOptions(Options, frozen=True, kw_only=True):
    """What every file format understands."""

    path: Annotated[str, Meta(min_length=1, description="The file, or the folder, that holds the task")]
    input: Annotated[
        str | tuple[str, ...],
        Meta(
            description="Column or key of the input, or a list of several that make it together, the main "
            "one last; without it, guessed from the names and said"
        ),
    ] = ""
    target: Annotated[
        str | tuple[str, ...],
        Meta(
            description="Column or key of the target, or a list of several whose targets are all acceptable; "
            "without it, guessed from the names and said"
        ),
    ] = ""
    target_separator: Annotated[
        str, Meta(description="Text between several acceptable targets in one cell, such as |")
    ] = ""
    empty_targets: Annotated[
        bool, Meta(description="Whether an empty target means that the right answer is nothing at all")
    ] = False
    image: Annotated[
        str | tuple[str, ...],
        Meta(
            description="Column or key of an image that is shown with the input, as a path or URL, or a list "
            "of several; without it, guessed from the endings and said"
        ),
    ] = ""
    show_images: Annotated[
        bool, Meta(description="Whether columns that hold images by their endings are shown as such")
    ] = True
    choices: Annotated[
        str | tuple[str, ...],
        Meta(
            description="Column or key of the choices of a multiple-choice task, or a list of columns that "
            "hold one choice each; makes choice the metric"
        ),
    ] = ""
    show_choices: Annotated[
        bool, Meta(description="Whether the choices are shown below inputs that do not list them already")
    ] = True
    first_choice: Annotated[
        Literal[0, 1] | None,
        Meta(
            description="Number of the first choice, where targets are numbers; without it, seen in the file"
        ),
    ] = None
    choices_separator: Annotated[
        str, Meta(min_length=1, description="Text between the choices in one cell")
    ] = "|"
    validation_path: Annotated[
        str, Meta(description="File of its own for the validation examples; any format that has a suffix")
    ] = ""
    test_path: Annotated[
        str, Meta(description="File of its own for the test examples; any format that has a suffix")
    ] = ""
    encoding: Annotated[
        str,
        Meta(description="Text encoding, such as cp1252; without it UTF-8, or what a byte-order mark says"),
    ] = ""


class CsvOptions(FileOptions, frozen=True, kw_only=True):
    """What CSV and TSV files understand besides."""

    delimiter: Annotated[
        str,
        Meta(
            pattern=r'^[^"\r\n]?\Z',
            description="Character between columns; without it, seen from the first line",
        ),
    ] = ""
    header: Annotated[
        bool, Meta(description="Whether the first line names the columns; if not they are named 1, 2, …")
    ] = True


class FolderOptions(CsvOptions, frozen=True, kw_only=True):
    """What a folder understands besides."""

    task: Annotated[str, Meta(description="Which of the tasks in the folder, where it holds several")] = ""
