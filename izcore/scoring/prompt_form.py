"""The form of a black box's prompts: which template, and where in the conversation the instruction stands."""

from collections.abc import Collection, Iterable, Mapping

import msgspec

from izcore.config.schema import Placement, ScoringConfig
from izcore.plugin.calls import Message, Prompt
from izcore.plugin.errors import ConfigError
from izcore.plugin.examples import Example
from izcore.plugin.record import Record
from izcore.plugin.trials import Guidance
from izcore.scoring.prompt import (
    DEFAULT_TEMPLATE,
    INPUT,
    check_template,
    fill_template,
    last_place,
    render_prompt,
    template_names,
)

DEFAULT_TEMPLATES: Mapping[Placement, str] = {
    "one-message": DEFAULT_TEMPLATE,
    "system": "{instruction}\n\nInput: {input}\nOutput:",
}
"""The templates where neither the user nor the task has one."""


class PromptForm(Record):
    """How the prompts of one run are made.

    In ``one-message`` all of the template is the user's message. In ``system`` the template up to the end of
    the line with ``{instruction}`` is the system message, and what follows is the user's. Exemplars are
    turns there, the user's message and the first target as its answer, unless the template says with
    ``{exemplars}`` where they stand. Without an instruction there is no system message.

    An example's own turns stand before its message, and its images are shown with that.
    """

    template: str
    placement: Placement = "one-message"

    @classmethod
    def of(cls, config: ScoringConfig) -> "PromptForm":
        """Return the form that a run is set to."""
        return cls(template=config.prompt_template, placement=config.placement)

    def check(self, fields: Collection[str] = ()) -> None:
        """Raise ConfigError if the template cannot be filled in, or not be cut where the placement wants.

        ``fields`` are the names of those that the task's examples have, besides ``input``.
        """
        check_template(self.template, fields)
        system, user = self._parts()
        before = {INPUT, "exemplars", *fields}.intersection(template_names(system))
        if self.placement == "system" and (before or not user):
            raise ConfigError(
                f"placement: no system message can be cut from the template {self.template!r}.",
                hint="{instruction} must stand on a line before all other placeholders; "
                'or choose placement = "one-message".',
            )

    def check_exemplars(self, exemplars: Iterable[Example]) -> None:
        """Raise ConfigError for exemplars with turns or images where exemplars stand within a text."""
        within = self.placement == "one-message" or "exemplars" in template_names(self._parts()[1])
        if within and any(exemplar.turns or exemplar.images for exemplar in exemplars):
            raise ConfigError(
                "few_shot: conversations and images cannot be shown as exemplars within one message.",
                hint='With placement = "system", and a template without {exemplars}, they are turns.',
            )

    def prompt(self, guidance: Guidance, example: Example) -> Prompt:
        """Return the prompt that asks to follow guidance on an example."""
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

    def _parts(self) -> tuple[str, str]:
        """Return the system message's and the user message's part of the template."""
        start = last_place(self.template, "instruction")
        system, _, user = self.template[start:].partition("\n")
        return self.template[:start] + system, user.lstrip("\n")


def _turns(user: str, exemplar: Example) -> tuple[Message, ...]:
    """Show an exemplar as a user's message, after its own turns, and the answer to it."""
    text = render_prompt(user, Guidance(instruction=""), exemplar)
    return (
        *exemplar.turns,
        Message(role="user", text=text, images=exemplar.images),
        Message(role="assistant", text=exemplar.targets[0]),
    )
