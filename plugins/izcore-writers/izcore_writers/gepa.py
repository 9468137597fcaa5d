"""GEPA's reflective writer: it sees what an instruction got wrong, and writes a better one."""

import random

from izcore.plugin import BackendContext, GenerateRequest, Trial, derive_seed
from izcore_writers.front import contenders, draw_parent
from izcore_writers.leaks import Secrets
from izcore_writers.options import GepaOptions
from izcore_writers.reflection import cases_of, described, form_of, minibatch
from izcore_writers.templates import REFLECT, fill
from izcore_writers.writing import Draft, WritingGenerator


class Gepa(WritingGenerator):
    """GEPA (https://arxiv.org/abs/2507.19457, algorithms 1 and 2), for one instruction.

    A parent is drawn from the Pareto front over validation examples. The writing model is shown some of its
    answers beside their targets, those that failed first, and asked what the instruction lacks in content and
    in form. What it then writes may not contain an example.
    """

    def __init__(self, options: GepaOptions, context: BackendContext) -> None:
        super().__init__(options, context)
        self._options = options

    def drafts(self, request: GenerateRequest, numbers: range) -> list[Draft]:
        """Ask to reflect on a parent for each; for proposals while nothing saw all examples."""
        parents = contenders(request.history, len(request.validation)) if request.validation else ()
        if not parents:
            return self.proposals(request, numbers)
        # There is nothing to learn from an instruction that solves all, unless all do.
        improvable = [trial for trial in parents if min(trial.known_scores) < 1] or parents
        drafts = []
        for number in numbers:
            draw = random.Random(derive_seed(request.seed, "parent", number))
            drafts.append(self._reflection(request, draw_parent(improvable, draw), draw))
        return drafts

    def _reflection(self, request: GenerateRequest, parent: Trial, draw: random.Random) -> Draft:
        cases = cases_of(parent, request.validation)
        shown = minibatch(cases, self._options.minibatch, draw)
        examples = (*request.demonstrations, *request.validation)
        sentence = parent.candidate.sentence
        return Draft(
            text=fill(
                REFLECT,
                instruction=sentence,
                cases="\n\n".join(described(case, number) for number, case in enumerate(shown, 1)),
                form=form_of(cases, examples),
            ),
            temperature=self._options.temperature,
            room=self._options.room,
            tag="instruction",
            only_tagged=True,
            secrets=Secrets.of(examples, known=sentence),
            stand_in=sentence,
        )
