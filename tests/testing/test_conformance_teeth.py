"""Every check of the kit bites: of each broken backend exactly the named check fails."""

import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping
from xml.etree import ElementTree

import pytest
from broken_backends.kit_runs import KITS
from broken_backends.plugin import BREAKS, MODULES
from support import TESTS

from izcore.testing import MetricConformance, ScorerConformance, Subject
from izcore.testing.conformance import checks_of

EXPECTED = {
    **{f"Test_{kind}_{name}": check for kind, names in BREAKS.items() for name, check in names.items()},
    **{f"Test_module_{name}": check for name, check in MODULES.items()},
}
Outcomes = Mapping[str, Mapping[str, str]]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    """The outcome and message of every check of every class, from one run of all."""
    report = tmp_path_factory.mktemp("kit") / "report.xml"
    options = ("-q", "--noconftest", "-p", "no:cacheprovider", "--import-mode=importlib", "-c", os.devnull)
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            *options,
            f"--junitxml={report}",
            TESTS / "broken_backends/kit_runs.py",
        ],
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        check=False,
        capture_output=True,
        timeout=500,
    )
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for case in ElementTree.parse(report).iter("testcase"):
        marks = [f"{mark.tag}: {mark.get('message')}" for mark in case]
        found[case.attrib["classname"].rpartition(".")[2]][case.attrib["name"]] = "\n".join(marks)
    return found


@pytest.mark.parametrize(("broken", "check"), EXPECTED.items(), ids=EXPECTED.keys())
def test_exactly_the_named_check_fails(broken: str, check: str, outcomes: Outcomes) -> None:
    failed = {name: said for name, said in outcomes[broken].items() if said[:4] in ("fail", "erro")}
    assert set(failed) == {check}, failed


def test_every_check_catches_something() -> None:
    assert {check for kit in KITS.values() for check in checks_of(kit)} == set(EXPECTED.values())


def test_a_check_that_does_not_fit_is_skipped_and_says_why(outcomes: Outcomes) -> None:
    said = outcomes["TestExempt"]
    assert said["test_target_scores_1"] == "skipped: exempt: the second target is only nearly right"
    assert not any(outcome.startswith(("fail", "error")) for outcome in said.values())


def test_an_exemption_from_no_check_fails(outcomes: Outcomes) -> None:
    said = outcomes["TestUnknownExemption"]
    assert all(outcome.startswith("error") and "'test_taste'" in outcome for outcome in said.values())


def test_an_exemption_needs_a_reason() -> None:
    with pytest.raises(ValueError, match="say why test_bound_holds does not fit mine"):
        Subject(plugin="izcore_mine.plugin", name="mine", exempt={"test_bound_holds": " "})


def test_a_check_cannot_be_replaced() -> None:
    with pytest.raises(TypeError, match=r"replaces test_bound_holds.*exempt="):
        type("TestMine", (ScorerConformance,), {"test_bound_holds": None})
    with pytest.raises(TypeError, match="replaces test_bound_holds"):
        type("TestMine", (ScorerConformance,), {"test_bound_holds": lambda self: None})
    lenient = type("Lenient", (), {"test_target_scores_1": lambda self: None})
    with pytest.raises(TypeError, match="replaces test_target_scores_1"):
        type("TestMine", (lenient, MetricConformance), {})
    with pytest.raises(TypeError, match="replaces _exemptions"):
        type("TestMine", (ScorerConformance,), {"_exemptions": None})


def test_without_pytest_it_says_what_to_install() -> None:
    program = "import sys; sys.modules['pytest'] = None; import izcore.testing"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1].endswith("izcore.testing needs pytest: pip install 'izcore[testing]'")
