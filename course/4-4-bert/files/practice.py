"""What the examples and the checks share: small random models, batches of reports, and cells that wait for answers."""

import contextlib

import torch
from transformers import AutoTokenizer, BertConfig
from transformers.utils import logging


@contextlib.contextmanager
def once_solved(*exercises: str):
    """Run a block that needs your answers; say which ones where they are still missing."""
    try:
        yield
    except NotImplementedError:
        print("This cell runs once you have solved:", ", ".join(exercises))


@contextlib.contextmanager
def no_load_report():
    """Load a model without the report on weights that the file lacks or the model does not use."""
    before = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(before)


def notes_tokenizer():
    """Return the tokenizer of depot_bert, a new object for each call."""
    return AutoTokenizer.from_pretrained("depot_bert", local_files_only=True)


def random_model(kind, seed: int, dropout: float = 0.0, **settings):
    """Return a BERT with random weights and the vocabulary of depot_bert, in eval mode.

    kind: a class such as AutoModelForMaskedLM. settings: more settings of its configuration.
    """
    config = BertConfig(
        **{
            "vocab_size": len(notes_tokenizer()),
            "hidden_size": 16,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "intermediate_size": 24,
            "max_position_embeddings": 128,
            "initializer_range": 0.4,
            "hidden_dropout_prob": dropout,
            "attention_probs_dropout_prob": dropout,
            **settings,
        }
    )
    torch.manual_seed(seed)
    return kind.from_config(config).eval()


def labelled_batches(texts, labels, size: int) -> list[dict]:
    """Return batches as models take them: input_ids, attention_mask, token_type_ids and labels."""
    tokenizer = notes_tokenizer()
    batches = []
    for begin in range(0, len(texts), size):
        batch = dict(tokenizer(list(texts[begin : begin + size]), padding=True, return_tensors="pt"))
        batches.append({**batch, "labels": torch.tensor(labels[begin : begin + size])})
    return batches


# What the checks share.


def raises(error, call, *arguments, **options) -> bool:
    """Return whether a call raises this error; NotImplementedError, a RuntimeError too, means "not attempted"."""
    try:
        call(*arguments, **options)
    except NotImplementedError:
        raise
    except error:
        return True
    return False


def weights_of(module) -> dict[str, torch.Tensor]:
    """Return a copy of all weights by name."""
    return {name: tensor.detach().clone() for name, tensor in module.state_dict().items()}
