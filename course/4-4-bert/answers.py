# %% [markdown]
# Exercise 1, tokenise


# %% right="tokenise" name="character by character, with a recursive cut"
def encode(text, vocab, max_length=None):
    words, current = [], ""
    for character in text.lower():
        if character.isalnum():
            current += character
            continue
        if current:
            words.append(current)
        current = ""
        if not character.isspace():
            words.append(character)
    if current:
        words.append(current)

    def cut(rest, prefix=""):
        """Return the pieces of the rest of a word, or None."""
        if not rest:
            return []
        for size in range(len(rest), 0, -1):
            if prefix + rest[:size] in vocab:
                tail = cut(rest[size:], "##")
                return None if tail is None else [vocab[prefix + rest[:size]], *tail]
        return None

    ids = [vocab["[CLS]"]]
    for word in words:
        pieces = cut(word)
        ids.extend([vocab["[UNK]"]] if pieces is None else pieces)
    if max_length is not None:
        del ids[max_length - 1 :]
    return ids + [vocab["[SEP]"]]


def encode_batch(texts, vocab, max_length=None):
    rows = [torch.tensor(encode(text, vocab, max_length)) for text in texts]
    ids = nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=vocab["[PAD]"])
    mask = nn.utils.rnn.pad_sequence([torch.ones_like(row) for row in rows], batch_first=True)
    return {"input_ids": ids, "attention_mask": mask}


