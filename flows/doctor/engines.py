"""Cards, their weights, and the reader without which no text is found."""

from __future__ import annotations

import time

import cv2
import numpy as np

from flows.cli.check import registry
from flows.doctor.finding import Finding, bad, good
from model_registry.engines.ocr import RapidReader
from model_registry.errors import WeightsMissing
from model_registry.weights import locate, verify
from tasks.policy.guard import guard_of

WORD = "READ ME"


def cards() -> Finding:
    """Whether every card can be used, and weights that are here are whole. Weights that are not here are no fault."""
    every = registry()
    wrong, here, absent = [], 0, 0
    for card in every.cards:
        folder = every.folder_of(card.id)
        try:
            locate(card, folder) if card.weights else None
        except WeightsMissing:
            absent += 1
            continue
        faults = verify(card, folder)
        wrong += [f"{card.id}: {fault}" for fault in faults]
        here += card.weights is not None
    if wrong:
        cure = "put the file back: git checkout model_registry/cards, or `pentimento models pull ID`"
        return bad("cards and weights", "; ".join(wrong), cure)
    counted = f"{len(every.cards)} cards; {here} with weights here, whole by sha256; {absent} wait for theirs"
    return good("cards and weights", counted)


def reader() -> Finding:
    """Whether the embedded OCR loads and reads a word."""
    begun = time.perf_counter()
    picture = np.full((96, 320, 3), 255, np.uint8)
    cv2.putText(picture, WORD, (20, 64), cv2.FONT_HERSHEY_SIMPLEX, 1.6, (20, 20, 20), 3, cv2.LINE_AA)
    params = registry().get("rapidocr").defaults
    lines = RapidReader().read(picture, params=params)
    seconds = time.perf_counter() - begun
    text = " ".join(line.text for line in lines)
    if WORD.replace(" ", "") not in text.replace(" ", "").upper():
        return bad(
            "text reader",
            f"reads {text!r} for {WORD!r}",
            "pip install --force-reinstall rapidocr onnxruntime",
        )
    return good("text reader", f"loads and reads in {seconds:.1f} s")


def policy(path: str) -> Finding:
    """Whether the policy file is one. path: of the settings; empty for the built-in one."""
    guard_of(path)
    return good("policy", path or "the built-in one")
