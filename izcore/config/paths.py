"""Where izcore keeps its database, its data and its caches, by the platform's conventions."""

import os
from pathlib import Path

from izcore.config.folders import cache_folder, data_folder
from izcore.plugin.paths import user_path
from izcore.plugin.record import Record
from izcore.plugin.registrations import BackendContext

DATABASE_VARIABLE = "IZ_DB"


class Paths(Record):
    """Paths that izcore may write to: data worth keeping, and what can be made again."""

    data: Path
    cache: Path

    @classmethod
    def of_this_user(cls) -> "Paths":
        """The platform's folders, or those that ``IZ_DATA`` and ``IZ_CACHE`` name."""
        return cls(data=data_folder(), cache=cache_folder())

    def database(self, chosen: str | Path | None) -> Path:
        """The database: the one chosen, that of ``IZ_DB``, or the default in the data folder."""
        return user_path(chosen or os.environ.get(DATABASE_VARIABLE) or self.data / "runs.sqlite")

    def context(self, seed: int, *, planning: bool = False) -> BackendContext:
        """What backends are told; ``planning`` where they are only asked what they would cost."""
        return BackendContext(
            seed=seed, cache_dir=str(self.cache), data_dir=str(self.data), planning=planning
        )