# %% right="tokenise" name="the tokenizers library"
def encode(text, vocab, max_length=None):
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

    tokenizer = Tokenizer(models.WordPiece(dict(vocab), unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    ids = tokenizer.encode(text, add_special_tokens=False).ids
    if max_length is not None:
        ids = ids[: max_length - 2]
    return [vocab["[CLS]"]] + ids + [vocab["[SEP]"]]


def encode_batch(texts, vocab, max_length=None):
    rows = [encode(text, vocab, max_length) for text in texts]
    shape = len(rows), max(map(len, rows))
    ids = torch.full(shape, vocab["[PAD]"], dtype=torch.int64)
    mask = torch.zeros(shape, dtype=torch.int64)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = torch.tensor(row)
        mask[i, : len(row)] = 1
    return {"input_ids": ids, "attention_mask": mask}


# %% right="tokenise" name="a while loop that shortens the piece"
def encode(text: str, vocab: dict[str, int], max_length: int | None = None) -> list[int]:
    spaced = "".join(c if c.isalnum() else f" {c} " for c in text.lower())
    ids = []
    for word in spaced.split():
        found = []
        start = 0
        while start < len(word):
            end = len(word)
            piece = None
            while end > start:
                candidate = word[start:end] if start == 0 else "##" + word[start:end]
                if candidate in vocab:
                    piece = vocab[candidate]
                    break
                end -= 1
            if piece is None:
                found = None
                break
            found.append(piece)
            start = end
        if found is None:
            ids.append(vocab["[UNK]"])
        else:
            ids.extend(found)
    if max_length is not None and len(ids) > max_length - 2:
        ids = ids[: max_length - 2]
    return [vocab["[CLS]"]] + ids + [vocab["[SEP]"]]


def encode_batch(texts: list[str], vocab: dict[str, int], max_length: int | None = None) -> dict[str, torch.Tensor]:
    encoded = [encode(text, vocab, max_length) for text in texts]
    width = max(len(ids) for ids in encoded)
    input_ids, attention_mask = [], []
    for ids in encoded:
        missing = width - len(ids)
        input_ids.append(ids + [vocab["[PAD]"]] * missing)
        attention_mask.append([1] * len(ids) + [0] * missing)
    return {
        "input_ids": torch.tensor(input_ids, dtype=torch.long),
        "attention_mask": torch.tensor(attention_mask, dtype=torch.long),
    }


# %% wrong="tokenise" name="keeps capital letters" fails="tokenise-words"
def encode(text: str, vocab: dict[str, int], max_length: int | None = None) -> list[int]:
    """Return the numbers of a text's word pieces, with [CLS] in front and [SEP] at the end."""
    ids = []
    for word in re.findall(r"[^\W_]+|[^\w\s]|_", text):
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


def encode_batch(texts: list[str], vocab: dict[str, int], max_length: int | None = None) -> dict[str, torch.Tensor]:
    """Return input_ids and attention_mask, int64 tensors of shape (texts, longest text)."""
    rows = [encode(text, vocab, max_length) for text in texts]
    longest = max(len(row) for row in rows)
    ids = [row + [vocab["[PAD]"]] * (longest - len(row)) for row in rows]
    mask = [[1] * len(row) + [0] * (longest - len(row)) for row in rows]
    return {"input_ids": torch.tensor(ids), "attention_mask": torch.tensor(mask)}


# %% wrong="tokenise" name="the shortest piece first" fails="tokenise-words"
def encode(text: str, vocab: dict[str, int], max_length: int | None = None) -> list[int]:
    """Return the numbers of a text's word pieces, with [CLS] in front and [SEP] at the end."""
    ids = []
    for word in re.findall(r"[^\W_]+|[^\w\s]|_", text.lower()):
        pieces, prefix = [], ""
        while word:
            sizes = range(1, len(word) + 1)
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


def encode_batch(texts: list[str], vocab: dict[str, int], max_length: int | None = None) -> dict[str, torch.Tensor]:
    """Return input_ids and attention_mask, int64 tensors of shape (texts, longest text)."""
    rows = [encode(text, vocab, max_length) for text in texts]
    longest = max(len(row) for row in rows)
    ids = [row + [vocab["[PAD]"]] * (longest - len(row)) for row in rows]
    mask = [[1] * len(row) + [0] * (longest - len(row)) for row in rows]
    return {"input_ids": torch.tensor(ids), "attention_mask": torch.tensor(mask)}


# %% wrong="tokenise" name="keeps the pieces found before an unknown one" fails="tokenise-words"
def encode(text: str, vocab: dict[str, int], max_length: int | None = None) -> list[int]:
    """Return the numbers of a text's word pieces, with [CLS] in front and [SEP] at the end."""
    ids = []
    for word in re.findall(r"[^\W_]+|[^\w\s]|_", text.lower()):
        pieces, prefix = [], ""
        while word:
            sizes = range(len(word), 0, -1)
            size = next((size for size in sizes if prefix + word[:size] in vocab), None)
            if size is None:
                pieces.append(vocab["[UNK]"])
                break
            pieces.append(vocab[prefix + word[:size]])
            word, prefix = word[size:], "##"
        ids += pieces
    if max_length is not None:
        ids = ids[: max_length - 2]
    return [vocab["[CLS]"], *ids, vocab["[SEP]"]]


def encode_batch(texts: list[str], vocab: dict[str, int], max_length: int | None = None) -> dict[str, torch.Tensor]:
    """Return input_ids and attention_mask, int64 tensors of shape (texts, longest text)."""
    rows = [encode(text, vocab, max_length) for text in texts]
    longest = max(len(row) for row in rows)
    ids = [row + [vocab["[PAD]"]] * (longest - len(row)) for row in rows]
    mask = [[1] * len(row) + [0] * (longest - len(row)) for row in rows]
    return {"input_ids": torch.tensor(ids), "attention_mask": torch.tensor(mask)}


# %% wrong="tokenise" name="continuing pieces without ##" fails="tokenise-words"
def encode(text: str, vocab: dict[str, int], max_length: int | None = None) -> list[int]:
    """Return the numbers of a text's word pieces, with [CLS] in front and [SEP] at the end."""
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
            word, prefix = word[size:], ""
        ids += pieces
    if max_length is not None:
        ids = ids[: max_length - 2]
    return [vocab["[CLS]"], *ids, vocab["[SEP]"]]


def encode_batch(texts: list[str], vocab: dict[str, int], max_length: int | None = None) -> dict[str, torch.Tensor]:
    """Return input_ids and attention_mask, int64 tensors of shape (texts, longest text)."""
    rows = [encode(text, vocab, max_length) for text in texts]
    longest = max(len(row) for row in rows)
    ids = [row + [vocab["[PAD]"]] * (longest - len(row)) for row in rows]
    mask = [[1] * len(row) + [0] * (longest - len(row)) for row in rows]
    return {"input_ids": torch.tensor(ids), "attention_mask": torch.tensor(mask)}


# %% wrong="tokenise" name="punctuation stays at the word" fails="tokenise-words"
def encode(text: str, vocab: dict[str, int], max_length: int | None = None) -> list[int]:
    """Return the numbers of a text's word pieces, with [CLS] in front and [SEP] at the end."""
    ids = []
    for word in text.lower().split():
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


def encode_batch(texts: list[str], vocab: dict[str, int], max_length: int | None = None) -> dict[str, torch.Tensor]:
    """Return input_ids and attention_mask, int64 tensors of shape (texts, longest text)."""
    rows = [encode(text, vocab, max_length) for text in texts]
    longest = max(len(row) for row in rows)
    ids = [row + [vocab["[PAD]"]] * (longest - len(row)) for row in rows]
    mask = [[1] * len(row) + [0] * (longest - len(row)) for row in rows]
    return {"input_ids": torch.tensor(ids), "attention_mask": torch.tensor(mask)}


# %% wrong="tokenise" name="the underscore counts as a letter" fails="tokenise-words"
def encode(text: str, vocab: dict[str, int], max_length: int | None = None) -> list[int]:
    """Return the numbers of a text's word pieces, with [CLS] in front and [SEP] at the end."""
    ids = []
    for word in re.findall(r"\w+|[^\w\s]", text.lower()):
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


def encode_batch(texts: list[str], vocab: dict[str, int], max_length: int | None = None) -> dict[str, torch.Tensor]:
    """Return input_ids and attention_mask, int64 tensors of shape (texts, longest text)."""
    rows = [encode(text, vocab, max_length) for text in texts]
    longest = max(len(row) for row in rows)
    ids = [row + [vocab["[PAD]"]] * (longest - len(row)) for row in rows]
    mask = [[1] * len(row) + [0] * (longest - len(row)) for row in rows]
    return {"input_ids": torch.tensor(ids), "attention_mask": torch.tensor(mask)}


# %% wrong="tokenise" name="goes back to a shorter first piece" fails="tokenise-words"
def encode(text, vocab, max_length=None):
    def cut(rest, prefix=""):
        if not rest:
            return []
        for size in range(len(rest), 0, -1):
            if prefix + rest[:size] in vocab:
                tail = cut(rest[size:], "##")
                if tail is not None:
                    return [vocab[prefix + rest[:size]], *tail]
        return None

    ids = []
    for word in re.findall(r"[^\W_]+|[^\w\s]|_", text.lower()):
        pieces = cut(word)
        ids += [vocab["[UNK]"]] if pieces is None else pieces
    if max_length is not None:
        ids = ids[: max_length - 2]
    return [vocab["[CLS]"], *ids, vocab["[SEP]"]]


def encode_batch(texts: list[str], vocab: dict[str, int], max_length: int | None = None) -> dict[str, torch.Tensor]:
    """Return input_ids and attention_mask, int64 tensors of shape (texts, longest text)."""
    rows = [encode(text, vocab, max_length) for text in texts]
    longest = max(len(row) for row in rows)
    ids = [row + [vocab["[PAD]"]] * (longest - len(row)) for row in rows]
    mask = [[1] * len(row) + [0] * (longest - len(row)) for row in rows]
    return {"input_ids": torch.tensor(ids), "attention_mask": torch.tensor(mask)}


# %% wrong="tokenise" name="cuts off [SEP]" fails="tokenise-cut"
def encode(text: str, vocab: dict[str, int], max_length: int | None = None) -> list[int]:
    """Return the numbers of a text's word pieces, with [CLS] in front and [SEP] at the end."""
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
    return [vocab["[CLS]"], *ids, vocab["[SEP]"]][:max_length]


def encode_batch(texts: list[str], vocab: dict[str, int], max_length: int | None = None) -> dict[str, torch.Tensor]:
    """Return input_ids and attention_mask, int64 tensors of shape (texts, longest text)."""
    rows = [encode(text, vocab, max_length) for text in texts]
    longest = max(len(row) for row in rows)
    ids = [row + [vocab["[PAD]"]] * (longest - len(row)) for row in rows]
    mask = [[1] * len(row) + [0] * (longest - len(row)) for row in rows]
    return {"input_ids": torch.tensor(ids), "attention_mask": torch.tensor(mask)}


# %% wrong="tokenise" name="does not count the special tokens" fails="tokenise-cut"
def encode(text: str, vocab: dict[str, int], max_length: int | None = None) -> list[int]:
    """Return the numbers of a text's word pieces, with [CLS] in front and [SEP] at the end."""
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
        ids = ids[:max_length]
    return [vocab["[CLS]"], *ids, vocab["[SEP]"]]


def encode_batch(texts: list[str], vocab: dict[str, int], max_length: int | None = None) -> dict[str, torch.Tensor]:
    """Return input_ids and attention_mask, int64 tensors of shape (texts, longest text)."""
    rows = [encode(text, vocab, max_length) for text in texts]
    longest = max(len(row) for row in rows)
    ids = [row + [vocab["[PAD]"]] * (longest - len(row)) for row in rows]
    mask = [[1] * len(row) + [0] * (longest - len(row)) for row in rows]
    return {"input_ids": torch.tensor(ids), "attention_mask": torch.tensor(mask)}


# %% wrong="tokenise" name="cuts off the start of the text" fails="tokenise-cut"
def encode(text: str, vocab: dict[str, int], max_length: int | None = None) -> list[int]:
    """Return the numbers of a text's word pieces, with [CLS] in front and [SEP] at the end."""
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
        ids = ids[len(ids) - min(len(ids), max_length - 2) :]
    return [vocab["[CLS]"], *ids, vocab["[SEP]"]]


def encode_batch(texts: list[str], vocab: dict[str, int], max_length: int | None = None) -> dict[str, torch.Tensor]:
    """Return input_ids and attention_mask, int64 tensors of shape (texts, longest text)."""
    rows = [encode(text, vocab, max_length) for text in texts]
    longest = max(len(row) for row in rows)
    ids = [row + [vocab["[PAD]"]] * (longest - len(row)) for row in rows]
    mask = [[1] * len(row) + [0] * (longest - len(row)) for row in rows]
    return {"input_ids": torch.tensor(ids), "attention_mask": torch.tensor(mask)}


# %% wrong="tokenise" name="pads with 0" fails="tokenise-batch"
def encode(text: str, vocab: dict[str, int], max_length: int | None = None) -> list[int]:
    """Return the numbers of a text's word pieces, with [CLS] in front and [SEP] at the end."""
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


def encode_batch(texts: list[str], vocab: dict[str, int], max_length: int | None = None) -> dict[str, torch.Tensor]:
    """Return input_ids and attention_mask, int64 tensors of shape (texts, longest text)."""
    rows = [encode(text, vocab, max_length) for text in texts]
    longest = max(len(row) for row in rows)
    ids = [row + [0] * (longest - len(row)) for row in rows]
    mask = [[1] * len(row) + [0] * (longest - len(row)) for row in rows]
    return {"input_ids": torch.tensor(ids), "attention_mask": torch.tensor(mask)}


# %% wrong="tokenise" name="the mask is the other way round" fails="tokenise-batch"
def encode(text: str, vocab: dict[str, int], max_length: int | None = None) -> list[int]:
    """Return the numbers of a text's word pieces, with [CLS] in front and [SEP] at the end."""
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


def encode_batch(texts: list[str], vocab: dict[str, int], max_length: int | None = None) -> dict[str, torch.Tensor]:
    """Return input_ids and attention_mask, int64 tensors of shape (texts, longest text)."""
    rows = [encode(text, vocab, max_length) for text in texts]
    longest = max(len(row) for row in rows)
    ids = [row + [vocab["[PAD]"]] * (longest - len(row)) for row in rows]
    mask = [[0] * len(row) + [1] * (longest - len(row)) for row in rows]
    return {"input_ids": torch.tensor(ids), "attention_mask": torch.tensor(mask)}


# %% wrong="tokenise" name="pads on the left" fails="tokenise-batch"
def encode(text: str, vocab: dict[str, int], max_length: int | None = None) -> list[int]:
    """Return the numbers of a text's word pieces, with [CLS] in front and [SEP] at the end."""
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


def encode_batch(texts: list[str], vocab: dict[str, int], max_length: int | None = None) -> dict[str, torch.Tensor]:
    """Return input_ids and attention_mask, int64 tensors of shape (texts, longest text)."""
    rows = [encode(text, vocab, max_length) for text in texts]
    longest = max(len(row) for row in rows)
    ids = [[vocab["[PAD]"]] * (longest - len(row)) + row for row in rows]
    mask = [[0] * (longest - len(row)) + [1] * len(row) for row in rows]
    return {"input_ids": torch.tensor(ids), "attention_mask": torch.tensor(mask)}

# %% [markdown]
# Exercise 2, fill the mask


# %% right="fill-mask" name="one text at a time"
def fill_mask(model, tokenizer, texts, k=5):
    for text in texts:
        if text.count(tokenizer.mask_token) != 1:
            raise ValueError(text)
    was_training = model.training
    model.eval()
    answers = []
    try:
        for text in texts:
            ids = tokenizer.encode(text)
            with torch.no_grad():
                logits = model(torch.tensor([ids])).logits[0, ids.index(tokenizer.mask_token_id)].double().numpy()
            probabilities = np.exp(logits - logits.max())
            probabilities /= probabilities.sum()
            best = np.argsort(-probabilities)[:k]
            answers.append([(tokenizer.convert_ids_to_tokens(int(i)), float(probabilities[i])) for i in best])
    finally:
        model.train(was_training)
    return answers


# %% right="fill-mask" name="the library's pipeline"
def fill_mask(model, tokenizer, texts, k=5):
    from transformers import pipeline

    if any(tokenizer(text)["input_ids"].count(tokenizer.mask_token_id) != 1 for text in texts):
        raise ValueError("one mask in each text")
    if not texts:
        return []
    mode = model.training
    model.eval()
    filler = pipeline("fill-mask", model=model, tokenizer=tokenizer, device="cpu", top_k=k)
    rows = [filler(text) for text in texts]
    model.train(mode)
    return [[(tokenizer.convert_ids_to_tokens(row["token"]), float(row["score"])) for row in best] for best in rows]


# %% right="fill-mask" name="a padded batch and a loop over its rows"
def fill_mask(model, tokenizer, texts: list[str], k: int = 5) -> list[list[tuple[str, float]]]:
    results = []
    if len(texts) == 0:
        return results
    for text in texts:
        if text.count(tokenizer.mask_token) != 1:
            raise ValueError(f"expected one {tokenizer.mask_token} in {text!r}")
    training = model.training
    model.eval()
    inputs = tokenizer(texts, return_tensors="pt", padding=True)
    with torch.inference_mode():
        output = model(**inputs)
    if training:
        model.train()
    for i in range(len(texts)):
        position = (inputs["input_ids"][i] == tokenizer.mask_token_id).nonzero()[0].item()
        probabilities = torch.softmax(output.logits[i, position], dim=0)
        order = torch.argsort(probabilities, descending=True)[:k]
        results.append([(tokenizer.convert_ids_to_tokens(j.item()), probabilities[j].item()) for j in order])
    return results


# %% wrong="fill-mask" name="softmax over the best k only" fails="fill-mask-values"
def fill_mask(model, tokenizer, texts: list[str], k: int = 5) -> list[list[tuple[str, float]]]:
    """Return, for each text, the k likeliest tokens for its [MASK] with their probabilities, likeliest first."""
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
    best = at_mask.topk(k)
    return [
        list(zip(tokenizer.convert_ids_to_tokens(ids), probabilities))
        for ids, probabilities in zip(best.indices.tolist(), best.values.softmax(-1).tolist())
    ]


# %% wrong="fill-mask" name="returns logits" fails="fill-mask-values"
def fill_mask(model, tokenizer, texts: list[str], k: int = 5) -> list[list[tuple[str, float]]]:
    """Return, for each text, the k likeliest tokens for its [MASK] with their probabilities, likeliest first."""
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
    best = at_mask.topk(k)
    return [
        list(zip(tokenizer.convert_ids_to_tokens(ids), probabilities))
        for ids, probabilities in zip(best.indices.tolist(), best.values.tolist())
    ]


# %% wrong="fill-mask" name="looks at [CLS]" fails="fill-mask-values"
def fill_mask(model, tokenizer, texts: list[str], k: int = 5) -> list[list[tuple[str, float]]]:
    """Return, for each text, the k likeliest tokens for its [MASK] with their probabilities, likeliest first."""
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
    at_mask = logits[:, 0]  # (texts, vocabulary)
    best = at_mask.softmax(-1).topk(k)
    return [
        list(zip(tokenizer.convert_ids_to_tokens(ids), probabilities))
        for ids, probabilities in zip(best.indices.tolist(), best.values.tolist())
    ]


# %% wrong="fill-mask" name="least likely first" fails="fill-mask-values"
def fill_mask(model, tokenizer, texts: list[str], k: int = 5) -> list[list[tuple[str, float]]]:
    """Return, for each text, the k likeliest tokens for its [MASK] with their probabilities, likeliest first."""
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
    best = at_mask.softmax(-1).topk(k, largest=False)
    return [
        list(zip(tokenizer.convert_ids_to_tokens(ids), probabilities))
        for ids, probabilities in zip(best.indices.tolist(), best.values.tolist())
    ]


# %% wrong="fill-mask" name="softmax over the texts" fails="fill-mask-values"
def fill_mask(model, tokenizer, texts: list[str], k: int = 5) -> list[list[tuple[str, float]]]:
    """Return, for each text, the k likeliest tokens for its [MASK] with their probabilities, likeliest first."""
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
    best = at_mask.softmax(0).topk(k)
    return [
        list(zip(tokenizer.convert_ids_to_tokens(ids), probabilities))
        for ids, probabilities in zip(best.indices.tolist(), best.values.tolist())
    ]


# %% wrong="fill-mask" name="tokens decoded to plain text" fails="fill-mask-values"
def fill_mask(model, tokenizer, texts: list[str], k: int = 5) -> list[list[tuple[str, float]]]:
    """Return, for each text, the k likeliest tokens for its [MASK] with their probabilities, likeliest first."""
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
        list(zip([tokenizer.decode([i]).replace("##", "").upper() for i in ids], probabilities))
        for ids, probabilities in zip(best.indices.tolist(), best.values.tolist())
    ]


# %% wrong="fill-mask" name="no attention mask" fails="fill-mask-batch"
def fill_mask(model, tokenizer, texts: list[str], k: int = 5) -> list[list[tuple[str, float]]]:
    """Return, for each text, the k likeliest tokens for its [MASK] with their probabilities, likeliest first."""
    if any(text.count(tokenizer.mask_token) != 1 for text in texts):
        raise ValueError(f"each text needs {tokenizer.mask_token} exactly once")
    if not texts:
        return []
    was_training = model.training
    model.eval()
    encoded = tokenizer(texts, padding=True, return_tensors="pt")
    with torch.no_grad():
        logits = model(input_ids=encoded["input_ids"]).logits
    model.train(was_training)
    at_mask = logits[encoded["input_ids"] == tokenizer.mask_token_id]  # (texts, vocabulary)
    best = at_mask.softmax(-1).topk(k)
    return [
        list(zip(tokenizer.convert_ids_to_tokens(ids), probabilities))
        for ids, probabilities in zip(best.indices.tolist(), best.values.tolist())
    ]


# %% wrong="fill-mask" name="stays in the mode it finds" fails="fill-mask-mode"
def fill_mask(model, tokenizer, texts: list[str], k: int = 5) -> list[list[tuple[str, float]]]:
    """Return, for each text, the k likeliest tokens for its [MASK] with their probabilities, likeliest first."""
    if any(text.count(tokenizer.mask_token) != 1 for text in texts):
        raise ValueError(f"each text needs {tokenizer.mask_token} exactly once")
    if not texts:
        return []
    was_training = model.training
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


# %% wrong="fill-mask" name="leaves the model in eval mode" fails="fill-mask-mode"
def fill_mask(model, tokenizer, texts: list[str], k: int = 5) -> list[list[tuple[str, float]]]:
    """Return, for each text, the k likeliest tokens for its [MASK] with their probabilities, likeliest first."""
    if any(text.count(tokenizer.mask_token) != 1 for text in texts):
        raise ValueError(f"each text needs {tokenizer.mask_token} exactly once")
    if not texts:
        return []
    was_training = model.training
    model.eval()
    encoded = tokenizer(texts, padding=True, return_tensors="pt")
    with torch.no_grad():
        logits = model(**encoded).logits
    at_mask = logits[encoded["input_ids"] == tokenizer.mask_token_id]  # (texts, vocabulary)
    best = at_mask.softmax(-1).topk(k)
    return [
        list(zip(tokenizer.convert_ids_to_tokens(ids), probabilities))
        for ids, probabilities in zip(best.indices.tolist(), best.values.tolist())
    ]


# %% wrong="fill-mask" name="leaves the model in train mode" fails="fill-mask-mode"
def fill_mask(model, tokenizer, texts: list[str], k: int = 5) -> list[list[tuple[str, float]]]:
    """Return, for each text, the k likeliest tokens for its [MASK] with their probabilities, likeliest first."""
    if any(text.count(tokenizer.mask_token) != 1 for text in texts):
        raise ValueError(f"each text needs {tokenizer.mask_token} exactly once")
    if not texts:
        return []
    was_training = model.training
    model.eval()
    encoded = tokenizer(texts, padding=True, return_tensors="pt")
    with torch.no_grad():
        logits = model(**encoded).logits
    model.train()
    at_mask = logits[encoded["input_ids"] == tokenizer.mask_token_id]  # (texts, vocabulary)
    best = at_mask.softmax(-1).topk(k)
    return [
        list(zip(tokenizer.convert_ids_to_tokens(ids), probabilities))
        for ids, probabilities in zip(best.indices.tolist(), best.values.tolist())
    ]


# %% wrong="fill-mask" name="records gradients" fails="fill-mask-mode"
def fill_mask(model, tokenizer, texts: list[str], k: int = 5) -> list[list[tuple[str, float]]]:
    """Return, for each text, the k likeliest tokens for its [MASK] with their probabilities, likeliest first."""
    if any(text.count(tokenizer.mask_token) != 1 for text in texts):
        raise ValueError(f"each text needs {tokenizer.mask_token} exactly once")
    if not texts:
        return []
    was_training = model.training
    model.eval()
    encoded = tokenizer(texts, padding=True, return_tensors="pt")
    logits = model(**encoded).logits
    model.train(was_training)
    at_mask = logits[encoded["input_ids"] == tokenizer.mask_token_id]  # (texts, vocabulary)
    best = at_mask.softmax(-1).topk(k)
    return [
        list(zip(tokenizer.convert_ids_to_tokens(ids), probabilities))
        for ids, probabilities in zip(best.indices.tolist(), best.values.detach().tolist())
    ]


# %% wrong="fill-mask" name="accepts two gaps" fails="fill-mask-refuses"
def fill_mask(model, tokenizer, texts: list[str], k: int = 5) -> list[list[tuple[str, float]]]:
    """Return, for each text, the k likeliest tokens for its [MASK] with their probabilities, likeliest first."""
    if any(tokenizer.mask_token not in text for text in texts):
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


# %% wrong="fill-mask" name="looks at the first text only" fails="fill-mask-refuses"
def fill_mask(model, tokenizer, texts: list[str], k: int = 5) -> list[list[tuple[str, float]]]:
    """Return, for each text, the k likeliest tokens for its [MASK] with their probabilities, likeliest first."""
    if texts and texts[0].count(tokenizer.mask_token) != 1:
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


# %% wrong="fill-mask" name="counts all gaps together" fails="fill-mask-refuses"
def fill_mask(model, tokenizer, texts: list[str], k: int = 5) -> list[list[tuple[str, float]]]:
    """Return, for each text, the k likeliest tokens for its [MASK] with their probabilities, likeliest first."""
    if sum(text.count(tokenizer.mask_token) for text in texts) != len(texts):
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

# %% [markdown]
# Exercise 3, fine-tune


# %% right="fine-tune" name="decides weight by weight, modes last"
def fine_tune(model, batches, epochs, lr, frozen=()):
    held = {id(p) for module in frozen for p in module.parameters()}
    free = []
    for p in model.parameters():
        p.requires_grad = id(p) not in held
        if p.requires_grad:
            free.append(p)
    optimizer = torch.optim.AdamW(free, lr)
    model.train()
    for module in frozen:
        module.train(False)
    losses = []
    for step in range(epochs * len(batches)):
        model.zero_grad()
        loss = model(**batches[step % len(batches)]).loss
        loss.backward()
        optimizer.step()
        losses.append(float(loss))
    model.eval()
    return sum(math.prod(p.shape) for p in free), losses


# %% right="fine-tune" name="gradients by autograd.grad, loss worked out from the logits"
def fine_tune(model, batches, epochs, lr, frozen=()):
    model.requires_grad_(True).train()
    for module in frozen:
        module.requires_grad_(False).eval()
    free = [p for _, p in model.named_parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(free, lr=lr)
    losses = []
    for _ in range(epochs):
        for batch in batches:
            inputs = {name: tensor for name, tensor in batch.items() if name != "labels"}
            loss = nn.functional.cross_entropy(model(**inputs).logits, batch["labels"])
            for p, gradient in zip(free, torch.autograd.grad(loss, free)):
                p.grad = gradient
            optimizer.step()
            losses.append(loss.item())
    model.eval()
    return sum(p.numel() for p in free), losses


# %% right="fine-tune" name="sets the modes before every step"
def fine_tune(model, batches: list[dict], epochs: int, lr: float, frozen=()) -> tuple[int, list[float]]:
    for parameter in model.parameters():
        parameter.requires_grad = True
    for module in frozen:
        for parameter in module.parameters():
            parameter.requires_grad = False
    trainable = list(filter(lambda p: p.requires_grad, model.parameters()))
    count = 0
    for parameter in trainable:
        count += parameter.numel()
    optimizer = torch.optim.AdamW(trainable, lr=lr)
    losses = []
    for epoch in range(epochs):
        for batch in batches:
            model.train()
            for module in frozen:
                module.eval()
            optimizer.zero_grad()
            output = model(**batch)
            output.loss.backward()
            optimizer.step()
            losses.append(output.loss.detach().item())
    model.eval()
    return count, losses


# %% wrong="fine-tune" name="freezes nothing" fails="fine-tune-frozen"
def fine_tune(model, batches: list[dict], epochs: int, lr: float, frozen=()) -> tuple[int, list[float]]:
    """Train what is not frozen; return the number of trained weights and the loss of every step."""
    model.train()
    for parameter in model.parameters():
        parameter.requires_grad_(True)
    for module in frozen:
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


# %% wrong="fine-tune" name="freezes by eval mode only and by leaving weights out of nothing" fails="fine-tune-frozen"
def fine_tune(model, batches: list[dict], epochs: int, lr: float, frozen=()) -> tuple[int, list[float]]:
    """Train what is not frozen; return the number of trained weights and the loss of every step."""
    model.train()
    for parameter in model.parameters():
        parameter.requires_grad_(True)
    for module in frozen:
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


# %% wrong="fine-tune" name="the frozen body stays in train mode" fails="fine-tune-frozen fine-tune-modes"
def fine_tune(model, batches: list[dict], epochs: int, lr: float, frozen=()) -> tuple[int, list[float]]:
    """Train what is not frozen; return the number of trained weights and the loss of every step."""
    model.train()
    for parameter in model.parameters():
        parameter.requires_grad_(True)
    for module in frozen:
        module.requires_grad_(False)
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


# %% wrong="fine-tune" name="eval mode first, then model.train()" fails="fine-tune-frozen fine-tune-modes"
def fine_tune(model, batches: list[dict], epochs: int, lr: float, frozen=()) -> tuple[int, list[float]]:
    """Train what is not frozen; return the number of trained weights and the loss of every step."""
    for parameter in model.parameters():
        parameter.requires_grad_(True)
    for module in frozen:
        module.requires_grad_(False)
        module.eval()
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trainable, lr=lr)
    losses = []
    model.train()
    for _ in range(epochs):
        for batch in batches:
            loss = model(**batch).loss
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    model.eval()
    return sum(parameter.numel() for parameter in trainable), losses


# %% wrong="fine-tune" name="does not thaw what an earlier call froze" fails="fine-tune-unfrozen fine-tune-modes"
def fine_tune(model, batches: list[dict], epochs: int, lr: float, frozen=()) -> tuple[int, list[float]]:
    """Train what is not frozen; return the number of trained weights and the loss of every step."""
    model.train()
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


# %% wrong="fine-tune" name="counts tensors" fails="fine-tune-frozen"
def fine_tune(model, batches: list[dict], epochs: int, lr: float, frozen=()) -> tuple[int, list[float]]:
    """Train what is not frozen; return the number of trained weights and the loss of every step."""
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
    return len(trainable), losses


# %% wrong="fine-tune" name="never goes into train mode" fails="fine-tune-modes"
def fine_tune(model, batches: list[dict], epochs: int, lr: float, frozen=()) -> tuple[int, list[float]]:
    """Train what is not frozen; return the number of trained weights and the loss of every step."""
    model.eval()
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


# %% wrong="fine-tune" name="leaves the model in train mode" fails="fine-tune-modes"
def fine_tune(model, batches: list[dict], epochs: int, lr: float, frozen=()) -> tuple[int, list[float]]:
    """Train what is not frozen; return the number of trained weights and the loss of every step."""
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
    return sum(parameter.numel() for parameter in trainable), losses


# %% wrong="fine-tune" name="forgets zero_grad" fails="fine-tune-frozen"
def fine_tune(model, batches: list[dict], epochs: int, lr: float, frozen=()) -> tuple[int, list[float]]:
    """Train what is not frozen; return the number of trained weights and the loss of every step."""
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
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    model.eval()
    return sum(parameter.numel() for parameter in trainable), losses


# %% wrong="fine-tune" name="clears the gradients after backward" fails="fine-tune-unfrozen"
def fine_tune(model, batches: list[dict], epochs: int, lr: float, frozen=()) -> tuple[int, list[float]]:
    """Train what is not frozen; return the number of trained weights and the loss of every step."""
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
            loss.backward()
            optimizer.zero_grad()
            optimizer.step()
            losses.append(loss.item())
    model.eval()
    return sum(parameter.numel() for parameter in trainable), losses


# %% wrong="fine-tune" name="a new optimiser for every epoch" fails="fine-tune-frozen"
def fine_tune(model, batches: list[dict], epochs: int, lr: float, frozen=()) -> tuple[int, list[float]]:
    """Train what is not frozen; return the number of trained weights and the loss of every step."""
    model.train()
    for parameter in model.parameters():
        parameter.requires_grad_(True)
    for module in frozen:
        module.requires_grad_(False)
        module.eval()
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    losses = []
    for _ in range(epochs):
        optimizer = torch.optim.AdamW(trainable, lr=lr)
        for batch in batches:
            loss = model(**batch).loss
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    model.eval()
    return sum(parameter.numel() for parameter in trainable), losses


# %% wrong="fine-tune" name="plain SGD" fails="fine-tune-frozen"
def fine_tune(model, batches: list[dict], epochs: int, lr: float, frozen=()) -> tuple[int, list[float]]:
    """Train what is not frozen; return the number of trained weights and the loss of every step."""
    model.train()
    for parameter in model.parameters():
        parameter.requires_grad_(True)
    for module in frozen:
        module.requires_grad_(False)
        module.eval()
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.SGD(trainable, lr=lr)
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


# %% wrong="fine-tune" name="one loss per epoch" fails="fine-tune-frozen"
def fine_tune(model, batches: list[dict], epochs: int, lr: float, frozen=()) -> tuple[int, list[float]]:
    """Train what is not frozen; return the number of trained weights and the loss of every step."""
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


# %% wrong="fine-tune" name="always freezes the body" fails="fine-tune-unfrozen"
def fine_tune(model, batches: list[dict], epochs: int, lr: float, frozen=()) -> tuple[int, list[float]]:
    """Train what is not frozen; return the number of trained weights and the loss of every step."""
    model.train()
    for parameter in model.parameters():
        parameter.requires_grad_(True)
    for module in [model.bert]:
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


# %% wrong="fine-tune" name="the learning rate is left out" fails="fine-tune-frozen"
def fine_tune(model, batches: list[dict], epochs: int, lr: float, frozen=()) -> tuple[int, list[float]]:
    """Train what is not frozen; return the number of trained weights and the loss of every step."""
    model.train()
    for parameter in model.parameters():
        parameter.requires_grad_(True)
    for module in frozen:
        module.requires_grad_(False)
        module.eval()
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trainable)
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

