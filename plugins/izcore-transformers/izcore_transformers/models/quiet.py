"""Keeps the libraries' own progress bars and warnings off the user's terminal."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from huggingface_hub.utils import logging as hub_logging
from transformers import modeling_gguf_pytorch_utils
from transformers.utils import logging as transformers_logging


@contextmanager
def quiet_libraries(*, keep_bars: bool = False) -> Iterator[None]:
    """Silence what transformers and the hub's client say below an error; put everything back afterwards.

    ``keep_bars`` leaves progress bars alone, for downloads that a person watches.
    """
    # The GGUF reader draws its own bar, which no setting of transformers turns off.
    gguf_bar = modeling_gguf_pytorch_utils.tqdm
    bars = transformers_logging.is_progress_bar_enabled()
    verbosity, hub_verbosity = transformers_logging.get_verbosity(), hub_logging.get_verbosity()
    transformers_logging.set_verbosity(logging.ERROR)
    hub_logging.set_verbosity(logging.ERROR)
    if not keep_bars:
        transformers_logging.disable_progress_bar()
        modeling_gguf_pytorch_utils.tqdm = partial(gguf_bar, disable=True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        modeling_gguf_pytorch_utils.tqdm = gguf_bar
        transformers_logging.set_verbosity(verbosity)
        hub_logging.set_verbosity(hub_verbosity)
        if bars and not keep_bars:
            transformers_logging.enable_progress_bar()
