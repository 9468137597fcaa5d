"""Keys reach nobody: not through options, not through answers, not through messages."""

import json

import pytest

import izcore
from izcore.plugin import Completion, ConfigError, Usage
from izcore.registry.redaction import answer_without_keys, unmistakable_keys, without_keys
from izcore.registry.registry import discover

ENVIRON = {"OURS_API_KEY": "k3yk3yk3yk3yk3yk3y", "DB_PASSWORD": "wonderful", "EDITOR": "vi0123456789abcdefg"}


def test_an_answer_repeats_no_key_and_is_else_unchanged() -> None:
    usage = Usage(input_tokens=1, output_tokens=1)
    answer = Completion(
        text="You sent k3yk3yk3yk3yk3yk3y. How wonderful!", usage=usage, reasoning="k3yk3yk3yk3yk3yk3y"
    )
    shown = answer_without_keys(answer, unmistakable_keys(ENVIRON).values())
    assert (shown.text, shown.reasoning) == ("You sent [key]. How wonderful!", "[key]")
    assert answer_without_keys(shown, unmistakable_keys(ENVIRON).values()) is shown


def test_a_message_repeats_no_key_of_the_environment() -> None:
    text = without_keys("wonderful k3yk3yk3yk3yk3yk3y at http://me:pw@host/?sig=abc", ENVIRON)
    assert text == "[key] [key] at http://host/?sig=[key]"


@pytest.mark.parametrize(
    ("kind", "spec", "options", "option"),
    [
        ("scorer", "openai:m", {"api_key_env": "AKIAIOSFODNN7EXAMPLE"}, "scorer.api_key_env"),
        ("scorer", "openai:m", {"api_key_env": "sk-s3crets3crets3cret"}, "scorer.api_key_env"),
        ("scorer", "openai:m", {"base_url": "http//me:s3cret@host"}, "scorer.base_url"),
        ("scorer", "openai:m", {"base_url": "http://host/v1?token=s3cret"}, "scorer.base_url"),
        ("scorer", "openai:sk-s3crets3crets3cret", {}, "scorer.model"),
        ("scorer", "openai:m", {"system": "Say s3cret-0123456789"}, "scorer.system"),
        (
            "metric",
            "judge",
            {"judge": {"name": "openai:m", "base_url": "http://s3cret@host"}},
            "metric.judge: scorer.base_url",
        ),
    ],
)
def test_an_option_that_holds_a_secret_is_refused_and_not_repeated(
    kind: str, spec: str, options: dict[str, object], option: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OURS_API_KEY", "s3cret-0123456789")
    with pytest.raises(ConfigError, match=f"^{option}: ") as refused:
        discover().choose(kind, spec, options)  # type: ignore[arg-type]
    assert "s3cret" not in str(refused.value)
    assert "AKIA" not in str(refused.value)


@pytest.mark.parametrize("secret", ["sk-s3crets3crets3cret", "s3cret-0123456789"])
@pytest.mark.parametrize(
    ("settings", "place"),
    [
        ({"prompt_template": "{instruction} (with SECRET) {input}"}, "prompt_template"),
        ({"start": ["Go.", "Say SECRET."]}, "start"),
        ({"baselines": ["Say SECRET."]}, "baselines"),
    ],
)
def test_a_text_that_holds_a_key_is_refused_and_not_repeated(
    settings: dict[str, object], place: str, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OURS_API_KEY", "s3cret-0123456789")
    held = json.loads(json.dumps(settings).replace("SECRET", secret))
    with pytest.raises(ConfigError, match=f"^{place}: it holds ") as refused:
        izcore.plan("mirror", generator="phrases", scorer="obedient", settings=held)
    assert "s3cret" not in str(refused.value)


def test_an_instruction_to_score_that_holds_a_key_is_refused_and_not_repeated() -> None:
    with pytest.raises(ConfigError, match=r"^instruction: it holds an API key") as refused:
        izcore.score("mirror", "Say sk-s3crets3crets3cret.", scorer="obedient")
    assert "s3cret" not in str(refused.value)


def test_an_option_may_name_any_variable_that_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY0123456789ABCDEFGHIJ", "x")
    chosen = discover().choose("scorer", "openai:m", {"api_key_env": "KEY0123456789ABCDEFGHIJ"})
    assert chosen.options["api_key_env"] == "KEY0123456789ABCDEFGHIJ"
