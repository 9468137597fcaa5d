"""The form of a black box's prompts: which template, and where in the conversation the instruction stands."""

from collections.abc import Collection, Iterable, Mapping

import msgspec

from izcore.config.schema import Placement, ScoringConfig
from izcore.plugin.calls import Message, Prompt
from izcore.plugin.coordinates import Place
from izcore.plugin.errors import ConfigError
from izcore.plugin.examples import Example
from izcore.plugin.record import Record
from izcore.plugin.trials import Guidance
from izcore.scoring.prompt import (
    DEFAULT_TEMPLATE,
    INPUT,
    OF_THE_SEARCH,
    check_template,
    fill_template,
    last_place,
    move_instruction,
    render_prompt,
    template_names,
)

DEFAULT_TEMPLATES: Mapping[Placement, str] = {
    "one-message": DEFAULT_TEMPLATE,
    "system": "{instruction}\n\nInput: {input}\nOutput:",
}
"""The templates where neither the user nor the task has one."""

UNSAID = Guidance(instruction="")


class PromptForm(Record):
    """How the prompts of one run are made.

    In ``one-message`` all of the template is the user's message. In ``system`` the template up to the end of
    the line with ``{instruction}`` is the system message, and what follows is the user's. Exemplars are
    turns there, the user's message and the first target as its answer, unless the template says with
    ``{exemplars}`` where they stand. Without an instruction there is no system message.

    A guidance may want its exemplars as turns in ``one-message`` as well. Each turn is the template filled in
    with the exemplar's fields, and the instruction is said once: in the first message, or in the last one
    where the template has it behind the input.

    A template without ``{instruction}`` is all of it the user's in ``system``. A guidance may have its
    instruction elsewhere than the run is set to; see :meth:`placed`.

    An example's own turns stand before its message, and its images are shown with that.
    """

    template: str
    placement: Placement = "one-message"

    @classmethod
    def of(cls, config: ScoringConfig) -> "PromptForm":
        """Return the form that a run is set to."""
        return cls(template=config.prompt_template, placement=config.placement)

    def placed(self, placement: Place) -> "PromptForm":
        """Return the form in which the instruction stands elsewhere; empty is where this form has it.

        In the system message it stands as in ``system``, and before or after the input as in ``one-message``,
        on the lines that it has in the template.
        """
        if placement == "":
            return self
        if placement == "system":
            labelled = self.template == DEFAULT_TEMPLATE
            template = DEFAULT_TEMPLATES["system"] if labelled else self.template
            return PromptForm(template=template, placement="system")
        return PromptForm(template=move_instruction(self.template, after=placement == "after"))

    def placements(self, *, messages: bool) -> tuple[Place, ...]:
        """Return the places where an instruction can stand, the one that this form has first.

        A template of one's own with ``{instruction}`` has placed it before or after the input for good.
        ``messages`` says whether the scorer tells a system message from others.
        """
        own = self.template not in DEFAULT_TEMPLATES.values()
        fixed = own and "instruction" in template_names(self.template)
        if self.placement == "system":
            return ("system",) if fixed else ("system", "before", "after")
        found: list[Place] = ["" if fixed else "before"]
        if messages and self.placed("system")._can_be_cut(template_names(self.template)):
            found.append("system")
        return tuple(found) if fixed else (*found, "after")

    def can_have_turns(self, *, messages: bool) -> bool:
        """Whether exemplars can be turns that would else stand within the text.

        ``messages`` says whether the scorer tells turns from the rest. A template with ``{exemplars}`` has
        placed them, and one with a line that holds ``{instruction}`` beside a field is not the same without.
        """
        names = template_names(self.template)
        own_line = all(
            {"instruction"} == set(template_names(line))
            for line in self.template.splitlines()
            if "instruction" in template_names(line)
        )
        return messages and self.placement == "one-message" and "exemplars" not in names and own_line

    def check(self, fields: Collection[str] = ()) -> None:
        """Raise ConfigError if the template cannot be filled in, or not be cut where the placement wants.

        ``fields`` are the names of those that the task's examples have, besides ``input``.
        """
        check_template(self._whole, fields)
        if self.placement == "system" and not self._can_be_cut(fields):
            raise ConfigError(
                f"placement: no system message can be cut from the template {self.template!r}.",
                hint="{instruction} must stand on a line before all other placeholders; "
                'or choose placement = "one-message".',
            )

    def check_exemplars(self, exemplars: Iterable[Example]) -> None:
        """Raise ConfigError for exemplars with turns or images where they are to stand within a text."""
        within = self.placement == "one-message" or "exemplars" in template_names(self._parts()[1])
        if within and any(exemplar.turns or exemplar.images for exemplar in exemplars):
            raise ConfigError(
                "few_shot: conversations and images cannot be shown as exemplars within one message.",
                hint='With placement = "system", and a template without {exemplars}, they are turns.',
            )

    def prompt(self, guidance: Guidance, example: Example) -> Prompt:
        """Return the prompt that asks to follow guidance on an example."""
        if guidance.placement:
            return self.placed(guidance.placement).prompt(_as_set(guidance), example)
        if self.placement == "one-message" and guidance.as_turns and guidance.exemplars:
            return self._in_turns(guidance, example)
        if self.placement == "one-message":
            text = render_prompt(self.template, guidance, example)
            return Prompt(text=text, turns=example.turns, images=example.images, room=guidance.room)
        system, user = self._parts()
        shown = () if "exemplars" in template_names(user) else guidance.exemplars
        asked = msgspec.structs.replace(guidance, exemplars=() if shown else guidance.exemplars)
        return Prompt(
            system=fill_template(system, {"instruction": guidance.instruction})
            if guidance.instruction
            else "",
            turns=(*(turn for exemplar in shown for turn in _turns(user, exemplar)), *example.turns),
            text=render_prompt(user, asked, example),
            images=example.images,
            room=guidance.room,
        )

    def _in_turns(self, guidance: Guidance, example: Example) -> Prompt:
        """Return the prompt that shows exemplars as turns, where the whole template is the user's message."""
        alone = Guidance(instruction=guidance.instruction)
        after = self._instruction_comes_last
        first, *others = guidance.exemplars
        turns = [*_turns(self.template, first, UNSAID if after else alone)]
        for exemplar in others:
            turns += _turns(self.template, exemplar)
        return Prompt(
            turns=(*turns, *example.turns),
            text=render_prompt(self.template, alone if after else UNSAID, example),
            images=example.images,
            room=guidance.room,
        )

    @property
    def _instruction_comes_last(self) -> bool:
        names = template_names(self.template)
        fields = [name for name in names if name not in OF_THE_SEARCH]
        place = last_place(self.template, "instruction")
        return all(last_place(self.template, name) < place for name in fields)

    def _parts(self) -> tuple[str, str]:
        """Return the system message's and the user message's part of the template."""
        start = last_place(self._whole, "instruction")
        system, _, user = self._whole[start:].partition("\n")
        return self._whole[:start] + system, user.lstrip("\n")

    @property
    def _whole(self) -> str:
        """The template, with the system message above one that leaves the instruction to it."""
        alone = self.placement == "system" and "instruction" not in template_names(self.template)
        return f"{{instruction}}\n\n{self.template}" if alone else self.template

    def _can_be_cut(self, fields: Collection[str]) -> bool:
        """Whether nothing but the instruction stands in the system message, and something behind it."""
        system, user = self._parts()
        elsewhere = {INPUT, "exemplars", *fields} - {"instruction"}
        return bool(user) and not elsewhere.intersection(template_names(system))


def _as_set(guidance: Guidance) -> Guidance:
    return msgspec.structs.replace(guidance, placement="")


def _turns(template: str, exemplar: Example, guidance: Guidance = UNSAID) -> tuple[Message, ...]:
    """Show an exemplar as a user's message, after its own turns, and the answer to it."""
    text = render_prompt(template, guidance, exemplar)
    return (
        *exemplar.turns,
        Message(role="user", text=text, images=exemplar.images),
        Message(role="assistant", text=exemplar.targets[0]),
    )
