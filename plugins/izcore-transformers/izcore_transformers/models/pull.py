"""Makes models ready ahead of time, for ``iz models``."""

import torch

from izcore.plugin import PullRequest, PullResult
from izcore_transformers.models.gguf import converted_folder, ensure_converted
from izcore_transformers.models.sources import embedded_source


def pull_embedded(request: PullRequest) -> PullResult:
    """Convert the embedded model to the format that loads fastest, or only look whether that was done."""
    source = embedded_source()
    if request.check:
        folder = converted_folder(source, torch.float32, request.cache_dir)
        if not folder.is_dir():
            return PullResult(path="")
    else:
        folder = ensure_converted(source, torch.float32, request.cache_dir)
    return PullResult(path=str(folder), bytes=sum(file.stat().st_size for file in folder.iterdir()))
