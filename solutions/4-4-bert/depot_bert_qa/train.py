"""Fine-tune depot_bert, which lies in the folder beside this one, to answer questions about depot notes.

    python course/checkpoints/depot_bert_qa/train.py [FOLDER]

Writes vocabulary, weights and configuration into FOLDER (by default the folder of this script) and prints the scores
that the card states. One thread, no network, about one minute.
"""

import json
import os
import random
import sys
import time
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
CHECKPOINTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(CHECKPOINTS))

import torch
from transformers import AutoModelForQuestionAnswering, AutoTokenizer

from depot_bert.depot_notes import ask, write_note

LENGTH = 128
HARD = ("part_cost", "labour", "came_in", "back")  # two amounts and two days, which are easily mixed up
STEPS, BATCH = 300, 32


def questions(rng: random.Random, n: int, answerable: bool = False, hard: float = 0.0) -> list[tuple]:
    """Return n rows of (question, note, answer, place of its first character); ("", -1) where there is no answer.

    answerable: only questions with an answer. hard: the share of questions that ask only for HARD facts.
    """
    rows = []
    while len(rows) < n:
        note, facts = write_note(rng, complete=answerable, filler=rng.choice([0, 0, 1, 2]))
        question, answer, start = ask(rng, facts, HARD) if rng.random() < hard else ask(rng, facts)
        if note and (start >= 0 or not answerable):
            rows.append((question, note, answer, start))
    return rows


def batch_of(tokenizer, rows):
    """Return the encoded rows and the first and last token of each answer; [CLS], token 0, stands for no answer."""
    asked, notes = [row[0] for row in rows], [row[1] for row in rows]
    encoded = tokenizer(
        asked, notes, padding=True, truncation="only_second", max_length=LENGTH, return_offsets_mapping=True,
        return_tensors="pt",
    )
    places = encoded.pop("offset_mapping")
    starts, ends = [], []
    for i, (_, _, answer, begin) in enumerate(rows):
        inside = [
            token
            for token, (part, (left, right)) in enumerate(zip(encoded.sequence_ids(i), places[i].tolist()))
            if part == 1 and begin <= left and right <= begin + len(answer)
        ]
        starts.append(inside[0] if begin >= 0 and inside else 0)
        ends.append(inside[-1] if begin >= 0 and inside else 0)
    return encoded, torch.tensor(starts), torch.tensor(ends)


@torch.no_grad()
def evaluate(folder) -> dict[str, float]:
    """Return the scores on 600 new questions, in per cent: both ends of the answer right, by the highest logits."""
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model = AutoModelForQuestionAnswering.from_pretrained(folder, local_files_only=True).eval()
    scores = {}
    for name, answerable in [("answered", True), ("with_unanswerable", False)]:
        rows, right = questions(random.Random(30_000), 600, answerable), 0
        for begin in range(0, len(rows), 50):
            encoded, starts, ends = batch_of(tokenizer, rows[begin : begin + 50])
            output = model(**encoded)
            right += ((output.start_logits.argmax(-1) == starts) & (output.end_logits.argmax(-1) == ends)).sum().item()
        scores[name] = round(100 * right / len(rows), 1)
    return scores


def train(folder, base=CHECKPOINTS / "depot_bert") -> None:
    """Fine-tune the model in base and save it into folder."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    rng = random.Random(0)
    tokenizer = AutoTokenizer.from_pretrained(base, local_files_only=True)
    model = AutoModelForQuestionAnswering.from_pretrained(base, local_files_only=True).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1.5e-3, total_steps=STEPS, pct_start=0.1)
    begin = time.time()
    for step in range(STEPS):
        encoded, starts, ends = batch_of(tokenizer, questions(rng, BATCH, hard=0.6))
        loss = model(**encoded, start_positions=starts, end_positions=ends).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step % 50 == 49:
            print(f"step {step + 1:5}  loss {loss.item():.3f}  {time.time() - begin:4.0f} s", flush=True)
    model.eval().save_pretrained(folder)
    tokenizer.save_pretrained(folder)


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    train(target)
    print(json.dumps(evaluate(target)))
