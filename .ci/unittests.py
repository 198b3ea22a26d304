"""Runs the Python tests: every folder called tests, and every test beside an example."""

import pathlib
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "sdk" / "python"))


def main() -> int:
    """Runs the tests of each folder in one process and tells how many failed."""
    folders = sorted({path.parent for part in ("sdk/python", "examples") for path in (ROOT / part).rglob("test_*.py")})
    suite = unittest.TestSuite()
    for folder in folders:
        sys.path.insert(0, str(folder))
        suite.addTests(unittest.TestLoader().discover(str(folder), top_level_dir=str(folder)))
    if suite.countTestCases() == 0:
        sys.exit("no Python tests were found")
    result = unittest.TextTestRunner().run(suite)
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
