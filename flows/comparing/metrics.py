"""The metrics there are, what each means, and which of them the verdict rests on."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from flows.comparing.model import Basis, Direction, Metric

ENOUGH_TRUTH = 0.5
"""Share of the pictures whose truth must be known, for the truth to decide in place of what can be told without it."""


def _metric(
    name: str, title: str, direction: Direction, basis: Basis, least: float, unit: str, meaning: str
) -> Metric:
    return Metric(
        name=name, title=title, meaning=meaning, direction=direction, basis=basis, unit=unit, least=least, deciding=False
    )  # fmt: skip


METRICS = (
    _metric("psnr", "likeness to the truth (PSNR)", "higher", "truth", 0.25, "dB",
            "Peak signal to noise ratio against the true picture, over the pixels that had to change or that any variant "
            "changed; 50 dB at most. Of enlarged, cleaned and generated pictures: over the whole."),
    _metric("ssim", "likeness of structure (SSIM)", "higher", "truth", 0.005, "",
            "Structural similarity (Wang and others 2004) against the true picture, its map averaged over the same pixels."),
    _metric("soundness", "soundness", "higher", "free", 0.02, "",
            "1 without any fault that can be measured without the truth, 0.5 when every one is at its bound, 0 when every one is "
            "twice as far or more. Edited regions: old content left, seam, pixels outside, colour shift, repetition, text still "
            "read, grain and sharpness against the surroundings; the worst region counts. Enlarged and cleaned pictures: agreement "
            "with the source when scaled down again, colour shift, detail that nothing explains."),
    _metric("prompt_colour", "distance from the colours asked for", "lower", "prompt", 3.0, "ΔE",
            "Of each colour word in the prompt, how far (CIE 1976 ΔE) the nearest tenth of the picture is from that colour; the "
            "mean over the words. It says nothing of shapes, materials or light."),
    _metric("outcome", "how it ended", "higher", "outcome", 0.05, "",
            "1 done, 0.7 degraded, 0.3 needs review. Unchanged pictures have none: only the truth says whether that is right."),
    _metric("residual_text", "text still read", "lower", "free", 0.02, "", "Share of the hole on which text is read again; the worst region."),
    _metric("leak", "old content left", "lower", "free", 0.005, "", "Share of the old content that shows through; the worst region."),
    _metric("seam_step", "seam", "lower", "free", 0.5, "levels", "Step at the edge of the hole against steps around it, levels of 255; the worst region."),
    _metric("colour_shift", "colour shift", "lower", "free", 0.5, "ΔE", "Low-frequency colour difference to the surroundings; the worst region."),
    _metric("repetition", "repetition", "lower", "free", 0.03, "", "Share of the fill's detail that stands there twice; the worst region."),
    _metric("grain_off", "grain off", "lower", "free", 0.2, "octaves", "Noise against the surroundings', as |log2|: 1 = half or twice as much; the worst region."),
    _metric("sharpness_off", "sharpness off", "lower", "free", 0.2, "octaves", "Sharpness against the surroundings', as |log2|; the worst region."),
    _metric("consistency", "agreement with the source", "higher", "free", 0.25, "dB", "PSNR of an enlarged or cleaned picture, scaled down again, to its source."),
)  # fmt: skip
"""In the order in which they are shown."""


def chosen(scores: Mapping[str, Collection[str]], pictures: int) -> tuple[Metric, ...]:
    """The metrics that some pictures have, and which decide.

    scores: metric to the pictures that have it of two variants or more; pictures: how many are compared. The truth decides,
    with how the pictures ended, where it is known of enough of them; else soundness and the prompt decide, with how they ended."""
    found = [metric for metric in METRICS if scores.get(metric.name)]
    with_truth = len(scores.get("psnr", ()))
    known = with_truth > 0 and with_truth >= ENOUGH_TRUTH * pictures
    wanted = ("psnr", "ssim", "outcome") if known else ("soundness", "prompt_colour", "outcome")
    return tuple(metric.model_copy(update={"deciding": metric.name in wanted}) for metric in found)


def names(metrics: Sequence[Metric]) -> tuple[str, ...]:
    """Of the metrics, in order."""
    return tuple(metric.name for metric in metrics)
