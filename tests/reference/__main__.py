"""`python -m tests.reference DIR`: compares our code with every reference case of a folder."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch

from tests.reference.adapters import ADAPTERS
from tests.reference.runner import run


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.reference", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="DIR", help="folder of cases (*.json)")
    torch.set_num_threads(1)
    return run(parser.parse_args(arguments).folder, ADAPTERS)


if __name__ == "__main__":
    sys.exit(main())
