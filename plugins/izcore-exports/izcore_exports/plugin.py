"""Registers the formats; what they need is imported when one is chosen."""

from izcore.plugin import ExporterRegistration, hookimpl
from izcore_exports.options import GradedOptions, PromptfooOptions

IZCORE_API = 1


@hookimpl
def izcore_exporters() -> list[ExporterRegistration]:
    """Register the formats of prompts."""
    return [
        ExporterRegistration(
            name="promptfoo",
            summary="A configuration of promptfoo: prompt, model, test examples and metric",
            factory="izcore_exports.promptfoo:Promptfoo",
            options=PromptfooOptions,
            argument="provider",
            exports="prompt",
        ),
        ExporterRegistration(
            name="openai-evals",
            summary="An eval and its run, as OpenAI's SDK takes them, in JSON",
            factory="izcore_exports.openai_evals:OpenAIEvals",
            options=GradedOptions,
            exports="prompt",
        ),
        ExporterRegistration(
            name="dspy",
            summary="A module with a DSPy program, whose adapter sends the messages as measured",
            factory="izcore_exports.dspy_module:Dspy",
            exports="prompt",
        ),
        ExporterRegistration(
            name="langchain",
            summary="A ChatPromptTemplate of LangChain, in its own JSON",
            factory="izcore_exports.langchain:LangChain",
            install='pip install "izcore-exports[langchain]"',
            exports="prompt",
        ),
    ]
