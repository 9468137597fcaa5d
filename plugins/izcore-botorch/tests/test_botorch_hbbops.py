"""HbBoPs: the deep kernel's posterior and likelihood by hand, what it learns from, what it chooses."""

from itertools import product
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch

from izcore.plugin import (
    BackendContext,
    Candidate,
    ConfigError,
    Example,
    SuggestRequest,
    Trial,
    sobol_latents,
)
from izcore_botorch.deep_kernel import DeepKernel, belief_of, fit_deep_kernel
from izcore_botorch.encoder import Encoder
from izcore_botorch.hbbops import Hbbops, exemplar_text, most_seen
from izcore_botorch.options import HbbopsOptions
from izcore_botorch.reproducible import reproducible

CONTEXT = BackendContext(seed=0, cache_dir="", data_dir="")


def matern(kernel: DeepKernel, x: np.ndarray, y: np.ndarray) -> float:
    """Compute the scaled Matérn-5/2 kernel with one lengthscale per coordinate."""
    lengths = kernel.matern.lengthscale.detach().numpy().ravel()
    distance = float(np.sqrt((((x - y) / lengths) ** 2).sum()))
    root = np.sqrt(5) * distance
    return float(kernel.scale) * (1 + root + root**2 / 3) * float(np.exp(-root))


def through(layers: torch.nn.Sequential, x: np.ndarray) -> np.ndarray:
    """Send ``x`` through linear layers and rectified units."""
    for layer in layers:
        if isinstance(layer, torch.nn.Linear):
            x = x @ layer.weight.detach().numpy().T + layer.bias.detach().numpy()
        else:
            x = np.maximum(x, 0)
    return x


