"""Folders of files of one table, also split by columns into folders such as ``month=2024-01``."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence, Set
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pandas as pd

from credit_model.errors import DataFileError
from credit_model.inputs import unreadable
from credit_model.readers.csv_tables import as_whole_numbers

#: What stands for a blank in the name of a folder.
_BLANK = "__HIVE_DEFAULT_PARTITION__"
#: Files, and of each the columns that the names of its folders give.
Parts = dict[Path, dict[str, str | None]]


def read_folder(folder: Path, kinds: Sequence[tuple[str, ...]], read: Callable[[Path], pd.DataFrame]) -> pd.DataFrame:
    """The table in a folder: its ``history`` subfolder or file if it has one, else its files in order of their names.

    Parameters
    ----------
    folder : Path
    kinds : sequence of tuples of str
        Endings of files; those of the first kind that is there are read.
    read : callable
        Reads one file.

    Raises
    ------
    DataFileError
        The folder holds no table, or its files have other columns.
    """
    files = files_of_table(folder, kinds)
    if list(files) == [folder / "history.parquet"]:
        return read(folder / "history.parquet")
    return _joined({file: with_partitions(file, read(file), own) for file, own in files.items()}, files)


def files_of_table(folder: Path, kinds: Sequence[tuple[str, ...]]) -> Parts:
    """The files that `read_folder` reads, in its order, and of each the columns that its folders' names give.

    Raises
    ------
    DataFileError
        The folder holds no table.
    """
    try:
        if (folder / "history").is_dir():
            return files_of_table(folder / "history", kinds)
        if (folder / "history.parquet").exists():
            return {folder / "history.parquet": {}}
        files = _files_of(folder, {})
    except OSError as error:
        raise unreadable(folder, error) from None
    for endings in kinds:
        chosen = {file: own for file, own in files.items() if file.name.lower().endswith(endings)}
        if chosen:
            return chosen
    raise DataFileError(f"{folder}: the folder holds no .parquet or .csv file; give the folder with the histories")


def _files_of(folder: Path, own: Mapping[str, str | None]) -> Parts:
    """The files in a folder and its partitions, and the columns that their folders' names give."""
    files: Parts = {}
    for name in sorted(os.listdir(folder)):
        path = folder / name
        if name.startswith("."):
            continue
        column, is_partition, value = name.partition("=")
        if path.is_file():
            files[path] = dict(own)
        elif is_partition and column:
            text = unquote(value)
            files |= _files_of(path, {**own, unquote(column): None if text in (_BLANK, "") else text})
    return files


def with_partitions(file: Path, table: pd.DataFrame, own: Mapping[str, str | None]) -> pd.DataFrame:
    """A file's table with the columns that the names of its folders give, as texts.

    Raises
    ------
    DataFileError
        The table has such a column, too.
    """
    for name in own:
        if name in table.columns:
            raise DataFileError(
                f"{file}: has column {name!r}, which the name of its folder gives, too; keep it in one of them"
            )
    return table.assign(**{name: pd.Series([value] * len(table), dtype=object) for name, value in own.items()})


def _joined(parts: Mapping[Path, pd.DataFrame], partitions: Parts) -> pd.DataFrame:
    tables = list(parts.values())
    first = set(tables[0].columns)
    for file, table in parts.items():
        check_same_columns(file, first, set(table.columns))
    if len(tables) == 1:
        whole = tables[0]
    else:
        whole = pd.concat(tables, ignore_index=True)
        attrs = [table.attrs for table in tables]
        whole.attrs = attrs[0] if all(own == attrs[0] for own in attrs) else {}
    for name in next(iter(partitions.values())):
        whole[name] = as_whole_numbers(whole[name])
    return whole


def check_same_columns(file: Path, first: Set[Any], own: Set[Any]) -> None:
    """Refuse a file of a folder that has other columns than its first one.

    Raises
    ------
    DataFileError
        So it has; the message names one of them.
    """
    if other := sorted(map(str, first ^ own)):
        raise DataFileError(
            f"{file}: must have the columns of the other files in its folder, but column {other[0]!r} stands only "
            f"{'there' if other[0] in first else 'here'}; give tables of one kind"
        )
