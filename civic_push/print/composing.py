"""From values and a Typst template to a PDF."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import segno
import typst

from civic_push.print.settable import settable

_TEMPLATES = Path(__file__).parent
_KEPT = 128  # PDFs, about 50 kB each, in each process


def compose(template: str, values: Mapping[str, Any], now: datetime) -> bytes:
    """The PDF of a template (its name without .typ), tagged as PDF/UA-1 asks. `values` must
    be what JSON can hold; `now` becomes the document's date. The same values give the same
    bytes, composed once and kept for a while."""
    text = json.dumps(settable(dict(values)), ensure_ascii=False, sort_keys=True)
    return _composed(template, text, int(now.timestamp()))


def qr_code(address: str) -> str:
    """An address as a QR code: an SVG with the quiet zone that scanners need."""
    drawn = io.BytesIO()
    segno.make(address, error="m", micro=False).save(
        drawn, kind="svg", border=4, light="#fff", xmldecl=False, svgclass=None, lineclass=None)
    return drawn.getvalue().decode()


@lru_cache(maxsize=_KEPT)
def _composed(template: str, text: str, timestamp: int) -> bytes:
    """Values travel as JSON in `sys.inputs`: whatever stands in them, Typst sets it as text.
    System fonts are left out, so that a sheet looks the same on every host."""
    pdf = typst.compile(
        str(_TEMPLATES / f"{template}.typ"), root=str(_TEMPLATES), ignore_system_fonts=True,
        sys_inputs={"values": text}, pdf_standards=["ua-1"], timestamp=timestamp, format="pdf")
    assert isinstance(pdf, bytes)
    return pdf