@pytest.fixture(scope="module")
def fitted() -> tuple[DeepKernel, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    instruction, exemplars, values = rng.random((9, 4)), rng.random((9, 3)), rng.normal(size=9)
    with reproducible(0):
        kernel = fit_deep_kernel(
            *map(torch.from_numpy, (instruction, exemplars, values)), steps=5, patience=5, learning_rate=0.01
        )
    return kernel, instruction, exemplars, values


def test_each_half_has_a_network_and_a_joint_one_leads_to_ten_numbers(
    fitted: tuple[DeepKernel, np.ndarray, np.ndarray, np.ndarray],
) -> None:
    kernel, instruction, exemplars, _ = fitted
    halves = (through(kernel.instruction, instruction), through(kernel.exemplars, exemplars))
    expected = through(kernel.joint, np.concatenate(halves, axis=1))
    latent = kernel.latent(torch.from_numpy(instruction), torch.from_numpy(exemplars))
    assert latent.shape == (9, 10)
    assert latent.numpy() == pytest.approx(expected)
    shapes = [
        tuple(parameter.shape) for name, parameter in kernel.named_parameters() if name.endswith("weight")
    ]
    assert shapes == [(64, 4), (32, 64), (64, 3), (32, 64), (32, 64), (10, 32)]


def test_likelihood_and_posterior_are_those_of_a_gaussian_process(
    fitted: tuple[DeepKernel, np.ndarray, np.ndarray, np.ndarray],
) -> None:
    kernel, instruction, exemplars, values = fitted
    halves = torch.from_numpy(instruction), torch.from_numpy(exemplars)
    points = kernel.latent(*halves).numpy()
    near = np.array([[matern(kernel, x, y) for y in points] for x in points])
    covariance = near + float(kernel.noise) * np.eye(9)
    _, log_det = np.linalg.slogdet(covariance)
    density = -(values @ np.linalg.solve(covariance, values) + log_det + 9 * np.log(2 * np.pi)) / 2
    assert float(kernel.misfit(*halves, torch.from_numpy(values))) == pytest.approx(-density / 9)

    rng = np.random.default_rng(5)
    elsewhere = kernel.latent(torch.from_numpy(rng.random((6, 4))), torch.from_numpy(rng.random((6, 3))))
    belief = belief_of(kernel, torch.from_numpy(points), torch.from_numpy(values))
    across = np.array([[matern(kernel, x, y) for y in points] for x in elsewhere.numpy()])
    mean, variance = belief.model.mean_and_variance(elsewhere)
    assert mean.numpy() == pytest.approx(across @ np.linalg.solve(covariance, values))
    left = float(kernel.scale) - np.einsum("ij,ji->i", across, np.linalg.solve(covariance, across.T))
    assert variance.numpy() == pytest.approx(left, rel=1e-6)
    assert belief.best_f == values.max()


def test_fitting_makes_the_values_likelier_and_ends_with_the_best() -> None:
    rng = np.random.default_rng(1)
    halves = torch.from_numpy(rng.random((12, 4))), torch.from_numpy(rng.random((12, 3)))
    values = torch.from_numpy(rng.normal(size=12))
    misfits = []
    for steps in (1, 20, 80):
        with reproducible(0):
            kernel = fit_deep_kernel(*halves, values, steps=steps, patience=steps, learning_rate=0.01)
        misfits.append(float(kernel.misfit(*halves, values)))
    assert misfits == sorted(misfits, reverse=True)
    assert misfits[2] < misfits[0]


def trial(index: int, scores: tuple[float | None, ...], penalty: float = 0.0) -> Trial:
    candidate = Candidate(latent=(index / 10,), instruction=f"Say {index}.")
    return Trial(index=index, round=0, candidate=candidate, scores=scores, penalty=penalty)


def test_it_learns_from_the_most_examples_that_enough_trials_saw() -> None:
    """Three saw four examples, and one more saw two: where four are wanted, the first two count."""
    trials = [
        trial(0, (1.0, 0.0, 1.0, 1.0)),
        trial(1, (0.0, 0.0)),
        trial(2, (1.0, 1.0, 0.0, 0.0), penalty=0.25),
        trial(3, (None, 0.5, 0.0, 0.0)),
        trial(4, (1.0,)),
    ]
    learned, scores = most_seen(trials, 4)
    assert [each.index for each in learned] == [0, 1, 2, 3]
    assert scores.tolist() == [0.5, 0.0, 0.75, 0.5]
    assert [each.index for each in most_seen(trials, 3)[0]] == [0, 2, 3]
    assert [each.index for each in most_seen(trials, 6)[0]] == [0, 1, 2, 4]


VERBS = ("Sort the words", "Count the letters", "Name the animal", "Give the capital", "Repeat the line")
SETS = tuple(
    tuple(Example(input=f"{kind} {n}", targets=(f"{kind} answer",)) for n in range(2))
    for kind in ("alpha", "river", "seven", "quartz")
)


def candidates_of() -> tuple[tuple[Candidate, ...], np.ndarray]:
    """Return instructions with exemplars, all with all, and what they are worth: one plus the other."""
    pairs = list(product(range(len(VERBS)), range(len(SETS))))
    order = np.random.default_rng(0).permutation(len(pairs))
    latents = sobol_latents(len(pairs), 3, 0)
    found = tuple(
        Candidate(latent=latent, instruction=f"{VERBS[pairs[at][0]]}.", exemplars=SETS[pairs[at][1]])
        for latent, at in zip(latents, order, strict=True)
    )
    worth = np.array([0.15 * pairs[at][0] + 0.1 * pairs[at][1] for at in order])
    return found, worth


def history_of(candidates: tuple[Candidate, ...], worth: np.ndarray) -> tuple[Trial, ...]:
    return tuple(
        Trial(
            index=index,
            round=0,
            candidate=candidate,
            scores=tuple((value > (np.arange(20) + 0.5) / 20).astype(float).tolist()),
        )
        for index, (candidate, value) in enumerate(zip(candidates, worth, strict=True))
    )


def test_what_exemplars_and_instructions_are_worth_is_learned_apart() -> None:
    candidates, worth = candidates_of()
    history = history_of(candidates[:12], worth[:12])
    gains = []
    for seed in range(2):
        request = SuggestRequest(history=history, count=2, latent_dim=3, seed=seed, pool=candidates[12:])
        latents = Hbbops(HbbopsOptions(steps=80, interleaving=0.0), CONTEXT).suggest(request).latents
        members = [candidate.latent for candidate in candidates]
        gains.append(np.mean([worth[members.index(latent)] for latent in latents]) - worth[12:].mean())
    assert np.mean(gains) > 0.1


def test_suggestions_are_mixed_with_random_ones() -> None:
    candidates, worth = candidates_of()
    history = history_of(candidates[:12], worth[:12])
    request = SuggestRequest(history=history, count=3, latent_dim=3, seed=0, pool=candidates[12:])
    chosen = [
        set(Hbbops(HbbopsOptions(steps=20, interleaving=1.0), CONTEXT).suggest(asked).latents)
        for asked in (msgspec.structs.replace(request, seed=seed) for seed in range(4))
    ]
    assert len(set(map(frozenset, chosen))) > 1
    assert all(len(each) == 3 for each in chosen)


def test_users_prompts_count_without_a_latent() -> None:
    """They say that the first choice without them is bad."""
    candidates, worth = candidates_of()
    history = history_of(candidates[:12], worth[:12])
    request = SuggestRequest(history=history, count=1, latent_dim=3, seed=0, pool=candidates[12:])
    surrogate = Hbbops(HbbopsOptions(steps=200, interleaving=0.0), CONTEXT)
    latents = surrogate.suggest(request).latents
    choice = next(candidate for candidate in candidates if candidate.latent == latents[0])
    own = tuple(
        Trial(
            index=index,
            round=0,
            candidate=msgspec.structs.replace(choice, latent=()),
            scores=(0.0,) * 20,
        )
        for index in (12, 13, 14)
    )
    assert surrogate.suggest(msgspec.structs.replace(request, unplaced=own)).latents != latents


def test_exemplars_are_read_as_the_model_sees_them() -> None:
    candidate = Candidate(latent=(0.5,), instruction="Say it.", exemplars=SETS[0])
    assert exemplar_text(candidate) == "alpha 0\nalpha answer\n\nalpha 1\nalpha answer"
    assert exemplar_text(msgspec.structs.replace(candidate, exemplars=())) == ""


def test_an_encoder_that_is_not_there_is_said_before_anything_is_paid(tmp_path: Path) -> None:
    candidates, _ = candidates_of()
    request = SuggestRequest(history=(), count=1, latent_dim=3, seed=0, pool=candidates)
    with pytest.raises(ConfigError, match=r"no text encoder .*nowhere on this machine"):
        Hbbops(HbbopsOptions(encoder=str(tmp_path / "nowhere")), CONTEXT).suggest(request)
    with pytest.raises(ConfigError, match=r"surrogate\.encoder: it reads texts"):
        Hbbops(HbbopsOptions(encoder="bert", on="latents"), CONTEXT)


@pytest.fixture(scope="module")
def tiny_bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a BERT of random weights that knows letters."""
    from transformers import BertConfig, BertModel, BertTokenizer

    folder = tmp_path_factory.mktemp("bert")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    letters = [f"{before}{chr(code)}" for before in ("", "##") for code in range(ord("a"), ord("z") + 1)]
    vocabulary = folder / "vocab.txt"
    vocabulary.write_text("\n".join([*words, ".", *letters]))
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(words) + 1 + len(letters),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
    )
    BertModel(config).save_pretrained(folder)
    BertTokenizer(str(vocabulary)).save_pretrained(folder)
    return folder


def test_an_encoder_reads_a_text_alike_whatever_else_it_reads(tiny_bert: Path) -> None:
    texts = [f"{verb}." for verb in VERBS]
    points = Encoder(str(tiny_bert)).points(texts)
    assert points.shape == (5, 16)
    assert float(points.min()) == 0.0
    assert float(points.max()) == 1.0
    assert torch.equal(Encoder(str(tiny_bert)).points(texts[::-1]), points.flip(0))


def test_it_suggests_by_an_encoder(tiny_bert: Path) -> None:
    candidates, worth = candidates_of()
    history = history_of(candidates[:12], worth[:12])
    request = SuggestRequest(history=history, count=2, latent_dim=3, seed=0, pool=candidates[12:])
    options = HbbopsOptions(steps=20, encoder=str(tiny_bert))
    first = Hbbops(options, CONTEXT).suggest(request)
    assert Hbbops(options, CONTEXT).suggest(request) == first
    assert set(first.latents) <= {candidate.latent for candidate in candidates[12:]}
