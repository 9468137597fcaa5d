"""Completes the results of older versions, which hold no whole prompt."""

import msgspec

from izcore.plugin.calls import Prompt
from izcore.plugin.run_record import Run
from izcore.scoring.prompt_form import PromptForm
from izcore.scoring.whole_prompt import whole_prompt


def with_whole_prompt(run: Run) -> Run:
    """Return a run whose winner has its whole prompt, as far as the run's record tells it."""
    best = run.result.best if run.result else None
    if run.result is None or best is None or best.whole_prompt or run.splits is None:
        return run
    sent = best.prompt
    form = PromptForm(
        template=run.config["prompt_template"], placement=run.config.get("placement", "one-message")
    )

    def as_taken(prompt: Prompt) -> Prompt:
        # What was sent in one message although it has several parts went to a scorer that knows no others.
        one = sent is not None and not (sent.system or sent.turns)
        return prompt.folded() if one and (prompt.system or prompt.turns) else prompt

    options = run.config["scorer"].get("options", {})
    whole = whole_prompt(form, best.guidance, run.splits.test, as_taken, system=options.get("system") or "")
    best = msgspec.structs.replace(best, whole_prompt=whole)
    return msgspec.structs.replace(run, result=msgspec.structs.replace(run.result, best=best))
