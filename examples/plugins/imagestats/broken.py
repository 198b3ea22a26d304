"""The operator ``broken``: it fails the way programs do, so that one can see what becomes of its traceback."""

import logging

from signalbox import work

log = logging.getLogger("imagestats")


def divide(total: int, count: int) -> float:
    """Divide, also where that cannot be done."""
    return total / count


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, handlers=[work.LogHandler()])
    log.info("this operator fails on purpose")
    work.progress(0.5, "about to fail")
    divide(1, 0)
