"""`python -m core.pipeline schema` writes assets/pipeline.schema.json from the data model."""

from __future__ import annotations

import sys

from core.pipeline.spec import SCHEMA_PATH, schema_text


def main(arguments: list[str]) -> int:
    """Returns the exit status."""
    if arguments != ["schema"]:
        print("Use: python -m core.pipeline schema", file=sys.stderr)
        return 2
    SCHEMA_PATH.write_text(schema_text(), encoding="utf-8")
    print(f"Written: {SCHEMA_PATH.name}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