# %% [markdown]
# Exercise 4, find the answer


# %% right="find-answer" name="one window at a time, spans from a matrix"
def best_span(start_logits, end_logits, allowed, max_tokens=12):
    n = len(start_logits)
    starts = torch.as_tensor(start_logits, dtype=torch.float64)
    ends = torch.as_tensor(end_logits, dtype=torch.float64)
    allowed = torch.as_tensor(allowed, dtype=torch.bool)
    length = torch.arange(n)[None] - torch.arange(n)[:, None] + 1
    forbidden = torch.cat([torch.zeros(1, dtype=torch.int64), (~allowed).long().cumsum(0)])
    clean = forbidden[1:][None] - forbidden[:-1][:, None] == 0
    possible = (length >= 1) & (length <= max_tokens) & clean
    if not possible.any():
        return None
    scores = (starts[:, None] + ends[None]).masked_fill(~possible, -math.inf).flatten()
    place = (scores == scores.max()).nonzero()[0].item()
    return place // n, place % n, scores[place].item()


@torch.no_grad()
def find_answer(model, tokenizer, question, context, window=96, stride=32, max_tokens=12):
    rows = tokenizer(
        question,
        context,
        truncation="only_second",
        max_length=window,
        stride=stride,
        return_overflowing_tokens=True,
        return_offsets_mapping=True,
    )
    best = (0.0, "", -1)
    for i in range(len(rows["input_ids"])):
        output = model(
            input_ids=torch.tensor([rows["input_ids"][i]]), token_type_ids=torch.tensor([rows["token_type_ids"][i]])
        )
        starts, ends = output.start_logits[0], output.end_logits[0]
        span = best_span(starts, ends, [part == 1 for part in rows.sequence_ids(i)], max_tokens)
        if span:
            lead = span[2] - float(starts[0]) - float(ends[0])
            begin, end = rows["offset_mapping"][i][span[0]][0], rows["offset_mapping"][i][span[1]][1]
            best = max(best, (lead, context[begin:end], begin), key=lambda row: row[0])
    return best[1], best[2]


# %% right="find-answer" name="windows by hand"
def best_span(start_logits, end_logits, allowed, max_tokens=12):
    spans = []
    for i in range(len(start_logits)):
        for j in range(i, len(end_logits)):
            if j - i < max_tokens and all(allowed[i : j + 1]):
                spans.append((float(start_logits[i] + end_logits[j]), -i, -j))
    if not spans:
        return None
    score, i, j = max(spans)
    return -i, -j, score


