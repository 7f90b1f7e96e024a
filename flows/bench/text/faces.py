"""Which typefaces are at hand for the truth set, by style: matplotlib's own and those of the system's font folders."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

STYLES: Final[dict[str, tuple[str, ...]]] = {
    "plain": (
        "DejaVuSans", "LiberationSans-Regular", "DejaVuSerif", "LiberationSerif-Regular", "LiberationSansNarrow-Regular",
        "STIXGeneral",
    ),
    "bold": ("DejaVuSans-Bold", "LiberationSans-Bold", "DejaVuSerif-Bold", "LiberationSansNarrow-Bold", "STIXGeneralBol"),
    "heavy": ("DejaVuSans-Bold", "LiberationSans-Bold", "DejaVuSansCondensed-Bold", "DejaVuSerifCondensed-Bold"),
    "thin": ("DejaVuSans-ExtraLight", "cmss10", "cmr10", "LiberationSansNarrow-Regular", "STIXGeneral"),
    "cyrillic": (
        "DejaVuSans", "DejaVuSans-Bold", "LiberationSans-Bold", "LiberationSerif-Regular", "DejaVuSerif-Bold",
        "LiberationSans-Regular",
    ),
    "cjk": (
        "NotoSansCJK-Regular", "NotoSansCJK-Bold", "NotoSerifCJK-Regular", "NotoSansSC-Regular", "wqy-microhei",
        "wqy-zenhei", "SourceHanSans-Regular",
    ),
}  # fmt: skip
"""Style to file names without their suffix. Every style but `cjk` has a face that matplotlib ships."""
_SUFFIXES = (".ttf", ".otf", ".ttc")


@dataclass(frozen=True, slots=True)
class Face:
    """A typeface's file."""

    name: str
    path: str


@lru_cache(maxsize=1)
def _at_hand() -> dict[str, str]:
    """File name without suffix to path; matplotlib's own win, so that most cases do not depend on the machine."""
    import matplotlib
    from matplotlib.font_manager import findSystemFonts

    shipped = (Path(matplotlib.get_data_path()) / "fonts" / "ttf").iterdir()
    found = [*sorted(Path(path) for path in findSystemFonts()), *sorted(shipped)]
    return {path.stem: str(path) for path in found if path.suffix.lower() in _SUFFIXES}


def faces(style: str) -> tuple[Face, ...]:
    """The faces of a style that are at hand, in the style's order; KeyError for an unknown style."""
    known = _at_hand()
    return tuple(Face(name, known[name]) for name in STYLES[style] if name in known)


def missing() -> tuple[str, ...]:
    """Names of faces that are not at hand, of the styles that are not mere alternatives."""
    known = _at_hand()
    return tuple(sorted({n for style, names in STYLES.items() if style != "cjk" for n in names} - set(known)))
