"""Markdown as HTML for pages that need no network and run nothing that somebody wrote into it."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Mapping
from functools import lru_cache
from html import escape

import bleach
from markupsafe import Markup
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

_TAGS = {
    "a", "abbr", "b", "blockquote", "br", "code", "dd", "del", "details", "div", "dl", "dt", "em", "h1", "h2", "h3",
    "h4", "h5", "h6", "hr", "i", "img", "kbd", "li", "ol", "p", "pre", "s", "small", "span", "strong", "sub", "summary",
    "sup", "table", "tbody", "td", "th", "thead", "tr", "u", "ul",
}
_PICTURE = re.compile(r"data:image/(png|jpeg|gif|svg\+xml|webp);base64,[A-Za-z0-9+/=\s]*")
_LINK = re.compile(r"(https?|mailto):|#")
_LONGEST_FORMULA, _DEEPEST_FORMULA = 400, 30
# Beyond these the time that making it harmless takes grows faster than the text.
_LONGEST, _MOST_TAGS = 200_000, 2_000
_SIZE, _DPI = 12, 96


def html_of(markdown: str, attachments: Mapping[str, Mapping[str, str]] | None = None) -> Markup:
    """Markdown as HTML, with formulas as pictures and pictures only from the text itself.

    Args:
        attachments: pictures that belong to the text, by name and media type.

    Returns:
        The text as it was written, where it is very long or has very many tags.
    """
    if len(markdown) > _LONGEST or markdown.count("<") > _MOST_TAGS:
        return Markup(f"<pre>{escape(markdown)}</pre>")
    renderer = _Renderer(escape=False, allow_harmful_protocols=False, exclude_anchor_links=True,
                         attachments={name: dict(bundle) for name, bundle in (attachments or {}).items()})
    html = MarkdownWithMath(renderer=renderer).render(markdown)
    return Markup(bleach.clean(html, tags=_TAGS, attributes=_is_harmless, protocols=["http", "https", "mailto", "data"],
                               strip=True))


class _Renderer(IPythonRenderer):
    """nbconvert's own, but for formulas, which nbconvert leaves to a script from the network."""

    def inline_math(self, body: str) -> str:
        return formula(body.strip())

    def block_math(self, body: str) -> str:
        return f"<div>{formula(body.strip())}</div>"

    def latex_environment(self, name: str, body: str) -> str:
        whole = f"\\begin{{{name}}}{body}\\end{{{name}}}"
        return f"<div>{formula(whole)}</div>"

    def _embed_image_or_attachment(self, src: str) -> str:
        name = src.removeprefix("attachment:")
        return super()._embed_image_or_attachment(src) if name != src and name in self.attachments else src

    def block_mermaidjs(self, code: str) -> str:
        return f"<pre><code>{escape(code)}</code></pre>"


@lru_cache(maxsize=2048)
def formula(tex: str) -> str:
    """A formula as a picture with its TeX as the text beside it; as its TeX where Matplotlib cannot draw it."""
    shown = f"<code>{escape(f'${tex}$')}</code>"
    if not tex or len(tex) > _LONGEST_FORMULA or tex.count("{") > _DEEPEST_FORMULA or "$" in tex:
        return shown
    from matplotlib import rc_context
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties
    from matplotlib.mathtext import MathTextParser

    text, font, file = f"${' '.join(tex.split())}$", FontProperties(size=_SIZE), io.BytesIO()
    try:
        width, height, depth, _, _ = MathTextParser("path").parse(text, dpi=_DPI, prop=font)
        figure = Figure(figsize=(max(width, 1) / _DPI, max(height, 1) / _DPI))
        figure.text(0, depth / max(height, 1), text, fontproperties=font)
        with rc_context({"svg.hashsalt": "mle", "svg.fonttype": "path"}):  # the same bytes each time
            figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    except Exception:  # whatever its parser stumbles over
        return shown
    picture = base64.b64encode(file.getvalue()).decode("ascii")
    return (f'<img class="formula" alt="{escape(tex)}" width="{round(width)}" height="{round(height)}" '
            f'src="data:image/svg+xml;base64,{picture}">')


def _is_harmless(tag: str, name: str, value: str) -> bool:
    if tag == "img":
        return name in {"alt", "width", "height", "title", "class"} or (
            name == "src" and _PICTURE.fullmatch(value) is not None)
    if name == "href":
        return tag == "a" and _LINK.match(value) is not None
    return name in {"class", "title", "colspan", "rowspan", "start"}
