"""The discrete harmonic field in a rectangle that has values on two opposite sides and 0 on the others: a sine series.

Buzbee, Golub and Nielson 1970: a wave of angle t per pixel along a side decays by exp(-l) a pixel away from it, where
sinh(l / 2) = sin(t / 2) for the five-point operator.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft  # type: ignore[import-untyped]

Field = NDArray[np.float32]
Floats = NDArray[np.float64]

BEYOND = 2
"""Points of a grid past the far sides: what is enlarged up to a side needs neighbours there."""
_FADED = 4.0
"""Waves that decay by exp(-pi * _FADED) are left out."""
_PRODUCT = 300_000
"""Multiplications up to which a matrix product is faster than transforms (and never dealt to threads)."""


@dataclass(frozen=True, slots=True)
class Opposite:
    """Two opposite sides by their orthonormal sine spectra.

    spectra: 2xCxN float32, N points along; across: points between the two sides; rates: each wave's decay per pixel;
    roots: all the 4 (N + 1)-th roots of unity, for every angle that occurs is a multiple of theirs."""

    spectra: Field
    across: int
    rates: Floats
    roots: NDArray[np.complex64]

    @classmethod
    def of(cls, near: Field, far: Field, across: int) -> Opposite:
        """near, far: CxN values."""
        spectra = np.asarray(fft.dst(np.stack((near, far)), 1, norm="ortho"), np.float32)
        turn = 2 * np.pi / (4 * (near.shape[1] + 1)) * np.arange(4 * (near.shape[1] + 1))
        rates = 2 * np.arcsinh(np.sin(turn[1 : near.shape[1] + 1]))
        roots = np.empty(turn.size, np.complex64)
        roots.real, roots.imag = np.cos(turn), np.sin(turn)
        return cls(spectra, across, rates, roots)

    @property
    def along(self) -> int:
        return int(self.spectra.shape[2])

    def rows(self, spacing: int, chosen: tuple[range, range], least: int) -> tuple[Field, Field]:
        """What each side adds on rows of the grid of this spacing: rows x C x points along, from point 0 to BEYOND the end.

        chosen: for each side, numbers of rows counted from the near one. Rows fewer than `least` away from their side are 0."""
        waves = self.along
        if spacing > 1:
            waves = min(waves, int(np.ceil(_FADED * (waves + 1) / (spacing * least))))
        numbers = np.concatenate([np.arange(rows.start, rows.stop) * spacing for rows in chosen])
        side = np.arange(numbers.size) >= len(chosen[0])
        depth = np.where(side, self.across + 1 - numbers, numbers)
        seen = depth >= least * spacing
        lines = self._decayed(side[seen].astype(np.intp), depth[seen], waves)
        values = _summed(lines.reshape(-1, waves), self.roots, spacing)
        made = np.zeros((numbers.size, lines.shape[1], values.shape[1]), np.float32)
        made[seen] = values.reshape(*lines.shape[:2], -1)
        return made[: len(chosen[0])], made[len(chosen[0]) :]

    def _decayed(self, side: NDArray[np.intp], depth: NDArray[np.intp], waves: int) -> Field:
        """Spectra of these sides at these distances: distances x C x waves."""
        rates, whole = self.rates[:waves], 2 * (self.across + 1)
        share = np.exp(depth[:, None] * -rates) - np.exp((depth - whole)[:, None] * rates)
        share /= -np.expm1(-whole * rates)
        return np.asarray(self.spectra[side, :, :waves] * share.astype(np.float32)[:, None])


def last_point(between: int, spacing: int) -> int:
    """Number of the grid's last point on an axis with so many pixels between the sides."""
    return -(-(between + 1) // spacing) + BEYOND


def _summed(lines: Field, roots: NDArray[np.complex64], spacing: int) -> Field:
    """Series (lines x waves) at the grid's points."""
    along = roots.size // 4 - 1
    last, waves = last_point(along, spacing), lines.shape[1]
    scale = np.float32(np.sqrt(2 / (along + 1)))
    if lines.shape[0] * waves * last > _PRODUCT:
        return _chirped(lines * (scale / 2), roots, spacing, last)
    at = np.arange(1, waves + 1)[:, None] * (np.arange(last + 1) * (2 * spacing)) % roots.size
    return np.asarray((lines * scale) @ roots.imag[at])


def _chirped(lines: Field, roots: NDArray[np.complex64], spacing: int, last: int) -> Field:
    """Twice the sine series, two lines in one complex transform of a good length (Bluestein 1970).

    sum of z[k] exp(i t k m) over k = -waves..waves is a convolution: k m = (k^2 + m^2 - (m - k)^2) / 2."""
    count, waves = lines.shape
    size = fft.next_fast_len(2 * waves + last + 1)
    reach = np.arange(waves + last + 1)
    chirp = roots[reach * reach * spacing % roots.size]
    pairs = np.zeros((-(-count // 2), 2 * waves + 1), np.complex64)
    pairs.real[:, waves + 1 :] = lines[::2]
    pairs.imag[: count // 2, waves + 1 :] = lines[1::2]
    pairs[:, waves + 1 :] *= chirp[1 : waves + 1]
    pairs[:, :waves] = -pairs[:, :waves:-1]
    kernel = np.concatenate((chirp[waves:0:-1], chirp[: waves + last + 1])).conj()
    spectrum = fft.fft(pairs, size) * fft.fft(kernel, size)
    found = fft.ifft(spectrum, overwrite_x=True)[:, 2 * waves : 2 * waves + last + 1] * chirp[: last + 1]
    out = np.empty((count, last + 1), np.float32)
    out[::2], out[1::2] = found.imag, -found.real[: count // 2]
    return out
