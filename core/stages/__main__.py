"""The stages at the terminal: `python -m core.stages pretrain`, `… relay`, `… record` and `… verify`, `… store`, `… starts`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from core.stages import recordings, starting_points, stored, terminal
from core.stages.evaluate import single_thread
from core.stages.ppo import PpoConfig
from core.stages.pretrain import PretrainConfig
from core.stages.recordings import Order
from core.stages.relay import RelayConfig
from core.stages.world_task import WEIGHTS


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m core.stages", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    pretrain = commands.add_parser("pretrain", help="pretrain the tiny language model and write its weights and card")
    pretrain.add_argument("--steps", type=int, default=PretrainConfig.steps)
    pretrain.add_argument("--seed", type=int, default=PretrainConfig.seed)
    pretrain.add_argument("--settings", default="", help="any setting of pretraining, e.g. 'lr=0.001&batch_size=64'")
    pretrain.add_argument("--out", type=Path, default=WEIGHTS, help="the card is written beside it")
    pretrain.add_argument("--resume", action="store_true", help="go on with an interrupted run")
    relay = commands.add_parser("relay", help="run pretrained → SFT → reward model → PPO and report after each stage")
    relay.add_argument("--seed", type=int, default=0)
    relay.add_argument("--steps", type=int, default=PpoConfig.steps, help="PPO updates")
    relay.add_argument("--kl-coef", type=float, default=PpoConfig.kl_coef)
    relay.add_argument("--settings", default="", help="any setting of the relay, e.g. 'sft.quality=1&labels.noise=0'")
    relay.add_argument("--weights", type=Path, default=WEIGHTS)
    starts = commands.add_parser(
        "starts", help="measure where the whiteboard's policies start, and write it into assets/"
    )
    starts.add_argument("--weights", type=Path, default=WEIGHTS)
    starts.add_argument("--out", type=Path, default=starting_points.RECORDED)
    store = commands.add_parser("store", help="train the relay's SFT model and reward model and keep them in assets/")
    store.add_argument("--seed", type=int, default=0)
    store.add_argument("--settings", default="", help="as for relay")
    store.add_argument("--weights", type=Path, default=WEIGHTS)
    store.add_argument("--out", type=Path, default=stored.FOLDER, help="the folder")
    record = commands.add_parser(
        "record", help="run what the pages show, and keep it in the assets; no name: all of it"
    )
    record.add_argument("what", nargs="*", metavar="NAME", help=f"among {', '.join(recordings.names())}")
    record.add_argument("--processes", type=int, default=2, help="processes that make the effects over seeds")
    record.add_argument("--seed", type=int, default=0)
    record.add_argument("--settings", default="", help="as for relay")
    record.add_argument("--weights", type=Path, default=WEIGHTS)
    record.add_argument("--out", type=Path, default=None)
    verify = commands.add_parser(
        "verify", help="check what is kept against the code and the weights; no name: all of it"
    )
    verify.add_argument("what", nargs="*", metavar="NAME")
    verify.add_argument("--again", action=argparse.BooleanOptionalAction, default=True, help="run a short piece again")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    args = _parser().parse_args(arguments)
    single_thread()
    try:
        if args.command == "pretrain":
            config = replace(PretrainConfig.from_url(args.settings), steps=args.steps, seed=args.seed)
            return terminal.pretrain_command(config, args.out, args.resume)
        if args.command == "starts":
            return terminal.starts_command(args.weights, args.out)
        if args.command == "verify":
            return recordings.verify(args.what, args.again)
        config = RelayConfig.from_url(args.settings)
        if args.command == "store":
            return terminal.store_command(replace(config, seed=args.seed), args.weights, args.out)
        if args.command == "record":
            order = Order(replace(config, seed=args.seed), args.weights, args.out)
            return recordings.record(args.what, order, args.processes)
        ppo = replace(config.ppo, steps=args.steps, kl_coef=args.kl_coef)
        return terminal.relay_command(replace(config, seed=args.seed, ppo=ppo), args.weights)
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
