"""`viz.grid`: images side by side, as a PNG inside the page; the PNG is written here, with zlib alone."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import Any

import numpy as np

from minitorch.viz.page import Picture, size


def png(pixels: Any) -> bytes:
    """A PNG file of uint8 pixels (H, W, 3): signature, header, one zlib stream of rows, each of filter type 0."""
    high, wide = pixels.shape[:2]
    rows = np.zeros((high, 1 + 3 * wide), dtype=np.uint8)
    rows[:, 1:] = pixels.reshape(high, 3 * wide)

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", wide, high, 8, 2, 0, 0, 0)
    parts = [chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows.tobytes(), 6)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def grid(images: Any, nrow: int = 8, padding: int = 2, normalize: bool = False, scale: int | None = None) -> Picture:
    """A batch of images in a grid.

    images     (N, C, H, W), (N, H, W), (C, H, W) or (H, W) with C 1 or 3; floats in [0, 1] or uint8
    normalize  map the least value to black and the greatest to white; else values outside [0, 1] are clipped
    scale      pixels of the page per pixel; if not given, what fills about 800
    """
    array = images.detach().cpu().numpy()
    array = array[None] if array.ndim == 2 else array
    if array.ndim == 3:
        array = array[None] if array.shape[0] == 3 else array[:, None]
    if array.ndim != 4 or array.shape[1] not in (1, 3) or 0 in array.shape:
        raise ValueError(f"viz.grid: expected images (N, 1 or 3, H, W), but the shape is {tuple(images.shape)}")
    values = array.astype(np.float64) / (255.0 if array.dtype == np.uint8 else 1.0)
    low, high = float(values.min()), float(values.max())
    if normalize:
        values = (values - low) / ((high - low) or 1.0)
    count, _, tall, wide = values.shape
    columns = min(nrow, count)
    rows = -(-count // columns)
    canvas = np.full((rows * (tall + padding) + padding, columns * (wide + padding) + padding, 3), 128, dtype=np.uint8)
    shown = np.rint(np.clip(np.nan_to_num(values), 0, 1) * 255).astype(np.uint8).transpose(0, 2, 3, 1)
    for k in range(count):
        y, x = (k // columns) * (tall + padding) + padding, (k % columns) * (wide + padding) + padding
        canvas[y : y + tall, x : x + wide] = shown[k]
    zoom = scale or max(1, 800 // canvas.shape[1])
    zoom = zoom if scale else min(zoom, 16)
    words = (
        f"{count} images of {size((tall, wide))} in {rows} rows of up to {columns}; values from {low:.4g} to {high:.4g}"
    )
    src = "data:image/png;base64," + base64.b64encode(png(canvas)).decode()
    body = (
        f'<div class="mtv-scroll"><img src="{src}" alt="{words}" width="{canvas.shape[1] * zoom}" '
        f'height="{canvas.shape[0] * zoom}" style="image-rendering:pixelated"></div>'
    )
    data = {"count": count, "rows": rows, "columns": columns, "min": low, "max": high, "pixels": list(canvas.shape)}
    return Picture("grid", f"{count} images", data, body, words)
