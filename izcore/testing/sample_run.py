"""A small run that has all that a run can have, for checks of what is given runs."""

from izcore.plugin.calls import Usage
from izcore.plugin.examples import Example, Splits
from izcore.plugin.results import Baseline, Best, RunResult, TestScore, ValidationScore
from izcore.plugin.run_record import THIS_INSTRUCTION, InstructionScores, Run
from izcore.plugin.trials import Candidate, Guidance, Trial
from izcore.plugin.whole_prompts import PromptMessage, PromptPiece, WholePrompt


def sample_run(instruction: str) -> Run:
    """Return the run; its winner is ``instruction``."""
    cat, ox = Example(input="cat", targets=("cats",)), Example(input="ox", targets=("oxen", "oxes"))
    test = TestScore(score=0.5, low=0.1, high=0.9, n=2)
    guidance = Guidance(instruction=instruction, exemplars=(cat,), answer_mark="Answer:")
    candidate = Candidate(latent=(0.5,), instruction=instruction, raw=f"{instruction} ", exemplars=(cat,))
    return Run(
        id="20261122-0931-plurals-k3f9",
        task="plurals",
        status="done",
        seed=3,
        created=1_795_000_000.0,
        seconds=2.5,
        config={"task": {"name": "plurals", "options": {}}, "seed": 3},
        splits=Splits(demonstrations=(cat,), validation=(cat, ox), retest=(cat,), test=(cat, ox)),
        versions={"izcore": "0.1.0"},
        notes=("The column was guessed.",),
        generator_state={"scale": 0.5},
        trials=(
            Trial(
                index=0,
                round=0,
                candidate=candidate,
                scores=(1.0, None, 0.0),
                answers=(instruction, None, "cat"),
                finishes=("stop", None, "length"),
                calls=3,
                usage=Usage(input_tokens=30, output_tokens=3),
                cost_usd=0.25,
            ),
            Trial(index=1, round=0, candidate=candidate, scores=(1.0, None, 0.0), reused=0),
        ),
        test_scores=(
            InstructionScores(
                name=THIS_INSTRUCTION,
                guidance=guidance,
                scores=(1.0, 0.0),
                answers=("cats", "ox"),
                finishes=("stop", "stop"),
            ),
            InstructionScores(name="no instruction", guidance=Guidance(instruction=""), scores=(None, 0.0)),
        ),
        result=RunResult(
            run_id="20261122-0931-plurals-k3f9",
            task="plurals",
            status="done",
            seed=3,
            best=Best(
                instruction=instruction,
                validation=ValidationScore(score=1.0, n=1),
                test=test,
                exemplars=(cat,),
                answer_mark="Answer:",
                whole_prompt=sample_prompt(instruction),
            ),
            baselines=(
                Baseline(name="no instruction", instruction="", test=test, difference=0.5, p_value=0.5),
            ),
            trials=2,
            unique_instructions=1,
            calls=7,
            cached_calls=0,
            tokens=Usage(input_tokens=70, output_tokens=7),
            cost_usd=None,
            seconds=2.5,
            conclusion="No improvement found.",
        ),
    )


def sample_prompt(instruction: str) -> WholePrompt:
    """Return a prompt that has all that texts can have: several messages and fields, an answer mark."""
    return WholePrompt(
        messages=(
            PromptMessage(role="system", pieces=(PromptPiece(text=f"{instruction} Say Answer: first."),)),
            PromptMessage(role="user", pieces=(PromptPiece(text="Word: cat\nRule:\n"),)),
            PromptMessage(role="assistant", pieces=(PromptPiece(text="cats"),)),
            PromptMessage(
                role="user",
                pieces=(
                    PromptPiece(text="Word: "),
                    PromptPiece(field="the word"),
                    PromptPiece(text="\nRule: "),
                    PromptPiece(field="class"),
                    PromptPiece(text="\n"),
                ),
            ),
        ),
        fields=("the word", "class"),
        answer_mark="Answer:",
        room=64,
    )
