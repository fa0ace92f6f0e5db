"""Reads what lies in `programs/` and `golden/` beside this file."""

from pathlib import Path

LANGUAGES = {".R": "r", ".jl": "julia", ".java": "java", ".cpp": "cpp"}
NUMBERS = {"flow", "usual", "scores", "limit", "signal", "spread"}  # fields that hold numbers with a fraction
SINGLE = {"k", "limit", "samples", "mark", "per_tooth", "turn", "sample", "teeth", "rest", "size", "channels"}


def text_of(name):
    """The text of a file of this folder, in which the notebook runs."""
    return Path(name).read_text(encoding="utf-8")


def program(name):
    """Show a program of `programs/`, without the lines that read its input and print its output."""
    from IPython.display import Markdown

    source = text_of(f"programs/{name}")
    kept = [line for line in source.split("--- reads cases")[0].splitlines() if not line.startswith(("import", "#inc"))]
    while kept and kept[-1].strip() in {"", "//", "#"}:
        kept.pop()
    while not kept[0].strip():
        kept.pop(0)
    return Markdown(f"```{LANGUAGES[Path(name).suffix]}\n" + "\n".join(kept) + "\n```")


def value_of(name, texts):
    """The values of one line, as numbers where they are numbers."""
    if name == "words":
        return texts
    values = [float(text) if name in NUMBERS else int(text) for text in texts if text]
    return values[0] if name in SINGLE else values


def records(text):
    """Groups of lines `name TAB value TAB value …`, parted by empty lines, as dictionaries."""
    for group in text.replace("\r\n", "\n").split("\n\n"):
        if group.strip():
            lines = (line.split("\t") for line in group.strip("\n").split("\n"))
            yield {name: value_of(name, texts) for name, *texts in lines}


def golden(name):
    """The recorded cases of a program: a list of pairs (what it was given, what it answered)."""
    given, answered = (list(records(text_of(f"golden/{name}.{part}.txt"))) for part in ("in", "out"))
    return list(zip(given, answered, strict=True))


def phrases(language):
    """Short lines of a language, each with what that language answered: a dictionary."""
    lines = text_of(f"golden/phrases.{language}.txt").splitlines()
    return dict(line.split("\t") for line in lines if line)
