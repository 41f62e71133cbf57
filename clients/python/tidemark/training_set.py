"""Training sets, which `tidemark training-set` makes from the log of a site."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from .errors import TrainingSetError
from .responses import ServedSet

if TYPE_CHECKING:
    import pandas


class TrainingSet:
    """A Parquet file with labels, and the features as of their moments. It is a path for programs that read files.

    `summary` has the counts that the command prints: `rows`, `missing_labels`, `traffic` and others. `features` has a
    summary of each feature.
    """

    def __init__(self, path: str, summary: dict[str, Any], features: list[dict[str, Any]]) -> None:
        self.path = path
        self.summary = summary
        self.features = features

    @property
    def rows(self) -> int:
        """The number of rows."""
        return cast(int, self.summary["rows"])

    @property
    def feature_set(self) -> ServedSet:
        """The feature set, with the hash of its definitions, as the collector serves it."""
        return cast(ServedSet, self.summary["set"])

    def __fspath__(self) -> str:
        return self.path

    def __repr__(self) -> str:
        return f"TrainingSet({self.path!r}, {self.rows} rows)"

    def frame(self) -> pandas.DataFrame:
        """Reads the file with pandas, which needs pyarrow: `pip install tidemark[pandas]`."""
        import pandas

        return pandas.read_parquet(self.path)


def training_set(
    feature_set: str,
    out: str | os.PathLike[str],
    *,
    labels: str | os.PathLike[str] | None = None,
    goal: str | None = None,
    horizon: str | None = None,
    after: str | None = None,
    identity: str | None = None,
    traffic: str | None = None,
    log: str | os.PathLike[str] | None = None,
    site: str | None = None,
    url: str | None = None,
    admin_key: str | None = None,
    folder: str | os.PathLike[str] = ".",
    command: Sequence[str] = ("npx", "tidemark"),
) -> TrainingSet:
    """Joins labels with the features of a set as of each label's moment, and writes them as Parquet.

    It runs `tidemark training-set`, whose `--help` describes the arguments. Give either `labels`, or `goal` and `horizon`.

    Arguments:
        out: path of the Parquet file.
        folder: the folder of `tidemark.config.ts`. All other paths are relative to the current folder.
        command: the program and its first arguments.

    Raises TrainingSetError with the output of the command.
    """
    path = os.path.abspath(out)
    values: dict[str, str | None] = {
        "set": feature_set,
        "out": path,
        "labels": None if labels is None else os.path.abspath(labels),
        "log": None if log is None else os.path.abspath(log),
        "goal": goal,
        "horizon": horizon,
        "after": after,
        "identity": identity,
        "traffic": traffic,
        "site": site,
        "url": url,
    }
    flags = [part for name, value in values.items() if value is not None for part in (f"--{name}", value)]
    environment = {**os.environ, **({} if admin_key is None else {"TIDEMARK_ADMIN_KEY": admin_key})}
    try:
        outcome = subprocess.run(
            [*command, "training-set", "--json", *flags],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
        )
    except OSError as error:
        raise TrainingSetError(f"{command[0]} could not be run: {error}") from error
    if outcome.returncode != 0:
        raise TrainingSetError(outcome.stderr.strip() or f"{command[0]} ended with {outcome.returncode}")
    lines = [json.loads(line) for line in outcome.stdout.splitlines() if line.startswith("{")]
    if not lines:
        raise TrainingSetError(f"{' '.join(command)} printed no summary; expected the program tidemark")
    return TrainingSet(path, lines[0], lines[1:])
