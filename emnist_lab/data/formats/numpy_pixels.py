"""Pixels of any type and range -> greys from 0 to 255."""

import numpy as np

from ...errors import DatasetError


class Pixels:
    """What the pixels of an array are, learned from all of it, and their greys.

    Parameters
    ----------
    name : str
        Of the array, for messages.
    size : (int, int)
        Height and width of an image.

    Examples
    --------
    >>> pixels = Pixels("x", (1, 2))
    >>> half = np.array([[0.0, 0.5], [0.2, 1.0]])
    >>> pixels.look(half)
    >>> pixels.grey(half).tolist(), pixels.notes()
    ([[[0, 128]], [[51, 255]]], ('Pixels went from 0 to 1 and were scaled to 0..255.',))
    """

    def __init__(self, name: str, size: tuple[int, int]):
        self.name, self.size = name, size
        self._low, self._high = np.inf, -np.inf

    def look(self, block: np.ndarray) -> None:
        """Take note of some images' range; raises `DatasetError` where they aren't numbers."""
        if not block.size:
            return
        low, high = float(block.min()), float(block.max())
        if not (np.isfinite(low) and np.isfinite(high)):
            raise DatasetError(
                f"{self.name} holds pixels that aren't numbers: save it again without NaN."
            )
        self._low, self._high = min(self._low, low), max(self._high, high)
        if self._high > 255 or self._low < -1:
            raise DatasetError(
                f"{self.name} holds the pixel {high if high > 255 else low:g}: use a copy whose "
                "pixels go from 0 to 255, or from 0 to 1."
            )

    @property
    def _range(self) -> tuple[float, float]:
        """What is black and what is white."""
        if self._low == np.inf:  # bytes, which weren't looked at
            return 0, 255
        if self._low < 0:
            return -1, 1
        return 0, next(white for white in (1, 16, 255) if self._high <= white)

    def notes(self) -> tuple[str, ...]:
        """What was done to them."""
        low, high = self._range
        if high == 255:
            return ()
        return (f"Pixels went from {low} to {high} and were scaled to 0..255.",)

    def grey(self, block: np.ndarray) -> np.ndarray:
        """Greys of some images.

        Parameters
        ----------
        block : ndarray of shape (N, ...)
            Rows of pixels, or images with one, three or four channels, which may stand first.

        Returns
        -------
        ndarray of shape (N, H, W), dtype uint8
        """
        height, width = self.size
        low, high = self._range
        if block.dtype != np.uint8 or high != 255:
            scaled = (block.astype(np.float32) - low) * (255 / (high - low))
            block = scaled.round().clip(0, 255).astype(np.uint8)
        if block.size == len(block) * height * width:
            return block.reshape(-1, height, width)
        if block.shape[-1] not in (3, 4):
            block = np.moveaxis(block, 1, -1)
        weights = np.array([0.299, 0.587, 0.114], np.float32)
        return (block[..., :3] @ weights).round().astype(np.uint8).reshape(-1, height, width)
