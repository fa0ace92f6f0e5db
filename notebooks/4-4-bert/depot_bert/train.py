"""Train depot_bert: a WordPiece vocabulary and a small BERT that fills in masked words of depot notes.

    python course/checkpoints/depot_bert/train.py [FOLDER]

Writes vocabulary, weights and configuration into FOLDER (by default the folder of this script) and prints the scores
that the card states. One thread, no network, about six minutes.
"""

import json
import os
import random
import re
import sys
import time
from collections import Counter
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch
from transformers import AutoModelForMaskedLM, AutoTokenizer, BertConfig, BertForMaskedLM, BertTokenizer

from depot_bert.depot_notes import ask, write_note, write_notes

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
LENGTH = 128  # the longest sequence that the model can read
STEPS, BATCH = 2400, 32


def build_tokenizer(size: int = 900) -> BertTokenizer:
    """Learn a WordPiece vocabulary from 6000 notes, each with a question.

    Starts from single characters and joins the most frequent pair of neighbours until the vocabulary is full. The
    trainer of the library does the same, but takes pairs of equal frequency in an order that changes from run to run.
    """
    rng = random.Random(1)
    words = Counter()
    for _ in range(6000):
        note, facts = write_note(rng, filler=rng.choice([0, 0, 1]))
        words.update(re.findall(r"\w+|[^\w\s]", f"{ask(rng, facts)[0]} {note}".lower()))
    alphabet = "abcdefghijklmnopqrstuvwxyz0123456789"
    vocab = SPECIAL + list(alphabet) + list(".,:;!?'-()/") + ["##" + letter for letter in alphabet]
    cuts = {word: [word[0], *("##" + letter for letter in word[1:])] for word in sorted(words)}
    while len(vocab) < size:
        pairs = Counter()
        for word, pieces in cuts.items():
            for pair in zip(pieces, pieces[1:]):
                pairs[pair] += words[word]
        left, right = max(sorted(pairs), key=pairs.__getitem__)
        joined = left + right.removeprefix("##")
        vocab += [joined] if joined not in vocab else []
        for pieces in cuts.values():
            for i in range(len(pieces) - 2, -1, -1):
                if pieces[i : i + 2] == [left, right]:
                    pieces[i : i + 2] = [joined]
    numbers = {token: number for number, token in enumerate(vocab)}
    return BertTokenizer(vocab=numbers, do_lower_case=True, model_max_length=LENGTH)


def batch_of(tokenizer, rng: random.Random, size: int = BATCH):
    """Tokenise new notes, half of them with a question in front."""
    notes = [write_note(rng, complete=rng.random() < 0.7, filler=rng.choice([0, 0, 0, 2])) for _ in range(size)]
    first = [ask(rng, facts)[0] for _, facts in notes]
    texts = [text or "-" for text, _ in notes]
    if rng.random() < 0.5:
        return tokenizer(texts, padding=True, truncation=True, max_length=LENGTH, return_tensors="pt")
    return tokenizer(
        first, texts, padding=True, truncation="only_second", max_length=LENGTH, return_tensors="pt"
    )


def mask(tokenizer, encoded, generator: torch.Generator):
    """Hide 20 % of the tokens as BERT does: 80 % become [MASK], 10 % a random token, 10 % stay."""
    ids, labels = encoded["input_ids"].clone(), encoded["input_ids"].clone()
    chosen = torch.rand(ids.shape, generator=generator) < 0.2
    chosen &= ids >= len(SPECIAL)
    labels[~chosen] = -100
    kind = torch.rand(ids.shape, generator=generator)
    ids[chosen & (kind < 0.8)] = tokenizer.mask_token_id
    random_ids = torch.randint(len(SPECIAL), len(tokenizer), ids.shape, generator=generator)
    swapped = chosen & (kind >= 0.9)
    ids[swapped] = random_ids[swapped]
    return ids, labels


@torch.no_grad()
def evaluate(folder) -> dict[str, float]:
    """Return how often the likeliest token is the hidden one, in per cent, on 400 new notes.

    Hidden is the first word of the part, of its state, or of the day; words of several pieces are left out.
    """
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model = AutoModelForMaskedLM.from_pretrained(folder, local_files_only=True).eval()
    scores = {}
    for name in ("part", "state", "came_in"):
        texts, answers = [], []
        for text, facts in write_notes(400, seed=20_000):
            value, start = facts[name]
            word = value.split()[0]
            if word.lower() in tokenizer.get_vocab():
                texts.append(text[:start] + "[MASK]" + text[start + len(word) :])
                answers.append(tokenizer.convert_tokens_to_ids(word.lower()))
        right = 0
        for begin in range(0, len(texts), 50):
            encoded = tokenizer(texts[begin : begin + 50], padding=True, return_tensors="pt")
            logits = model(**encoded).logits[encoded["input_ids"] == tokenizer.mask_token_id]
            right += (logits.argmax(-1) == torch.tensor(answers[begin : begin + 50])).sum().item()
        scores[f"masked_{name}"] = round(100 * right / len(texts), 1)
    return scores


def train(folder, steps: int = STEPS) -> None:
    """Train from scratch and save into folder."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    rng, generator = random.Random(0), torch.Generator().manual_seed(0)
    tokenizer = build_tokenizer()
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=384,
        max_position_embeddings=LENGTH,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    model = BertForMaskedLM(config).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=2e-3, total_steps=steps, pct_start=0.1)
    begin = time.time()
    for step in range(steps):
        encoded = batch_of(tokenizer, rng)
        ids, labels = mask(tokenizer, encoded, generator)
        hidden = model.bert(ids, encoded["attention_mask"], encoded["token_type_ids"]).last_hidden_state
        chosen = labels != -100
        loss = torch.nn.functional.cross_entropy(model.cls(hidden[chosen]), labels[chosen])
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step % 100 == 99:
            print(f"step {step + 1:5}  loss {loss.item():.3f}  {time.time() - begin:4.0f} s", flush=True)
    model.eval().save_pretrained(folder)
    tokenizer.save_pretrained(folder)


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    train(target)
    print(json.dumps(evaluate(target)))
