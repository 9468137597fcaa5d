"""Formats in which ``iz export`` writes a prompt, and that need no library: texts, TOML and Python."""

from izcore.plugin.registrations import ExporterRegistration

PROMPT_FORMATS: tuple[ExporterRegistration, ...] = (
    ExporterRegistration(
        name="text",
        summary="The prompt as text, with {input} where the input goes",
        factory="izcore.builtins.prompt_formats.plain:Text",
        suffixes=(".txt",),
        exports="prompt",
    ),
    ExporterRegistration(
        name="messages",
        summary="A JSON list of messages with role and content, with {input} where the input goes",
        factory="izcore.builtins.prompt_formats.plain:Messages",
        suffixes=(".json",),
        exports="prompt",
    ),
    ExporterRegistration(
        name="toml",
        summary="The messages and how they were measured, in TOML",
        factory="izcore.builtins.prompt_formats.plain:Toml",
        suffixes=(".toml",),
        exports="prompt",
    ),
    ExporterRegistration(
        name="python",
        summary="A module whose function messages() gives what to send; it needs nothing but Python",
        factory="izcore.builtins.prompt_formats.python:Python",
        suffixes=(".py",),
        exports="prompt",
    ),
)
