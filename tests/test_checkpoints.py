"""The trained models in `course/checkpoints`: each has a card, a script and weights, and does what its card says.

A checkpoint's `train.py` offers `train(folder)` and `evaluate(folder)`, which returns the scores that the card states.
"""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

FOLDERS = sorted(path.parent for path in Path(__file__).resolve().parents[1].glob("course/checkpoints/*/config.json"))
SMALLEST = "depot_bert_qa"
# A tenth of a point is how the cards round. Another processor adds up in another order, so a logit may tip over.
EVALUATED = 0.5
# The same differences grow over a whole training, so that it ends with other weights, which are as good.
RETRAINED = 3.0
# Nothing tells the weekday: two models that guess it on 1000 notes differ by more in less than one of a hundred cases.
GUESSED = {"masked_came_in": 5.0}

each_checkpoint = pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _offline_on_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(sys, "path", list(sys.path))  # the scripts add the folder of checkpoints
    torch.set_num_threads(1)


def script_of(folder: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"train_{folder.name}", folder / "train.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def scores_in_card(folder: Path) -> dict[str, float]:
    """Reads the rows `| score | 97.2 | what it means |` of the card."""
    rows = re.findall(r"^\| `(\w+)` \| ([\d.]+) \|", (folder / "README.md").read_text(), re.MULTILINE)
    return {name: float(value) for name, value in rows}


def test_there_are_checkpoints():
    assert SMALLEST in {folder.name for folder in FOLDERS}


@each_checkpoint
def test_a_checkpoint_has_its_card_its_script_and_small_weights(folder: Path):
    card = (folder / "README.md").read_text()
    for section in ("Data", "Size", "Scores", "Limits", "Licence"):
        assert f"\n## {section}\n" in card, f"the card of {folder.name} has no section {section}"
    assert "CC BY 4.0" in card and "BSD" in card
    assert (folder / "train.py").is_file()
    assert (folder / "model.safetensors").stat().st_size < 4_000_000
    assert not [path.name for path in folder.iterdir() if path.suffix in (".bin", ".pt", ".pth", ".pkl")]


@each_checkpoint
def test_the_weights_load_whole_and_the_vocabulary_fits(folder: Path):
    import transformers

    kind = getattr(transformers, json.loads((folder / "config.json").read_text())["architectures"][0])
    model, info = kind.from_pretrained(folder, local_files_only=True, output_loading_info=True)
    assert not info["missing_keys"] and not info["unexpected_keys"] and not info["mismatched_keys"]
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    assert len(tokenizer) == model.config.vocab_size


@each_checkpoint
def test_the_scores_in_the_card_are_those_of_the_shipped_weights(folder: Path):
    stated = scores_in_card(folder)
    assert stated, f"the card of {folder.name} states no score"
    assert script_of(folder).evaluate(folder) == pytest.approx(stated, abs=EVALUATED)


def test_the_smallest_checkpoint_can_be_trained_from_scratch(tmp_path: Path):
    """The smallest is trained on from another one, so that one comes first: nothing that is shipped goes into it.

    Another seed stands for another processor, which ends with other weights as well.
    """
    smallest = next(folder for folder in FOLDERS if folder.name == SMALLEST)
    body = smallest.with_name("depot_bert")
    script_of(body).train(tmp_path / "body", seed=1)
    assert_scores_of_card(body, tmp_path / "body")
    script_of(smallest).train(tmp_path / "smallest", base=tmp_path / "body")
    assert_scores_of_card(smallest, tmp_path / "smallest")


def assert_scores_of_card(folder: Path, trained: Path) -> None:
    scores, stated = script_of(folder).evaluate(trained), scores_in_card(folder)
    assert scores.keys() == stated.keys()
    for name, score in scores.items():
        assert score == pytest.approx(stated[name], abs=GUESSED.get(name, RETRAINED)), f"{folder.name}: {name}"
