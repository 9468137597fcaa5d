"""The task: train is for demonstrations and validation, test stays sealed."""

from typing import Any

import datasets

from izcore.plugin import (
    BackendContext,
    DataError,
    Example,
    FetchRequest,
    FetchResult,
    LoadRequest,
    Task,
    TaskData,
    derive_seed,
    nearest_names,
    root_cause,
)
from izcore_hub.plugin import HubOptions


class HubTask(Task):
    """Reads a data set with splits ``train`` and, perhaps, ``test``; labels become their names."""

    def __init__(self, options: HubOptions, context: BackendContext) -> None:
        self._options = options
        self._cache = f"{context.cache_dir}/hub"

    def load(self, request: LoadRequest) -> TaskData:
        """Load the splits, fewer rows of large ones: the same rows for the same seed."""
        splits = self._splits()
        if "train" not in splits:
            raise DataError(
                f"{self._options.dataset}: there is no split train, only {', '.join(splits)}.",
                hint="Choose another data set, or set task.config.",
            )
        drawn = {name: self._draw(splits[name], request.seed) for name in ("train", "test") if name in splits}
        return TaskData(
            name=self._options.dataset.rstrip("/").rpartition("/")[2],
            examples=self._examples(drawn["train"]),
            test_examples=self._examples(drawn["test"]) if "test" in drawn else (),
            metric=self._options.metric,
            notes=tuple(f"{name}: {len(rows)} of {len(splits[name])} rows" for name, rows in drawn.items()),
        )

    def fetch(self, request: FetchRequest) -> FetchResult:
        """Download into the cache, so that later runs need no network."""
        splits = self._splits()
        return FetchResult(
            files=tuple(file["filename"] for rows in splits.values() for file in rows.cache_files)
        )

    def _splits(self) -> dict[str, Any]:
        options = self._options
        try:
            # No code of the data set runs: it may come from anybody.
            loaded: dict[str, Any] = datasets.load_dataset(
                options.dataset,
                options.config or None,
                revision=options.revision or None,
                cache_dir=self._cache,
            )
        except (OSError, ValueError, datasets.exceptions.DatasetsError) as error:
            raise DataError(
                f"{options.dataset} cannot be loaded: {root_cause(error)}.",
                hint="Check task.dataset and task.config; without a network only what was fetched is there.",
            ) from None
        return loaded

    def _draw(self, rows: Any, seed: int) -> Any:
        shuffled = rows.shuffle(seed=derive_seed(seed, "hub"), keep_in_memory=True)
        return shuffled.select(range(min(self._options.most, len(rows))))

    def _examples(self, rows: Any) -> tuple[Example, ...]:
        for column in (self._options.input, self._options.output):
            if column not in rows.column_names:
                raise DataError(
                    f"{self._options.dataset}: there is no column {column!r}.",
                    hint=nearest_names(column, rows.column_names),
                )
        label = rows.features[self._options.output]
        pairs = zip(rows[self._options.input], rows[self._options.output], strict=True)
        return tuple(Example(input=str(text), targets=targets_of(label, value)) for text, value in pairs)


def targets_of(label: Any, value: Any) -> tuple[str, ...]:
    """Return what an output column holds as texts: the name of a class, or one text, or several."""
    if isinstance(label, datasets.ClassLabel):
        return (label.int2str(value),)
    return tuple(map(str, value)) if isinstance(value, list) else (str(value),)
