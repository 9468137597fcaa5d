"""Short names for models, and what is known about each. Imports nothing heavy."""

from izcore.plugin import Record

EMBEDDED_MODEL = "smollm2-135m"


class ModelPreset(Record):
    """A model under a short name.

    ``source`` is its hub id, empty for the embedded model. ``conversation`` names the conversation
    template that the model was trained on (see :mod:`izcore_transformers.models.chat`).
    """

    source: str
    conversation: str = "tokenizer"


MODEL_PRESETS = {
    EMBEDDED_MODEL: ModelPreset(source=""),
    "vicuna": ModelPreset(source="lmsys/vicuna-13b-v1.3", conversation="vicuna"),
    "vicuna-13b": ModelPreset(source="lmsys/vicuna-13b-v1.3", conversation="vicuna"),
    "vicuna-7b": ModelPreset(source="lmsys/vicuna-7b-v1.3", conversation="vicuna"),
    "vicuna-13b-v1.3": ModelPreset(source="lmsys/vicuna-13b-v1.3", conversation="vicuna"),
    "vicuna-7b-v1.3": ModelPreset(source="lmsys/vicuna-7b-v1.3", conversation="vicuna"),
    "vicuna-13b-v1.5": ModelPreset(source="lmsys/vicuna-13b-v1.5", conversation="vicuna"),
    "vicuna-7b-v1.5": ModelPreset(source="lmsys/vicuna-7b-v1.5", conversation="vicuna"),
    "wizardlm": ModelPreset(source="WizardLMTeam/WizardLM-13B-V1.2", conversation="vicuna"),
    # The published one, by the name that the published code gives it.
    "wizardlm-13b-v1.1": ModelPreset(source="WizardLM/WizardLM-13B-V1.1", conversation="vicuna"),
    "wizardlm-13b-v1.2": ModelPreset(source="WizardLMTeam/WizardLM-13B-V1.2", conversation="vicuna"),
}


def known_conversation(model: str) -> str:
    """Return the conversation template a model is known to want, from its preset or its name, else ''."""
    preset = MODEL_PRESETS.get(model)
    if preset is not None:
        return preset.conversation
    name = model.lower()
    return "vicuna" if "vicuna" in name or "wizardlm-13b" in name else ""
