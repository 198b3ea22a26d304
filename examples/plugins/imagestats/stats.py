"""The operator ``stats``: brightness and contrast of every PNG image of a folder, as a table."""

from __future__ import annotations

import logging
import math
import sys
from pathlib import Path
from typing import Any, Dict, List

import png
from signalbox import work

log = logging.getLogger("imagestats")


def measure(path: Path) -> Dict[str, Any]:
    """Give the row of one image. Raises png.PNGError, OSError."""
    image = png.decode(path.read_bytes())
    counts = [0] * 256
    for luma in image.luma():
        counts[luma] += 1
    pixels = image.width * image.height
    mean = sum(luma * n for luma, n in enumerate(counts)) / pixels
    spread = math.sqrt(sum(n * (luma - mean) ** 2 for luma, n in enumerate(counts)) / pixels)
    return {
        "file": path.name,
        "width": image.width,
        "height": image.height,
        "brightness": round(mean, 2),
        "contrast": round(spread, 2),
    }


def measure_all(files: List[Path]) -> Dict[str, Any]:
    """Measure images one after the other. One that cannot be read is told and left out."""
    rows: List[Dict[str, Any]] = []
    skipped: List[Dict[str, str]] = []
    for done, path in enumerate(files):
        work.progress(done / len(files), f"{path.name} ({done + 1} of {len(files)})")
        try:
            row = measure(path)
        except (png.PNGError, OSError) as e:
            log.warning("%s is skipped: %s", path.name, e)
            skipped.append({"file": path.name, "reason": str(e)})
            continue
        log.info("%(file)s: %(width)d x %(height)d, brightness %(brightness).1f, contrast %(contrast).1f", row)
        rows.append(row)
    work.progress(1, f"{len(rows)} images measured")
    return {
        "images": rows,
        "skipped": skipped,
        "brightness": mean(rows, "brightness"),
        "contrast": mean(rows, "contrast"),
    }


def mean(rows: List[Dict[str, Any]], column: str) -> Any:
    """Give the mean of a column, None without rows."""
    return round(sum(row[column] for row in rows) / len(rows), 2) if rows else None


def main() -> int:
    """Do what the run asks for, and give the exit status."""
    logging.basicConfig(level=logging.INFO, handlers=[work.LogHandler()])
    params = work.context().params
    folder, pattern = Path(params["folder"]), params.get("pattern", "*.png")
    if not folder.is_dir():
        work.fail(f"There is no folder {folder} here.")
        return 1
    files = sorted(path for path in folder.glob(pattern) if path.is_file())
    if not files:
        work.fail(f"No file in {folder} is named like {pattern}.")
        return 1
    log.info("measuring %d files in %s", len(files), folder)
    work.result(measure_all(files))
    return 0


if __name__ == "__main__":
    sys.exit(main())