def find_answer(model, tokenizer, question, context, window=96, stride=32, max_tokens=12):
    asked = tokenizer(question, add_special_tokens=False)["input_ids"]
    noted = tokenizer(context, add_special_tokens=False, return_offsets_mapping=True)
    head = [tokenizer.cls_token_id] + asked + [tokenizer.sep_token_id]
    room = window - len(head) - 1
    answer, lead, begin = ("", -1), 0.0, 0
    while begin < len(noted["input_ids"]):
        piece = noted["input_ids"][begin : begin + room]
        ids = head + piece + [tokenizer.sep_token_id]
        kinds = [0] * len(head) + [1] * (len(piece) + 1)
        with torch.no_grad():
            output = model(input_ids=torch.tensor([ids]), token_type_ids=torch.tensor([kinds]))
        starts, ends = output.start_logits[0].tolist(), output.end_logits[0].tolist()
        inside = [len(head) <= t < len(head) + len(piece) for t in range(len(ids))]
        span = best_span(starts, ends, inside, max_tokens)
        if span is not None and span[2] - starts[0] - ends[0] > lead:
            lead = span[2] - starts[0] - ends[0]
            first, last = (noted["offset_mapping"][begin + t - len(head)] for t in span[:2])
            answer = context[first[0] : last[1]], first[0]
        if begin + room >= len(noted["input_ids"]):
            break
        begin += room - stride
    return answer


# %% right="find-answer" name="collects all candidates, then sorts"
def best_span(start_logits, end_logits, allowed, max_tokens=12):
    candidates = []
    n = len(start_logits)
    for start in range(n):
        for length in range(1, max_tokens + 1):
            end = start + length - 1
            if end >= n:
                break
            if not allowed[end]:
                break
            candidates.append((start, end, float(start_logits[start]) + float(end_logits[end])))
    if len(candidates) == 0:
        return None
    return max(candidates, key=lambda c: c[2])


def find_answer(model, tokenizer, question, context, window=96, stride=32, max_tokens=12):
    inputs = tokenizer(
        question,
        context,
        max_length=window,
        truncation="only_second",
        stride=stride,
        return_overflowing_tokens=True,
        return_offsets_mapping=True,
        padding="max_length",
        return_tensors="pt",
    )
    offsets = inputs["offset_mapping"]
    with torch.no_grad():
        outputs = model(
            input_ids=inputs["input_ids"],
            attention_mask=inputs["attention_mask"],
            token_type_ids=inputs["token_type_ids"],
        )
    candidates = []
    for i in range(len(inputs["input_ids"])):
        allowed = [s == 1 for s in inputs.sequence_ids(i)]
        span = best_span(outputs.start_logits[i], outputs.end_logits[i], allowed, max_tokens)
        if span is not None:
            null = (outputs.start_logits[i, 0] + outputs.end_logits[i, 0]).item()
            candidates.append((span[2] - null, offsets[i][span[0]][0].item(), offsets[i][span[1]][1].item()))
    candidates = [c for c in candidates if c[0] > 0]
    if not candidates:
        return "", -1
    lead, begin, end = sorted(candidates, key=lambda c: -c[0])[0]
    return context[begin:end], begin


# %% wrong="find-answer" name="start and end each by their own maximum" fails="find-answer-span"
def best_span(start_logits, end_logits, allowed, max_tokens: int = 12) -> tuple[int, int, float] | None:
    """Return (start, end, score) of the best possible span, or None where there is none."""
    if not any(allowed):
        return None
    start, end = int(np.argmax(start_logits)), int(np.argmax(end_logits))
    return start, end, float(start_logits[start]) + float(end_logits[end])


def find_answer(
    model, tokenizer, question: str, context: str, window: int = 96, stride: int = 32, max_tokens: int = 12
) -> tuple[str, int]:
    """Return the answer as it stands in the context and the place of its first character; ("", -1) if there is none."""
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


# %% wrong="find-answer" name="allows one token more" fails="find-answer-span"
def best_span(start_logits, end_logits, allowed, max_tokens: int = 12) -> tuple[int, int, float] | None:
    """Return (start, end, score) of the best possible span, or None where there is none."""
    best = None
    for start in range(len(start_logits)):
        for end in range(start, len(start_logits))[: max_tokens + 1]:
            if not allowed[end]:
                break
            score = float(start_logits[start]) + float(end_logits[end])
            if best is None or score > best[2]:
                best = start, end, score
    return best


def find_answer(
    model, tokenizer, question: str, context: str, window: int = 96, stride: int = 32, max_tokens: int = 12
) -> tuple[str, int]:
    """Return the answer as it stands in the context and the place of its first character; ("", -1) if there is none."""
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


# %% wrong="find-answer" name="allows one token less" fails="find-answer-span"
def best_span(start_logits, end_logits, allowed, max_tokens: int = 12) -> tuple[int, int, float] | None:
    """Return (start, end, score) of the best possible span, or None where there is none."""
    best = None
    for start in range(len(start_logits)):
        for end in range(start, len(start_logits))[: max(max_tokens - 1, 1)]:
            if not allowed[end]:
                break
            score = float(start_logits[start]) + float(end_logits[end])
            if best is None or score > best[2]:
                best = start, end, score
    return best


def find_answer(
    model, tokenizer, question: str, context: str, window: int = 96, stride: int = 32, max_tokens: int = 12
) -> tuple[str, int]:
    """Return the answer as it stands in the context and the place of its first character; ("", -1) if there is none."""
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


# %% wrong="find-answer" name="looks at the two ends only, not between" fails="find-answer-span"
def best_span(start_logits, end_logits, allowed, max_tokens: int = 12) -> tuple[int, int, float] | None:
    """Return (start, end, score) of the best possible span, or None where there is none."""
    best = None
    for start in range(len(start_logits)):
        for end in range(start, len(start_logits))[:max_tokens]:
            if not (allowed[start] and allowed[end]):
                continue
            score = float(start_logits[start]) + float(end_logits[end])
            if best is None or score > best[2]:
                best = start, end, score
    return best


def find_answer(
    model, tokenizer, question: str, context: str, window: int = 96, stride: int = 32, max_tokens: int = 12
) -> tuple[str, int]:
    """Return the answer as it stands in the context and the place of its first character; ("", -1) if there is none."""
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


# %% wrong="find-answer" name="the last one among equal scores" fails="find-answer-span"
def best_span(start_logits, end_logits, allowed, max_tokens: int = 12) -> tuple[int, int, float] | None:
    """Return (start, end, score) of the best possible span, or None where there is none."""
    best = None
    for start in range(len(start_logits)):
        for end in range(start, len(start_logits))[:max_tokens]:
            if not allowed[end]:
                break
            score = float(start_logits[start]) + float(end_logits[end])
            if best is None or score >= best[2]:
                best = start, end, score
    return best


def find_answer(
    model, tokenizer, question: str, context: str, window: int = 96, stride: int = 32, max_tokens: int = 12
) -> tuple[str, int]:
    """Return the answer as it stands in the context and the place of its first character; ("", -1) if there is none."""
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


# %% wrong="find-answer" name="begins with a best score of 0" fails="find-answer-span"
def best_span(start_logits, end_logits, allowed, max_tokens: int = 12) -> tuple[int, int, float] | None:
    """Return (start, end, score) of the best possible span, or None where there is none."""
    best = None
    for start in range(len(start_logits)):
        for end in range(start, len(start_logits))[:max_tokens]:
            if not allowed[end]:
                break
            score = float(start_logits[start]) + float(end_logits[end])
            if score > (best[2] if best else 0.0):
                best = start, end, score
    return best


def find_answer(
    model, tokenizer, question: str, context: str, window: int = 96, stride: int = 32, max_tokens: int = 12
) -> tuple[str, int]:
    """Return the answer as it stands in the context and the place of its first character; ("", -1) if there is none."""
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


# %% wrong="find-answer" name="the product of the logits" fails="find-answer-span"
def best_span(start_logits, end_logits, allowed, max_tokens: int = 12) -> tuple[int, int, float] | None:
    """Return (start, end, score) of the best possible span, or None where there is none."""
    best = None
    for start in range(len(start_logits)):
        for end in range(start, len(start_logits))[:max_tokens]:
            if not allowed[end]:
                break
            score = float(start_logits[start]) * float(end_logits[end])
            if best is None or score > best[2]:
                best = start, end, score
    return best


def find_answer(
    model, tokenizer, question: str, context: str, window: int = 96, stride: int = 32, max_tokens: int = 12
) -> tuple[str, int]:
    """Return the answer as it stands in the context and the place of its first character; ("", -1) if there is none."""
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


# %% wrong="find-answer" name="reads the first window only" fails="find-answer-windows"
def best_span(start_logits, end_logits, allowed, max_tokens: int = 12) -> tuple[int, int, float] | None:
    """Return (start, end, score) of the best possible span, or None where there is none."""
    best = None
    for start in range(len(start_logits)):
        for end in range(start, len(start_logits))[:max_tokens]:
            if not allowed[end]:
                break
            score = float(start_logits[start]) + float(end_logits[end])
            if best is None or score > best[2]:
                best = start, end, score
    return best


def find_answer(
    model, tokenizer, question: str, context: str, window: int = 96, stride: int = 32, max_tokens: int = 12
) -> tuple[str, int]:
    """Return the answer as it stands in the context and the place of its first character; ("", -1) if there is none."""
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
    for i, (starts, ends) in [(0, (output.start_logits[0].tolist(), output.end_logits[0].tolist()))]:
        span = best_span(starts, ends, [part == 1 for part in parts[i]], max_tokens)
        if span is None:
            continue
        lead = span[2] - (starts[0] + ends[0])
        if lead > best_lead:
            best_lead, first = lead, places[i][span[0]][0]
            answer = context[first : places[i][span[1]][1]]
    return answer, first


# %% wrong="find-answer" name="decodes the tokens" fails="find-answer-text"
def best_span(start_logits, end_logits, allowed, max_tokens: int = 12) -> tuple[int, int, float] | None:
    """Return (start, end, score) of the best possible span, or None where there is none."""
    best = None
    for start in range(len(start_logits)):
        for end in range(start, len(start_logits))[:max_tokens]:
            if not allowed[end]:
                break
            score = float(start_logits[start]) + float(end_logits[end])
            if best is None or score > best[2]:
                best = start, end, score
    return best


def find_answer(
    model, tokenizer, question: str, context: str, window: int = 96, stride: int = 32, max_tokens: int = 12
) -> tuple[str, int]:
    """Return the answer as it stands in the context and the place of its first character; ("", -1) if there is none."""
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
            answer = tokenizer.decode(encoded["input_ids"][i][span[0] : span[1] + 1])
    return answer, first


# %% wrong="find-answer" name="takes the offset of the last token as its start" fails="find-answer-text"
def best_span(start_logits, end_logits, allowed, max_tokens: int = 12) -> tuple[int, int, float] | None:
    """Return (start, end, score) of the best possible span, or None where there is none."""
    best = None
    for start in range(len(start_logits)):
        for end in range(start, len(start_logits))[:max_tokens]:
            if not allowed[end]:
                break
            score = float(start_logits[start]) + float(end_logits[end])
            if best is None or score > best[2]:
                best = start, end, score
    return best


def find_answer(
    model, tokenizer, question: str, context: str, window: int = 96, stride: int = 32, max_tokens: int = 12
) -> tuple[str, int]:
    """Return the answer as it stands in the context and the place of its first character; ("", -1) if there is none."""
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
            answer = context[first : places[i][span[1]][0]]
    return answer, first


# %% wrong="find-answer" name="the question may answer too" fails="find-answer-windows"
def best_span(start_logits, end_logits, allowed, max_tokens: int = 12) -> tuple[int, int, float] | None:
    """Return (start, end, score) of the best possible span, or None where there is none."""
    best = None
    for start in range(len(start_logits)):
        for end in range(start, len(start_logits))[:max_tokens]:
            if not allowed[end]:
                break
            score = float(start_logits[start]) + float(end_logits[end])
            if best is None or score > best[2]:
                best = start, end, score
    return best


def find_answer(
    model, tokenizer, question: str, context: str, window: int = 96, stride: int = 32, max_tokens: int = 12
) -> tuple[str, int]:
    """Return the answer as it stands in the context and the place of its first character; ("", -1) if there is none."""
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
        span = best_span(starts, ends, [part is not None for part in parts[i]], max_tokens)
        if span is None:
            continue
        lead = span[2] - (starts[0] + ends[0])
        if lead > best_lead:
            best_lead, first = lead, places[i][span[0]][0]
            answer = context[first : places[i][span[1]][1]]
    return answer, first


# %% wrong="find-answer" name="the last window wins, whatever its lead" fails="find-answer-windows"
def best_span(start_logits, end_logits, allowed, max_tokens: int = 12) -> tuple[int, int, float] | None:
    """Return (start, end, score) of the best possible span, or None where there is none."""
    best = None
    for start in range(len(start_logits)):
        for end in range(start, len(start_logits))[:max_tokens]:
            if not allowed[end]:
                break
            score = float(start_logits[start]) + float(end_logits[end])
            if best is None or score > best[2]:
                best = start, end, score
    return best


def find_answer(
    model, tokenizer, question: str, context: str, window: int = 96, stride: int = 32, max_tokens: int = 12
) -> tuple[str, int]:
    """Return the answer as it stands in the context and the place of its first character; ("", -1) if there is none."""
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
        if lead > 0:
            best_lead, first = lead, places[i][span[0]][0]
            answer = context[first : places[i][span[1]][1]]
    return answer, first


