"""Train depot_bert: a WordPiece vocabulary and a small BERT that fills in masked words of depot notes.

    python course/checkpoints/depot_bert/train.py [FOLDER]

Writes vocabulary, weights and configuration into FOLDER (by default the folder of this script) and prints the scores
that the card states. One thread, no network, about two and a half minutes.
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

from depot_bert.depot_notes import FAULTS, ask, write_note, write_notes

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
LENGTH = 128  # the longest sequence that the model can read
# Steps, sentences in a text, texts in a step. In whole notes the model finds the neighbours of a gap only after a
# thousand slow steps; in single sentences, which are cheap, it finds them soon, and then learns where they may stand.
WHOLE = 99
STAGES = [(600, 1, 16), (250, 2, 16), (250, 3, 12), (250, 4, 12), (1350, WHOLE, 12)]


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


def batch_of(tokenizer, rng: random.Random, sentences: int, size: int):
    """Tokenise pieces of new notes, half of the batches with a question in front of each.

    Returns the encoded texts, and a tensor that is true at the first token of the state of a part.
    """
    texts, first, states = [], [], []
    while len(texts) < size:
        filler = rng.choice([0, 0, 0, 2]) if sentences == WHOLE else 0
        note, facts = write_note(rng, complete=rng.random() < 0.7, filler=filler)
        place = facts.get("state", ("", -1))[1]
        for piece in re.finditer(rf"([^.]+\.){{1,{sentences}}}", note):
            texts.append(piece.group())
            first.append(ask(rng, facts)[0])
            states.append(place - piece.start() if piece.start() <= place < piece.end() else None)
    texts, first, states = texts[:size], first[:size], states[:size]
    asked = rng.random() < 0.5
    encoded = tokenizer(
        *([first, texts] if asked else [texts]),
        padding=True,
        truncation="only_second" if asked else True,
        max_length=LENGTH,
        return_tensors="pt",
    )
    at_state = torch.zeros(encoded["input_ids"].shape, dtype=torch.bool)
    for i, place in enumerate(states):
        token = None if place is None else encoded.char_to_token(i, place, int(asked))
        if token is not None:  # it may have been cut off
            at_state[i, token] = True
    return encoded, at_state


def mask(tokenizer, encoded, at_state, generator: torch.Generator):
    """Hide a quarter of the tokens and 80 % of the states as BERT does: 80 % become [MASK], 10 % a random token."""
    ids, labels = encoded["input_ids"].clone(), encoded["input_ids"].clone()
    chosen = torch.rand(ids.shape, generator=generator) < torch.where(at_state, 0.8, 0.25)
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
    """Return how often the likeliest token is a right one, in per cent, on 1000 new notes.

    Hidden is the first word of the part, of its state, or of the day; words of several pieces are left out. Right is
    the hidden word, and for the state also the other one of the two that its part can have: the note cannot tell them
    apart.
    """
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model = AutoModelForMaskedLM.from_pretrained(folder, local_files_only=True).eval()
    states_of = {parts[0]: states for parts, _, states, _ in FAULTS}
    vocab, scores = tokenizer.get_vocab(), {}
    for name in ("part", "state", "came_in"):
        texts, answers = [], []
        for text, facts in write_notes(1000, seed=20_000):
            value, start = facts[name]
            word = value.split()[0]
            if word.lower() in vocab:
                texts.append(text[:start] + "[MASK]" + text[start + len(word) :])
                values = states_of[facts["part"][0]] if name == "state" else [value]
                answers.append({vocab.get(value.split()[0].lower()) for value in values})
        right = 0
        for begin in range(0, len(texts), 50):
            encoded = tokenizer(texts[begin : begin + 50], padding=True, return_tensors="pt")
            logits = model(**encoded).logits[encoded["input_ids"] == tokenizer.mask_token_id]
            right += sum(
                token in known for token, known in zip(logits.argmax(-1).tolist(), answers[begin : begin + 50])
            )
        scores[f"masked_{name}"] = round(100 * right / len(texts), 1)
    return scores


def train(folder, seed: int = 0) -> None:
    """Train from scratch and save into folder."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    rng, generator = random.Random(seed), torch.Generator().manual_seed(seed)
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
        initializer_range=0.08,  # near 1 / sqrt(128); the usual 0.02 suits far longer vectors and learns slowly here
    )
    model = BertForMaskedLM(config).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01, fused=True)
    total = sum(steps for steps, _, _ in STAGES)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=2e-3, total_steps=total, pct_start=0.1)
    begin, step = time.time(), 0
    for steps, sentences, size in STAGES:
        for _ in range(steps):
            encoded, at_state = batch_of(tokenizer, rng, sentences, size)
            ids, labels = mask(tokenizer, encoded, at_state, generator)
            hidden = model.bert(ids, encoded["attention_mask"], encoded["token_type_ids"]).last_hidden_state
            chosen = labels != -100
            loss = torch.nn.functional.cross_entropy(model.cls(hidden[chosen]), labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            step += 1
            if step % 100 == 0:
                print(f"step {step:5}  loss {loss.item():.3f}  {time.time() - begin:4.0f} s", flush=True)
    model.eval().save_pretrained(folder)
    tokenizer.save_pretrained(folder)


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    train(target)
    print(json.dumps(evaluate(target)))
