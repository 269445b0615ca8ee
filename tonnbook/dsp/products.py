"""Matrix products of thin matrices, in slices that the linear algebra library computes in the calling thread.

OpenBLAS, which numpy brings along, spreads a product over all cores from about 64³ multiplications on. For products of some
microseconds, made by several songs at once, the threads then mostly wait for each other: measured, up to forty times slower.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

F = TypeVar("F", np.float32, np.float64)

_IN_ONE_THREAD = 2**18


def thin_product(matrix: npt.NDArray[F], columns: npt.NDArray[F]) -> npt.NDArray[F]:
    """Return `matrix @ columns`; the slices are the same whatever the number of columns, so each column comes out the same."""
    rows, depth = matrix.shape
    step = max(1, _IN_ONE_THREAD // (rows * depth))
    out = np.empty((rows, columns.shape[1]), dtype=matrix.dtype)
    for start in range(0, columns.shape[1], step):
        part = slice(start, start + step)
        np.matmul(matrix, columns[:, part], out=out[:, part])
    return out