# %% wrong="find-answer" name="raw scores, without [CLS]" fails="find-answer-none find-answer-windows"
def best_span(start_logits, end_logits, allowed, max_tokens: int = 12) -> tuple[int, int, float] | None:
    """Return (start, end, score) of the best possible span, or None where there is none."""
    best = None
    for start in range(len(start_logits)):
        for end in range(start, len(start_logits))[:max_tokens]:
            if not allowed[end]:
                break
            score = float(start_logits[start]) + float(end_logits[end])
            if best is None or score > best[2]:
                best = start, end, score
    return best


def find_answer(
    model, tokenizer, question: str, context: str, window: int = 96, stride: int = 32, max_tokens: int = 12
) -> tuple[str, int]:
    """Return the answer as it stands in the context and the place of its first character; ("", -1) if there is none."""
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
        lead = span[2] + 1000
        if lead > best_lead:
            best_lead, first = lead, places[i][span[0]][0]
            answer = context[first : places[i][span[1]][1]]
    return answer, first


# %% wrong="find-answer" name="records gradients" fails="find-answer-none"
def best_span(start_logits, end_logits, allowed, max_tokens: int = 12) -> tuple[int, int, float] | None:
    """Return (start, end, score) of the best possible span, or None where there is none."""
    best = None
    for start in range(len(start_logits)):
        for end in range(start, len(start_logits))[:max_tokens]:
            if not allowed[end]:
                break
            score = float(start_logits[start]) + float(end_logits[end])
            if best is None or score > best[2]:
                best = start, end, score
    return best


def find_answer(
    model, tokenizer, question: str, context: str, window: int = 96, stride: int = 32, max_tokens: int = 12
) -> tuple[str, int]:
    """Return the answer as it stands in the context and the place of its first character; ("", -1) if there is none."""
    encoded = tokenizer(
        question, context, truncation="only_second", max_length=window, stride=stride, padding=True,
        return_overflowing_tokens=True, return_offsets_mapping=True, return_tensors="pt",
    )  # fmt: skip
    parts = [encoded.sequence_ids(i) for i in range(len(encoded["input_ids"]))]
    places = encoded.pop("offset_mapping").tolist()
    encoded.pop("overflow_to_sample_mapping")
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


# %% wrong="find-answer" name="always answers" fails="find-answer-none"
def best_span(start_logits, end_logits, allowed, max_tokens: int = 12) -> tuple[int, int, float] | None:
    """Return (start, end, score) of the best possible span, or None where there is none."""
    best = None
    for start in range(len(start_logits)):
        for end in range(start, len(start_logits))[:max_tokens]:
            if not allowed[end]:
                break
            score = float(start_logits[start]) + float(end_logits[end])
            if best is None or score > best[2]:
                best = start, end, score
    return best


def find_answer(
    model, tokenizer, question: str, context: str, window: int = 96, stride: int = 32, max_tokens: int = 12
) -> tuple[str, int]:
    """Return the answer as it stands in the context and the place of its first character; ("", -1) if there is none."""
    encoded = tokenizer(
        question, context, truncation="only_second", max_length=window, stride=stride, padding=True,
        return_overflowing_tokens=True, return_offsets_mapping=True, return_tensors="pt",
    )  # fmt: skip
    parts = [encoded.sequence_ids(i) for i in range(len(encoded["input_ids"]))]
    places = encoded.pop("offset_mapping").tolist()
    encoded.pop("overflow_to_sample_mapping")
    with torch.no_grad():
        output = model(**encoded)
    best_lead, answer, first = -math.inf, "", -1
    for i, (starts, ends) in enumerate(zip(output.start_logits.tolist(), output.end_logits.tolist())):
        span = best_span(starts, ends, [part == 1 for part in parts[i]], max_tokens)
        if span is None:
            continue
        lead = span[2] - (starts[0] + ends[0])
        if lead > best_lead:
            best_lead, first = lead, places[i][span[0]][0]
            answer = context[first : places[i][span[1]][1]]
    return answer, first


# %% wrong="find-answer" name="the lead against the start of [CLS] only" fails="find-answer-windows"
def best_span(start_logits, end_logits, allowed, max_tokens: int = 12) -> tuple[int, int, float] | None:
    """Return (start, end, score) of the best possible span, or None where there is none."""
    best = None
    for start in range(len(start_logits)):
        for end in range(start, len(start_logits))[:max_tokens]:
            if not allowed[end]:
                break
            score = float(start_logits[start]) + float(end_logits[end])
            if best is None or score > best[2]:
                best = start, end, score
    return best


def find_answer(
    model, tokenizer, question: str, context: str, window: int = 96, stride: int = 32, max_tokens: int = 12
) -> tuple[str, int]:
    """Return the answer as it stands in the context and the place of its first character; ("", -1) if there is none."""
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
        lead = span[2] - 2 * starts[0]
        if lead > best_lead:
            best_lead, first = lead, places[i][span[0]][0]
            answer = context[first : places[i][span[1]][1]]
    return answer, first


# %% wrong="find-answer" name="the place counted in tokens" fails="find-answer-text"
def best_span(start_logits, end_logits, allowed, max_tokens: int = 12) -> tuple[int, int, float] | None:
    """Return (start, end, score) of the best possible span, or None where there is none."""
    best = None
    for start in range(len(start_logits)):
        for end in range(start, len(start_logits))[:max_tokens]:
            if not allowed[end]:
                break
            score = float(start_logits[start]) + float(end_logits[end])
            if best is None or score > best[2]:
                best = start, end, score
    return best


def find_answer(
    model, tokenizer, question: str, context: str, window: int = 96, stride: int = 32, max_tokens: int = 12
) -> tuple[str, int]:
    """Return the answer as it stands in the context and the place of its first character; ("", -1) if there is none."""
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
    return answer, len(tokenizer(context[: max(first, 0)], add_special_tokens=False)["input_ids"]) if answer else -1


# %% wrong="find-answer" name="windows that do not overlap" fails="find-answer-windows"
def best_span(start_logits, end_logits, allowed, max_tokens: int = 12) -> tuple[int, int, float] | None:
    """Return (start, end, score) of the best possible span, or None where there is none."""
    best = None
    for start in range(len(start_logits)):
        for end in range(start, len(start_logits))[:max_tokens]:
            if not allowed[end]:
                break
            score = float(start_logits[start]) + float(end_logits[end])
            if best is None or score > best[2]:
                best = start, end, score
    return best


