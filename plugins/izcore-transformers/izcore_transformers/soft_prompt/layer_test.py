"""Whether bfloat16 layers write as well as float32 layers do, found out on the run's own prompt."""

from collections.abc import Sequence

from torch import Tensor

from izcore.plugin import Record
from izcore_transformers.cpu_layers.processor import bfloat16_instructions
from izcore_transformers.soft_prompt.writer import Writer

TEST_TOKENS = 24
"""Tokens of each text that the test writes and reads."""

MOST_LOSS = 0.005
"""Nats that a written token may on average be less likely than float32's own choice in its place.

Right bfloat16 layers of the embedded model lose 0.0001 to 0.0002; with one of them half as large again as it
should be they lose 0.012, and with the outputs of one in the wrong order 0.25."""


class LayerTest(Record):
    """What float32 layers think of the ``tokens`` that bfloat16 layers wrote, by ``instructions``.

    ``same`` are those that float32 would have chosen in their place. ``loss`` is how much less likely than
    its choice it finds them on average, in nats. ``passed``: bfloat16 layers write in this run.
    """

    instructions: str
    tokens: int
    same: int
    loss: float
    passed: bool

    def __str__(self) -> str:
        found = (
            f"float32 would have chosen {self.same} of {self.tokens} tokens itself, and finds them "
            f"{self.loss:.4f} nats less likely than its own choice on average (at most {MOST_LOSS:g})"
        )
        if self.passed:
            return f"Instructions were written with bfloat16 layers ({self.instructions}): {found}."
        return f"Instructions were written with float32 layers, for bfloat16 layers failed a test: {found}."


def judge_layers(exact: Writer, quick: Writer, soft_prompts: Sequence[Tensor]) -> LayerTest:
    """Let ``quick`` write under each soft prompt, and let ``exact`` say how good its choices are.

    Of what ``exact`` writes itself each token is its own choice, so that it would lose nothing. Texts of
    ``quick`` may go other ways, after a choice between words that are about as likely; what counts is that
    each is a good way to go on. So errors that add up show, and texts that differ without being worse do not.
    """
    written = quick.write_tokens(soft_prompts, TEST_TOKENS)
    losses = [loss for text in exact.token_losses(soft_prompts, written) for loss in text]
    mean = sum(losses) / len(losses)
    return LayerTest(
        instructions=bfloat16_instructions(),
        tokens=len(losses),
        same=sum(loss == 0 for loss in losses),
        loss=mean,
        passed=mean <= MOST_LOSS,  # not a number, which broken layers may give, is no pass
    )