def find_answer(
    model, tokenizer, question: str, context: str, window: int = 96, stride: int = 32, max_tokens: int = 12
) -> tuple[str, int]:
    """Return the answer as it stands in the context and the place of its first character; ("", -1) if there is none."""
    encoded = tokenizer(
        question, context, truncation="only_second", max_length=window, stride=0, padding=True,
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


# %% wrong="find-answer" name="no attention mask for padded windows" fails="find-answer-windows"
def best_span(start_logits, end_logits, allowed, max_tokens: int = 12) -> tuple[int, int, float] | None:
    """Return (start, end, score) of the best possible span, or None where there is none."""
    best = None
    for start in range(len(start_logits)):
        for end in range(start, len(start_logits))[:max_tokens]:
            if not allowed[end]:
                break
            score = float(start_logits[start]) + float(end_logits[end])
            if best is None or score > best[2]:
                best = start, end, score
    return best


def find_answer(
    model, tokenizer, question: str, context: str, window: int = 96, stride: int = 32, max_tokens: int = 12
) -> tuple[str, int]:
    """Return the answer as it stands in the context and the place of its first character; ("", -1) if there is none."""
    encoded = tokenizer(
        question, context, truncation="only_second", max_length=window, stride=stride, padding=True,
        return_overflowing_tokens=True, return_offsets_mapping=True, return_tensors="pt",
    )  # fmt: skip
    parts = [encoded.sequence_ids(i) for i in range(len(encoded["input_ids"]))]
    places = encoded.pop("offset_mapping").tolist()
    encoded.pop("overflow_to_sample_mapping")
    with torch.no_grad():
        output = model(input_ids=encoded["input_ids"], token_type_ids=encoded["token_type_ids"])
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


# %% wrong="find-answer" name="forgets which part is the question" fails="find-answer-windows"
def best_span(start_logits, end_logits, allowed, max_tokens: int = 12) -> tuple[int, int, float] | None:
    """Return (start, end, score) of the best possible span, or None where there is none."""
    best = None
    for start in range(len(start_logits)):
        for end in range(start, len(start_logits))[:max_tokens]:
            if not allowed[end]:
                break
            score = float(start_logits[start]) + float(end_logits[end])
            if best is None or score > best[2]:
                best = start, end, score
    return best


def find_answer(
    model, tokenizer, question: str, context: str, window: int = 96, stride: int = 32, max_tokens: int = 12
) -> tuple[str, int]:
    """Return the answer as it stands in the context and the place of its first character; ("", -1) if there is none."""
    encoded = tokenizer(
        question, context, truncation="only_second", max_length=window, stride=stride, padding=True,
        return_overflowing_tokens=True, return_offsets_mapping=True, return_tensors="pt",
    )  # fmt: skip
    parts = [encoded.sequence_ids(i) for i in range(len(encoded["input_ids"]))]
    places = encoded.pop("offset_mapping").tolist()
    encoded.pop("overflow_to_sample_mapping")
    with torch.no_grad():
        output = model(input_ids=encoded["input_ids"], attention_mask=encoded["attention_mask"])
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

# %% [markdown]
# Exercise 5, the metric


# %% right="metric" name="regular expressions and precision, recall"
def normalise(text):
    text = re.sub("[" + re.escape(string.punctuation) + "]", "", text.lower())
    text = re.sub(r"\b(a|an|the)\b", " ", text)
    return re.sub(r"\s+", " ", text).strip()


def exact_match(prediction, references):
    return 1.0 if normalise(prediction) in [normalise(reference) for reference in references] else 0.0


def f1(prediction, references):
    def one(words, wanted):
        if not words or not wanted:
            return 1.0 if words == wanted else 0.0
        left = list(wanted)
        hits = 0
        for word in words:
            if word in left:
                left.remove(word)
                hits += 1
        if hits == 0:
            return 0.0
        precision, recall = hits / len(words), hits / len(wanted)
        return 2 * precision * recall / (precision + recall)

    return max(one(normalise(prediction).split(), normalise(reference).split()) for reference in references)


def squad_score(predictions, references):
    if not predictions or len(predictions) != len(references):
        raise ValueError("lengths")
    return {
        "exact_match": 100.0 * float(np.mean([exact_match(p, r) for p, r in zip(predictions, references)])),
        "f1": 100.0 * float(np.mean([f1(p, r) for p, r in zip(predictions, references)])),
    }


# %% right="metric" name="str.translate, and counts of each word"
def normalise(text: str) -> str:
    words = text.lower().translate(str.maketrans("", "", string.punctuation)).split()
    return " ".join(w for w in words if w not in ("a", "an", "the"))


def exact_match(prediction: str, references: list[str]) -> float:
    return max(float(normalise(prediction) == normalise(r)) for r in references)


def f1(prediction: str, references: list[str]) -> float:
    best = 0.0
    got = normalise(prediction).split()
    for reference in references:
        want = normalise(reference).split()
        if len(got) == 0 or len(want) == 0:
            best = max(best, float(got == want))
            continue
        same = sum(min(got.count(word), want.count(word)) for word in set(got))
        if same:
            precision = same / len(got)
            recall = same / len(want)
            best = max(best, 2 * precision * recall / (precision + recall))
    return best


def squad_score(predictions: list[str], references: list[list[str]]) -> dict[str, float]:
    if len(predictions) == 0 or len(predictions) != len(references):
        raise ValueError("predictions and references do not fit together")
    matches, scores = [], []
    for prediction, reference in zip(predictions, references):
        matches.append(exact_match(prediction, reference))
        scores.append(f1(prediction, reference))
    return {"exact_match": 100 * sum(matches) / len(matches), "f1": 100 * sum(scores) / len(scores)}


# %% wrong="metric" name="keeps capital letters" fails="metric-normalise"
def normalise(text: str) -> str:
    """Return the text in lower case, without punctuation and articles, with single spaces."""
    text = "".join(character for character in text if character not in string.punctuation)
    return " ".join(word for word in text.split() if word not in {"a", "an", "the"})


def exact_match(prediction: str, references: list[str]) -> float:
    """Return 1.0 if the prediction equals a reference after normalisation, else 0.0."""
    return float(any(normalise(prediction) == normalise(reference) for reference in references))


def f1(prediction: str, references: list[str]) -> float:
    """Return the best F1 of the words of the prediction with those of a reference."""
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


def squad_score(predictions: list[str], references: list[list[str]]) -> dict[str, float]:
    """Return {"exact_match", "f1"}: the means over all questions, in per cent."""
    if len(predictions) != len(references) or not predictions:
        raise ValueError("predictions and references must have the same length, at least 1")
    pairs = list(zip(predictions, references))
    return {
        "exact_match": 100 * sum(exact_match(*pair) for pair in pairs) / len(pairs),
        "f1": 100 * sum(f1(*pair) for pair in pairs) / len(pairs),
    }


# %% wrong="metric" name="a space in place of punctuation" fails="metric-normalise"
def normalise(text: str) -> str:
    """Return the text in lower case, without punctuation and articles, with single spaces."""
    text = "".join(" " if character in string.punctuation else character for character in text.lower())
    return " ".join(word for word in text.split() if word not in {"a", "an", "the"})


def exact_match(prediction: str, references: list[str]) -> float:
    """Return 1.0 if the prediction equals a reference after normalisation, else 0.0."""
    return float(any(normalise(prediction) == normalise(reference) for reference in references))


def f1(prediction: str, references: list[str]) -> float:
    """Return the best F1 of the words of the prediction with those of a reference."""
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


def squad_score(predictions: list[str], references: list[list[str]]) -> dict[str, float]:
    """Return {"exact_match", "f1"}: the means over all questions, in per cent."""
    if len(predictions) != len(references) or not predictions:
        raise ValueError("predictions and references must have the same length, at least 1")
    pairs = list(zip(predictions, references))
    return {
        "exact_match": 100 * sum(exact_match(*pair) for pair in pairs) / len(pairs),
        "f1": 100 * sum(f1(*pair) for pair in pairs) / len(pairs),
    }


# %% wrong="metric" name="keeps articles" fails="metric-normalise"
def normalise(text: str) -> str:
    """Return the text in lower case, without punctuation and articles, with single spaces."""
    text = "".join(character for character in text.lower() if character not in string.punctuation)
    return " ".join(word for word in text.split())


def exact_match(prediction: str, references: list[str]) -> float:
    """Return 1.0 if the prediction equals a reference after normalisation, else 0.0."""
    return float(any(normalise(prediction) == normalise(reference) for reference in references))


def f1(prediction: str, references: list[str]) -> float:
    """Return the best F1 of the words of the prediction with those of a reference."""
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


def squad_score(predictions: list[str], references: list[list[str]]) -> dict[str, float]:
    """Return {"exact_match", "f1"}: the means over all questions, in per cent."""
    if len(predictions) != len(references) or not predictions:
        raise ValueError("predictions and references must have the same length, at least 1")
    pairs = list(zip(predictions, references))
    return {
        "exact_match": 100 * sum(exact_match(*pair) for pair in pairs) / len(pairs),
        "f1": 100 * sum(f1(*pair) for pair in pairs) / len(pairs),
    }


# %% wrong="metric" name="articles before punctuation" fails="metric-normalise"
def normalise(text: str) -> str:
    """Return the text in lower case, without punctuation and articles, with single spaces."""
    text = " ".join(word for word in text.lower().split() if word not in {"a", "an", "the"})
    return " ".join("".join(c for c in text if c not in string.punctuation).split())


def exact_match(prediction: str, references: list[str]) -> float:
    """Return 1.0 if the prediction equals a reference after normalisation, else 0.0."""
    return float(any(normalise(prediction) == normalise(reference) for reference in references))


def f1(prediction: str, references: list[str]) -> float:
    """Return the best F1 of the words of the prediction with those of a reference."""
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


def squad_score(predictions: list[str], references: list[list[str]]) -> dict[str, float]:
    """Return {"exact_match", "f1"}: the means over all questions, in per cent."""
    if len(predictions) != len(references) or not predictions:
        raise ValueError("predictions and references must have the same length, at least 1")
    pairs = list(zip(predictions, references))
    return {
        "exact_match": 100 * sum(exact_match(*pair) for pair in pairs) / len(pairs),
        "f1": 100 * sum(f1(*pair) for pair in pairs) / len(pairs),
    }


# %% wrong="metric" name="articles inside words" fails="metric-normalise"
def normalise(text: str) -> str:
    """Return the text in lower case, without punctuation and articles, with single spaces."""
    text = "".join(character for character in text.lower() if character not in string.punctuation)
    return " ".join(text.replace("the", "").replace("an ", "").split())


def exact_match(prediction: str, references: list[str]) -> float:
    """Return 1.0 if the prediction equals a reference after normalisation, else 0.0."""
    return float(any(normalise(prediction) == normalise(reference) for reference in references))


def f1(prediction: str, references: list[str]) -> float:
    """Return the best F1 of the words of the prediction with those of a reference."""
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


def squad_score(predictions: list[str], references: list[list[str]]) -> dict[str, float]:
    """Return {"exact_match", "f1"}: the means over all questions, in per cent."""
    if len(predictions) != len(references) or not predictions:
        raise ValueError("predictions and references must have the same length, at least 1")
    pairs = list(zip(predictions, references))
    return {
        "exact_match": 100 * sum(exact_match(*pair) for pair in pairs) / len(pairs),
        "f1": 100 * sum(f1(*pair) for pair in pairs) / len(pairs),
    }


# %% wrong="metric" name="exact match without normalising" fails="metric-scores"
def normalise(text: str) -> str:
    """Return the text in lower case, without punctuation and articles, with single spaces."""
    text = "".join(character for character in text.lower() if character not in string.punctuation)
    return " ".join(word for word in text.split() if word not in {"a", "an", "the"})


def exact_match(prediction: str, references: list[str]) -> float:
    """Return 1.0 if the prediction equals a reference after normalisation, else 0.0."""
    return float(any(prediction == reference for reference in references))


def f1(prediction: str, references: list[str]) -> float:
    """Return the best F1 of the words of the prediction with those of a reference."""
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


def squad_score(predictions: list[str], references: list[list[str]]) -> dict[str, float]:
    """Return {"exact_match", "f1"}: the means over all questions, in per cent."""
    if len(predictions) != len(references) or not predictions:
        raise ValueError("predictions and references must have the same length, at least 1")
    pairs = list(zip(predictions, references))
    return {
        "exact_match": 100 * sum(exact_match(*pair) for pair in pairs) / len(pairs),
        "f1": 100 * sum(f1(*pair) for pair in pairs) / len(pairs),
    }


# %% wrong="metric" name="words as sets" fails="metric-scores"
def normalise(text: str) -> str:
    """Return the text in lower case, without punctuation and articles, with single spaces."""
    text = "".join(character for character in text.lower() if character not in string.punctuation)
    return " ".join(word for word in text.split() if word not in {"a", "an", "the"})


def exact_match(prediction: str, references: list[str]) -> float:
    """Return 1.0 if the prediction equals a reference after normalisation, else 0.0."""
    return float(any(normalise(prediction) == normalise(reference) for reference in references))


def f1(prediction: str, references: list[str]) -> float:
    """Return the best F1 of the words of the prediction with those of a reference."""
    scores = []
    predicted = normalise(prediction).split()
    for reference in references:
        wanted = normalise(reference).split()
        shared = len(set(predicted) & set(wanted))
        if not predicted or not wanted:
            scores.append(float(predicted == wanted))
        else:
            scores.append(2 * shared / (len(predicted) + len(wanted)))
    return max(scores)


def squad_score(predictions: list[str], references: list[list[str]]) -> dict[str, float]:
    """Return {"exact_match", "f1"}: the means over all questions, in per cent."""
    if len(predictions) != len(references) or not predictions:
        raise ValueError("predictions and references must have the same length, at least 1")
    pairs = list(zip(predictions, references))
    return {
        "exact_match": 100 * sum(exact_match(*pair) for pair in pairs) / len(pairs),
        "f1": 100 * sum(f1(*pair) for pair in pairs) / len(pairs),
    }


# %% wrong="metric" name="the first reference only" fails="metric-scores"
def normalise(text: str) -> str:
    """Return the text in lower case, without punctuation and articles, with single spaces."""
    text = "".join(character for character in text.lower() if character not in string.punctuation)
    return " ".join(word for word in text.split() if word not in {"a", "an", "the"})


def exact_match(prediction: str, references: list[str]) -> float:
    """Return 1.0 if the prediction equals a reference after normalisation, else 0.0."""
    return float(any(normalise(prediction) == normalise(reference) for reference in references))


def f1(prediction: str, references: list[str]) -> float:
    """Return the best F1 of the words of the prediction with those of a reference."""
    scores = []
    predicted = normalise(prediction).split()
    for reference in references:
        wanted = normalise(reference).split()
        shared = sum((collections.Counter(predicted) & collections.Counter(wanted)).values())
        if not predicted or not wanted:
            scores.append(float(predicted == wanted))
        else:
            scores.append(2 * shared / (len(predicted) + len(wanted)))
    return scores[0]


def squad_score(predictions: list[str], references: list[list[str]]) -> dict[str, float]:
    """Return {"exact_match", "f1"}: the means over all questions, in per cent."""
    if len(predictions) != len(references) or not predictions:
        raise ValueError("predictions and references must have the same length, at least 1")
    pairs = list(zip(predictions, references))
    return {
        "exact_match": 100 * sum(exact_match(*pair) for pair in pairs) / len(pairs),
        "f1": 100 * sum(f1(*pair) for pair in pairs) / len(pairs),
    }


# %% wrong="metric" name="the mean over the references" fails="metric-scores"
def normalise(text: str) -> str:
    """Return the text in lower case, without punctuation and articles, with single spaces."""
    text = "".join(character for character in text.lower() if character not in string.punctuation)
    return " ".join(word for word in text.split() if word not in {"a", "an", "the"})


def exact_match(prediction: str, references: list[str]) -> float:
    """Return 1.0 if the prediction equals a reference after normalisation, else 0.0."""
    return float(any(normalise(prediction) == normalise(reference) for reference in references))


def f1(prediction: str, references: list[str]) -> float:
    """Return the best F1 of the words of the prediction with those of a reference."""
    scores = []
    predicted = normalise(prediction).split()
    for reference in references:
        wanted = normalise(reference).split()
        shared = sum((collections.Counter(predicted) & collections.Counter(wanted)).values())
        if not predicted or not wanted:
            scores.append(float(predicted == wanted))
        else:
            scores.append(2 * shared / (len(predicted) + len(wanted)))
    return sum(scores) / len(scores)


def squad_score(predictions: list[str], references: list[list[str]]) -> dict[str, float]:
    """Return {"exact_match", "f1"}: the means over all questions, in per cent."""
    if len(predictions) != len(references) or not predictions:
        raise ValueError("predictions and references must have the same length, at least 1")
    pairs = list(zip(predictions, references))
    return {
        "exact_match": 100 * sum(exact_match(*pair) for pair in pairs) / len(pairs),
        "f1": 100 * sum(f1(*pair) for pair in pairs) / len(pairs),
    }


# %% wrong="metric" name="only recall" fails="metric-scores"
def normalise(text: str) -> str:
    """Return the text in lower case, without punctuation and articles, with single spaces."""
    text = "".join(character for character in text.lower() if character not in string.punctuation)
    return " ".join(word for word in text.split() if word not in {"a", "an", "the"})


def exact_match(prediction: str, references: list[str]) -> float:
    """Return 1.0 if the prediction equals a reference after normalisation, else 0.0."""
    return float(any(normalise(prediction) == normalise(reference) for reference in references))


def f1(prediction: str, references: list[str]) -> float:
    """Return the best F1 of the words of the prediction with those of a reference."""
    scores = []
    predicted = normalise(prediction).split()
    for reference in references:
        wanted = normalise(reference).split()
        shared = sum((collections.Counter(predicted) & collections.Counter(wanted)).values())
        if not predicted or not wanted:
            scores.append(float(predicted == wanted))
        else:
            scores.append(shared / len(wanted))
    return max(scores)


def squad_score(predictions: list[str], references: list[list[str]]) -> dict[str, float]:
    """Return {"exact_match", "f1"}: the means over all questions, in per cent."""
    if len(predictions) != len(references) or not predictions:
        raise ValueError("predictions and references must have the same length, at least 1")
    pairs = list(zip(predictions, references))
    return {
        "exact_match": 100 * sum(exact_match(*pair) for pair in pairs) / len(pairs),
        "f1": 100 * sum(f1(*pair) for pair in pairs) / len(pairs),
    }


# %% wrong="metric" name="the plain mean of precision and recall" fails="metric-scores"
def normalise(text: str) -> str:
    """Return the text in lower case, without punctuation and articles, with single spaces."""
    text = "".join(character for character in text.lower() if character not in string.punctuation)
    return " ".join(word for word in text.split() if word not in {"a", "an", "the"})


def exact_match(prediction: str, references: list[str]) -> float:
    """Return 1.0 if the prediction equals a reference after normalisation, else 0.0."""
    return float(any(normalise(prediction) == normalise(reference) for reference in references))


def f1(prediction: str, references: list[str]) -> float:
    """Return the best F1 of the words of the prediction with those of a reference."""
    scores = []
    predicted = normalise(prediction).split()
    for reference in references:
        wanted = normalise(reference).split()
        shared = sum((collections.Counter(predicted) & collections.Counter(wanted)).values())
        if not predicted or not wanted:
            scores.append(float(predicted == wanted))
        else:
            scores.append((shared / len(predicted) + shared / len(wanted)) / 2)
    return max(scores)


def squad_score(predictions: list[str], references: list[list[str]]) -> dict[str, float]:
    """Return {"exact_match", "f1"}: the means over all questions, in per cent."""
    if len(predictions) != len(references) or not predictions:
        raise ValueError("predictions and references must have the same length, at least 1")
    pairs = list(zip(predictions, references))
    return {
        "exact_match": 100 * sum(exact_match(*pair) for pair in pairs) / len(pairs),
        "f1": 100 * sum(f1(*pair) for pair in pairs) / len(pairs),
    }


# %% wrong="metric" name="two empty texts are wrong" fails="metric-scores"
def normalise(text: str) -> str:
    """Return the text in lower case, without punctuation and articles, with single spaces."""
    text = "".join(character for character in text.lower() if character not in string.punctuation)
    return " ".join(word for word in text.split() if word not in {"a", "an", "the"})


def exact_match(prediction: str, references: list[str]) -> float:
    """Return 1.0 if the prediction equals a reference after normalisation, else 0.0."""
    return float(any(normalise(prediction) == normalise(reference) for reference in references))


def f1(prediction: str, references: list[str]) -> float:
    """Return the best F1 of the words of the prediction with those of a reference."""
    scores = []
    predicted = normalise(prediction).split()
    for reference in references:
        wanted = normalise(reference).split()
        shared = sum((collections.Counter(predicted) & collections.Counter(wanted)).values())
        if not predicted or not wanted:
            scores.append(0.0)
        else:
            scores.append(2 * shared / (len(predicted) + len(wanted)))
    return max(scores)


def squad_score(predictions: list[str], references: list[list[str]]) -> dict[str, float]:
    """Return {"exact_match", "f1"}: the means over all questions, in per cent."""
    if len(predictions) != len(references) or not predictions:
        raise ValueError("predictions and references must have the same length, at least 1")
    pairs = list(zip(predictions, references))
    return {
        "exact_match": 100 * sum(exact_match(*pair) for pair in pairs) / len(pairs),
        "f1": 100 * sum(f1(*pair) for pair in pairs) / len(pairs),
    }


# %% wrong="metric" name="shares instead of per cent" fails="metric-set"
def normalise(text: str) -> str:
    """Return the text in lower case, without punctuation and articles, with single spaces."""
    text = "".join(character for character in text.lower() if character not in string.punctuation)
    return " ".join(word for word in text.split() if word not in {"a", "an", "the"})


def exact_match(prediction: str, references: list[str]) -> float:
    """Return 1.0 if the prediction equals a reference after normalisation, else 0.0."""
    return float(any(normalise(prediction) == normalise(reference) for reference in references))


def f1(prediction: str, references: list[str]) -> float:
    """Return the best F1 of the words of the prediction with those of a reference."""
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


def squad_score(predictions: list[str], references: list[list[str]]) -> dict[str, float]:
    """Return {"exact_match", "f1"}: the means over all questions, in per cent."""
    if len(predictions) != len(references) or not predictions:
        raise ValueError("predictions and references must have the same length, at least 1")
    pairs = list(zip(predictions, references))
    return {
        "exact_match": sum(exact_match(*pair) for pair in pairs) / len(pairs),
        "f1": sum(f1(*pair) for pair in pairs) / len(pairs),
    }


# %% wrong="metric" name="lists of unequal length are cut by zip" fails="metric-set"
def normalise(text: str) -> str:
    """Return the text in lower case, without punctuation and articles, with single spaces."""
    text = "".join(character for character in text.lower() if character not in string.punctuation)
    return " ".join(word for word in text.split() if word not in {"a", "an", "the"})


def exact_match(prediction: str, references: list[str]) -> float:
    """Return 1.0 if the prediction equals a reference after normalisation, else 0.0."""
    return float(any(normalise(prediction) == normalise(reference) for reference in references))


def f1(prediction: str, references: list[str]) -> float:
    """Return the best F1 of the words of the prediction with those of a reference."""
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


def squad_score(predictions: list[str], references: list[list[str]]) -> dict[str, float]:
    """Return {"exact_match", "f1"}: the means over all questions, in per cent."""
    if not predictions:
        raise ValueError("predictions and references must have the same length, at least 1")
    pairs = list(zip(predictions, references))
    return {
        "exact_match": 100 * sum(exact_match(*pair) for pair in pairs) / len(pairs),
        "f1": 100 * sum(f1(*pair) for pair in pairs) / len(pairs),
    }


# %% wrong="metric" name="no questions give 0" fails="metric-set"
def normalise(text: str) -> str:
    """Return the text in lower case, without punctuation and articles, with single spaces."""
    text = "".join(character for character in text.lower() if character not in string.punctuation)
    return " ".join(word for word in text.split() if word not in {"a", "an", "the"})


def exact_match(prediction: str, references: list[str]) -> float:
    """Return 1.0 if the prediction equals a reference after normalisation, else 0.0."""
    return float(any(normalise(prediction) == normalise(reference) for reference in references))


def f1(prediction: str, references: list[str]) -> float:
    """Return the best F1 of the words of the prediction with those of a reference."""
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


def squad_score(predictions: list[str], references: list[list[str]]) -> dict[str, float]:
    """Return {"exact_match", "f1"}: the means over all questions, in per cent."""
    if not predictions and not references:
        return {"exact_match": 0.0, "f1": 0.0}
    if len(predictions) != len(references):
        raise ValueError("predictions and references must have the same length, at least 1")
    pairs = list(zip(predictions, references))
    return {
        "exact_match": 100 * sum(exact_match(*pair) for pair in pairs) / len(pairs),
        "f1": 100 * sum(f1(*pair) for pair in pairs) / len(pairs),
    }

# %% [markdown]
# Exercise 6, save and load


# %% right="save-load" name="sets the configuration by update, loads in two steps"
def save_model(model, tokenizer, labels, folder):
    labels = list(labels)
    if model.config.num_labels != len(labels):
        raise ValueError("number of labels")
    Path(folder).mkdir(parents=True, exist_ok=True)
    model.config.update(
        {
            "id2label": {i: labels[i] for i in range(len(labels))},
            "label2id": dict(zip(labels, range(len(labels)))),
        }
    )
    tokenizer.save_pretrained(str(folder))
    model.save_pretrained(str(folder), safe_serialization=True)


def load_model(kind, folder):
    if not Path(folder).is_dir():
        raise FileNotFoundError(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model, info = kind.from_pretrained(folder, local_files_only=True, output_loading_info=True)
    if len(info["missing_keys"]) > 0:
        raise ValueError("the file is not complete")
    if model.get_input_embeddings().num_embeddings != len(tokenizer):
        raise ValueError("another tokeniser")
    model.eval()
    return model, tokenizer


# %% right="save-load" name="compares the names in the file with the names in the model"
def save_model(model, tokenizer, labels, folder):
    if len(labels) != model.config.num_labels:
        raise ValueError(f"{len(labels)} labels")
    model.config.id2label = {i: label for i, label in enumerate(labels)}
    model.config.label2id = {label: i for i, label in enumerate(labels)}
    for part in (model, tokenizer):
        part.save_pretrained(folder)


def load_model(kind, folder):
    from safetensors import safe_open

    folder = Path(folder)
    with safe_open(folder / "model.safetensors", framework="pt") as file:
        stored = set(file.keys())
    model = kind.from_pretrained(folder, local_files_only=True)
    for name, _ in model.named_parameters():  # names that share one tensor appear once
        if not any(key.endswith(name) or name.endswith(key) for key in stored):  # a body alone has no "bert." in front
            raise ValueError(f"missing: {name}")
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    if tokenizer.vocab_size != model.config.vocab_size:
        raise ValueError("vocabulary")
    return model.eval(), tokenizer


# %% wrong="save-load" name="forgets the tokeniser" fails="save-load-saves"
def save_model(model, tokenizer, labels: list[str], folder) -> None:
    """Write model, tokeniser and class names into a folder."""
    if len(labels) != model.config.num_labels:
        raise ValueError(f"{len(labels)} labels for {model.config.num_labels} classes")
    model.config.id2label = dict(enumerate(labels))
    model.config.label2id = {label: number for number, label in enumerate(labels)}
    model.save_pretrained(folder)


def load_model(kind, folder):
    """Return (model, tokenizer) from a folder, and raise where something is missing in it."""
    model, info = kind.from_pretrained(folder, local_files_only=True, output_loading_info=True)
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    if info["missing_keys"]:
        raise ValueError(f"the file lacks {sorted(info['missing_keys'])}")
    if len(tokenizer) != model.config.vocab_size:
        raise ValueError(f"{len(tokenizer)} tokens, but the model knows {model.config.vocab_size}")
    return model.eval(), tokenizer


# %% wrong="save-load" name="forgets id2label" fails="save-load-saves"
def save_model(model, tokenizer, labels: list[str], folder) -> None:
    """Write model, tokeniser and class names into a folder."""
    if len(labels) != model.config.num_labels:
        raise ValueError(f"{len(labels)} labels for {model.config.num_labels} classes")
    model.config.label2id = {label: number for number, label in enumerate(labels)}
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def load_model(kind, folder):
    """Return (model, tokenizer) from a folder, and raise where something is missing in it."""
    model, info = kind.from_pretrained(folder, local_files_only=True, output_loading_info=True)
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    if info["missing_keys"]:
        raise ValueError(f"the file lacks {sorted(info['missing_keys'])}")
    if len(tokenizer) != model.config.vocab_size:
        raise ValueError(f"{len(tokenizer)} tokens, but the model knows {model.config.vocab_size}")
    return model.eval(), tokenizer


# %% wrong="save-load" name="forgets label2id" fails="save-load-saves"
def save_model(model, tokenizer, labels: list[str], folder) -> None:
    """Write model, tokeniser and class names into a folder."""
    if len(labels) != model.config.num_labels:
        raise ValueError(f"{len(labels)} labels for {model.config.num_labels} classes")
    model.config.id2label = dict(enumerate(labels))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def load_model(kind, folder):
    """Return (model, tokenizer) from a folder, and raise where something is missing in it."""
    model, info = kind.from_pretrained(folder, local_files_only=True, output_loading_info=True)
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    if info["missing_keys"]:
        raise ValueError(f"the file lacks {sorted(info['missing_keys'])}")
    if len(tokenizer) != model.config.vocab_size:
        raise ValueError(f"{len(tokenizer)} tokens, but the model knows {model.config.vocab_size}")
    return model.eval(), tokenizer


# %% wrong="save-load" name="labels in alphabetical order" fails="save-load-saves"
def save_model(model, tokenizer, labels: list[str], folder) -> None:
    """Write model, tokeniser and class names into a folder."""
    if len(labels) != model.config.num_labels:
        raise ValueError(f"{len(labels)} labels for {model.config.num_labels} classes")
    model.config.id2label = dict(enumerate(sorted(labels)))
    model.config.label2id = {label: number for number, label in enumerate(labels)}
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def load_model(kind, folder):
    """Return (model, tokenizer) from a folder, and raise where something is missing in it."""
    model, info = kind.from_pretrained(folder, local_files_only=True, output_loading_info=True)
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    if info["missing_keys"]:
        raise ValueError(f"the file lacks {sorted(info['missing_keys'])}")
    if len(tokenizer) != model.config.vocab_size:
        raise ValueError(f"{len(tokenizer)} tokens, but the model knows {model.config.vocab_size}")
    return model.eval(), tokenizer


# %% wrong="save-load" name="weights by torch.save" fails="save-load-saves"
def save_model(model, tokenizer, labels: list[str], folder) -> None:
    """Write model, tokeniser and class names into a folder."""
    if len(labels) != model.config.num_labels:
        raise ValueError(f"{len(labels)} labels for {model.config.num_labels} classes")
    model.config.id2label = dict(enumerate(labels))
    model.config.label2id = {label: number for number, label in enumerate(labels)}
    Path(folder).mkdir(parents=True, exist_ok=True)
    model.config.save_pretrained(folder)
    torch.save(model.state_dict(), Path(folder, "pytorch_model.bin"))
    tokenizer.save_pretrained(folder)


def load_model(kind, folder):
    """Return (model, tokenizer) from a folder, and raise where something is missing in it."""
    model, info = kind.from_pretrained(folder, local_files_only=True, output_loading_info=True)
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    if info["missing_keys"]:
        raise ValueError(f"the file lacks {sorted(info['missing_keys'])}")
    if len(tokenizer) != model.config.vocab_size:
        raise ValueError(f"{len(tokenizer)} tokens, but the model knows {model.config.vocab_size}")
    return model.eval(), tokenizer


# %% wrong="save-load" name="a pickle beside the safe file" fails="save-load-saves"
def save_model(model, tokenizer, labels: list[str], folder) -> None:
    """Write model, tokeniser and class names into a folder."""
    if len(labels) != model.config.num_labels:
        raise ValueError(f"{len(labels)} labels for {model.config.num_labels} classes")
    model.config.id2label = dict(enumerate(labels))
    model.config.label2id = {label: number for number, label in enumerate(labels)}
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    torch.save(model, Path(folder, "model.pt"))


def load_model(kind, folder):
    """Return (model, tokenizer) from a folder, and raise where something is missing in it."""
    model, info = kind.from_pretrained(folder, local_files_only=True, output_loading_info=True)
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    if info["missing_keys"]:
        raise ValueError(f"the file lacks {sorted(info['missing_keys'])}")
    if len(tokenizer) != model.config.vocab_size:
        raise ValueError(f"{len(tokenizer)} tokens, but the model knows {model.config.vocab_size}")
    return model.eval(), tokenizer


# %% wrong="save-load" name="saves in 16 bits" fails="save-load-saves"
def save_model(model, tokenizer, labels: list[str], folder) -> None:
    """Write model, tokeniser and class names into a folder."""
    if len(labels) != model.config.num_labels:
        raise ValueError(f"{len(labels)} labels for {model.config.num_labels} classes")
    model.config.id2label = dict(enumerate(labels))
    model.config.label2id = {label: number for number, label in enumerate(labels)}
    copy.deepcopy(model).half().save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def load_model(kind, folder):
    """Return (model, tokenizer) from a folder, and raise where something is missing in it."""
    model, info = kind.from_pretrained(folder, local_files_only=True, output_loading_info=True)
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    if info["missing_keys"]:
        raise ValueError(f"the file lacks {sorted(info['missing_keys'])}")
    if len(tokenizer) != model.config.vocab_size:
        raise ValueError(f"{len(tokenizer)} tokens, but the model knows {model.config.vocab_size}")
    return model.eval(), tokenizer


# %% wrong="save-load" name="takes any number of labels" fails="save-load-refuses-labels"
def save_model(model, tokenizer, labels: list[str], folder) -> None:
    """Write model, tokeniser and class names into a folder."""
    if not labels:
        raise ValueError(f"{len(labels)} labels for {model.config.num_labels} classes")
    model.config.id2label = dict(enumerate(labels))
    model.config.label2id = {label: number for number, label in enumerate(labels)}
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def load_model(kind, folder):
    """Return (model, tokenizer) from a folder, and raise where something is missing in it."""
    model, info = kind.from_pretrained(folder, local_files_only=True, output_loading_info=True)
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    if info["missing_keys"]:
        raise ValueError(f"the file lacks {sorted(info['missing_keys'])}")
    if len(tokenizer) != model.config.vocab_size:
        raise ValueError(f"{len(tokenizer)} tokens, but the model knows {model.config.vocab_size}")
    return model.eval(), tokenizer


# %% wrong="save-load" name="takes too few labels" fails="save-load-refuses-labels"
def save_model(model, tokenizer, labels: list[str], folder) -> None:
    """Write model, tokeniser and class names into a folder."""
    if len(labels) > model.config.num_labels:
        raise ValueError(f"{len(labels)} labels for {model.config.num_labels} classes")
    model.config.id2label = dict(enumerate(labels))
    model.config.label2id = {label: number for number, label in enumerate(labels)}
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def load_model(kind, folder):
    """Return (model, tokenizer) from a folder, and raise where something is missing in it."""
    model, info = kind.from_pretrained(folder, local_files_only=True, output_loading_info=True)
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    if info["missing_keys"]:
        raise ValueError(f"the file lacks {sorted(info['missing_keys'])}")
    if len(tokenizer) != model.config.vocab_size:
        raise ValueError(f"{len(tokenizer)} tokens, but the model knows {model.config.vocab_size}")
    return model.eval(), tokenizer


# %% wrong="save-load" name="takes too many labels" fails="save-load-refuses-labels"
def save_model(model, tokenizer, labels: list[str], folder) -> None:
    """Write model, tokeniser and class names into a folder."""
    if len(labels) < model.config.num_labels:
        raise ValueError(f"{len(labels)} labels for {model.config.num_labels} classes")
    model.config.id2label = dict(enumerate(labels))
    model.config.label2id = {label: number for number, label in enumerate(labels)}
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def load_model(kind, folder):
    """Return (model, tokenizer) from a folder, and raise where something is missing in it."""
    model, info = kind.from_pretrained(folder, local_files_only=True, output_loading_info=True)
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    if info["missing_keys"]:
        raise ValueError(f"the file lacks {sorted(info['missing_keys'])}")
    if len(tokenizer) != model.config.vocab_size:
        raise ValueError(f"{len(tokenizer)} tokens, but the model knows {model.config.vocab_size}")
    return model.eval(), tokenizer


# %% wrong="save-load" name="writes first, then looks" fails="save-load-refuses-labels"
def save_model(model, tokenizer, labels: list[str], folder) -> None:
    """Write model, tokeniser and class names into a folder."""
    classes = model.config.num_labels
    model.config.id2label = dict(enumerate(labels))
    model.config.label2id = {label: number for number, label in enumerate(labels)}
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    if len(labels) != classes:
        raise ValueError("labels")


def load_model(kind, folder):
    """Return (model, tokenizer) from a folder, and raise where something is missing in it."""
    model, info = kind.from_pretrained(folder, local_files_only=True, output_loading_info=True)
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    if info["missing_keys"]:
        raise ValueError(f"the file lacks {sorted(info['missing_keys'])}")
    if len(tokenizer) != model.config.vocab_size:
        raise ValueError(f"{len(tokenizer)} tokens, but the model knows {model.config.vocab_size}")
    return model.eval(), tokenizer


# %% wrong="save-load" name="loads in train mode" fails="save-load-loads"
def save_model(model, tokenizer, labels: list[str], folder) -> None:
    """Write model, tokeniser and class names into a folder."""
    if len(labels) != model.config.num_labels:
        raise ValueError(f"{len(labels)} labels for {model.config.num_labels} classes")
    model.config.id2label = dict(enumerate(labels))
    model.config.label2id = {label: number for number, label in enumerate(labels)}
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def load_model(kind, folder):
    """Return (model, tokenizer) from a folder, and raise where something is missing in it."""
    model, info = kind.from_pretrained(folder, local_files_only=True, output_loading_info=True)
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    if info["missing_keys"]:
        raise ValueError(f"the file lacks {sorted(info['missing_keys'])}")
    if len(tokenizer) != model.config.vocab_size:
        raise ValueError(f"{len(tokenizer)} tokens, but the model knows {model.config.vocab_size}")
    return model.train(), tokenizer


# %% wrong="save-load" name="returns the tokeniser first" fails="save-load-loads"
def save_model(model, tokenizer, labels: list[str], folder) -> None:
    """Write model, tokeniser and class names into a folder."""
    if len(labels) != model.config.num_labels:
        raise ValueError(f"{len(labels)} labels for {model.config.num_labels} classes")
    model.config.id2label = dict(enumerate(labels))
    model.config.label2id = {label: number for number, label in enumerate(labels)}
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def load_model(kind, folder):
    """Return (model, tokenizer) from a folder, and raise where something is missing in it."""
    model, info = kind.from_pretrained(folder, local_files_only=True, output_loading_info=True)
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    if info["missing_keys"]:
        raise ValueError(f"the file lacks {sorted(info['missing_keys'])}")
    if len(tokenizer) != model.config.vocab_size:
        raise ValueError(f"{len(tokenizer)} tokens, but the model knows {model.config.vocab_size}")
    return tokenizer, model.eval()


# %% wrong="save-load" name="always loads a sorter" fails="save-load-loads"
def save_model(model, tokenizer, labels: list[str], folder) -> None:
    """Write model, tokeniser and class names into a folder."""
    if len(labels) != model.config.num_labels:
        raise ValueError(f"{len(labels)} labels for {model.config.num_labels} classes")
    model.config.id2label = dict(enumerate(labels))
    model.config.label2id = {label: number for number, label in enumerate(labels)}
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def load_model(kind, folder):
    """Return (model, tokenizer) from a folder, and raise where something is missing in it."""
    model, info = AutoModelForSequenceClassification.from_pretrained(folder, local_files_only=True, output_loading_info=True)
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    if info["missing_keys"]:
        raise ValueError(f"the file lacks {sorted(info['missing_keys'])}")
    if len(tokenizer) != model.config.vocab_size:
        raise ValueError(f"{len(tokenizer)} tokens, but the model knows {model.config.vocab_size}")
    return model.eval(), tokenizer


# %% wrong="save-load" name="always the tokeniser of depot_bert" fails="save-load-refuses"
def save_model(model, tokenizer, labels: list[str], folder) -> None:
    """Write model, tokeniser and class names into a folder."""
    if len(labels) != model.config.num_labels:
        raise ValueError(f"{len(labels)} labels for {model.config.num_labels} classes")
    model.config.id2label = dict(enumerate(labels))
    model.config.label2id = {label: number for number, label in enumerate(labels)}
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def load_model(kind, folder):
    """Return (model, tokenizer) from a folder, and raise where something is missing in it."""
    model, info = kind.from_pretrained(folder, local_files_only=True, output_loading_info=True)
    tokenizer = AutoTokenizer.from_pretrained("depot_bert", local_files_only=True)
    if info["missing_keys"]:
        raise ValueError(f"the file lacks {sorted(info['missing_keys'])}")
    if len(tokenizer) != model.config.vocab_size:
        raise ValueError(f"{len(tokenizer)} tokens, but the model knows {model.config.vocab_size}")
    return model.eval(), tokenizer


# %% wrong="save-load" name="a random head only makes it warn" fails="save-load-refuses"
def save_model(model, tokenizer, labels: list[str], folder) -> None:
    """Write model, tokeniser and class names into a folder."""
    if len(labels) != model.config.num_labels:
        raise ValueError(f"{len(labels)} labels for {model.config.num_labels} classes")
    model.config.id2label = dict(enumerate(labels))
    model.config.label2id = {label: number for number, label in enumerate(labels)}
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def load_model(kind, folder):
    """Return (model, tokenizer) from a folder, and raise where something is missing in it."""
    model, info = kind.from_pretrained(folder, local_files_only=True, output_loading_info=True)
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    if info["missing_keys"]:
        print("warning: the file lacks", sorted(info["missing_keys"]))
    if len(tokenizer) != model.config.vocab_size:
        raise ValueError(f"{len(tokenizer)} tokens, but the model knows {model.config.vocab_size}")
    return model.eval(), tokenizer


# %% wrong="save-load" name="refuses weights that the model does not use" fails="save-load-loads save-load-refuses"
def save_model(model, tokenizer, labels: list[str], folder) -> None:
    """Write model, tokeniser and class names into a folder."""
    if len(labels) != model.config.num_labels:
        raise ValueError(f"{len(labels)} labels for {model.config.num_labels} classes")
    model.config.id2label = dict(enumerate(labels))
    model.config.label2id = {label: number for number, label in enumerate(labels)}
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def load_model(kind, folder):
    """Return (model, tokenizer) from a folder, and raise where something is missing in it."""
    model, info = kind.from_pretrained(folder, local_files_only=True, output_loading_info=True)
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    if info["unexpected_keys"]:
        raise ValueError(f"the file lacks {sorted(info['missing_keys'])}")
    if len(tokenizer) != model.config.vocab_size:
        raise ValueError(f"{len(tokenizer)} tokens, but the model knows {model.config.vocab_size}")
    return model.eval(), tokenizer


# %% wrong="save-load" name="does not compare the vocabularies" fails="save-load-refuses"
def save_model(model, tokenizer, labels: list[str], folder) -> None:
    """Write model, tokeniser and class names into a folder."""
    if len(labels) != model.config.num_labels:
        raise ValueError(f"{len(labels)} labels for {model.config.num_labels} classes")
    model.config.id2label = dict(enumerate(labels))
    model.config.label2id = {label: number for number, label in enumerate(labels)}
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def load_model(kind, folder):
    """Return (model, tokenizer) from a folder, and raise where something is missing in it."""
    model, info = kind.from_pretrained(folder, local_files_only=True, output_loading_info=True)
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    if info["missing_keys"]:
        raise ValueError(f"the file lacks {sorted(info['missing_keys'])}")
    return model.eval(), tokenizer


# %% wrong="save-load" name="refuses only a tokeniser that is too large" fails="save-load-refuses"
def save_model(model, tokenizer, labels: list[str], folder) -> None:
    """Write model, tokeniser and class names into a folder."""
    if len(labels) != model.config.num_labels:
        raise ValueError(f"{len(labels)} labels for {model.config.num_labels} classes")
    model.config.id2label = dict(enumerate(labels))
    model.config.label2id = {label: number for number, label in enumerate(labels)}
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def load_model(kind, folder):
    """Return (model, tokenizer) from a folder, and raise where something is missing in it."""
    model, info = kind.from_pretrained(folder, local_files_only=True, output_loading_info=True)
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    if info["missing_keys"]:
        raise ValueError(f"the file lacks {sorted(info['missing_keys'])}")
    if len(tokenizer) > model.config.vocab_size:
        raise ValueError(f"{len(tokenizer)} tokens, but the model knows {model.config.vocab_size}")
    return model.eval(), tokenizer


# %% wrong="save-load" name="any failure becomes None" fails="save-load-refuses"
def save_model(model, tokenizer, labels: list[str], folder) -> None:
    """Write model, tokeniser and class names into a folder."""
    if len(labels) != model.config.num_labels:
        raise ValueError(f"{len(labels)} labels for {model.config.num_labels} classes")
    model.config.id2label = dict(enumerate(labels))
    model.config.label2id = {label: number for number, label in enumerate(labels)}
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def load_model(kind, folder):
    """Return (model, tokenizer) from a folder, and raise where something is missing in it."""
    if not Path(folder).is_dir():
        return None, None
    model, info = kind.from_pretrained(folder, local_files_only=True, output_loading_info=True)
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    if info["missing_keys"]:
        raise ValueError(f"the file lacks {sorted(info['missing_keys'])}")
    if len(tokenizer) != model.config.vocab_size:
        raise ValueError(f"{len(tokenizer)} tokens, but the model knows {model.config.vocab_size}")
    return model.eval(), tokenizer
