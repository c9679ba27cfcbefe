"""The keys of a panel: the borrower or account (several columns joined, where one does not do), month and limit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from credit_model.arrays import BoolArray, FloatArray, IntArray
from credit_model.draft.months import MonthsFound, are_serials, best_reading, readings_of
from credit_model.draft.profiles import Profile
from credit_model.errors import HistoryError
from credit_model.portfolio.borrower_ids import read_ids
from credit_model.portfolio.month_columns import read_months

#: A key has so many rows on average, at least.
_LEAST_ROWS = 2.0
#: Limits stay in so many of the months, at least, and so many columns are tried where no name says what they are.
_STAYS, _MOST_TRIED = 0.8, 40
#: If at most so many rows stand twice they are a mistake, else the key is another.
_MOST_TWICE = 0.05
#: A further part of a key has so many values, at most.
_MOST_PARTS = 100
#: Columns of more values are no months, where no name says it.
_MOST_MONTHS = 600
#: A name that fits so well is that of the month.
_IS_MONTH = 0.85
_ID_ROLES = ("account", "customer", "product")


@dataclass(frozen=True)
class Keys:
    """The keys of a panel.

    Attributes
    ----------
    borrower : tuple of str
        One column, or several that are joined.
    month, limit : str
    months : MonthsFound
    codes : int64 array, (n,)
        Each row's borrower as a number, in the table's order.
    sure : mapping of "borrower", "month", "limit" to (str, str)
        How sure it is, and why.
    """

    borrower: tuple[str, ...]
    month: str
    limit: str
    months: MonthsFound
    codes: IntArray
    sure: Mapping[str, tuple[str, str]]


def find_keys(
    table: pd.DataFrame,
    profiles: Mapping[str, Profile],
    *,
    borrower: tuple[str, ...] = (),
    month: str | None = None,
    limit: str | None = None,
) -> Keys:
    """Find the keys of a panel; those that are given are taken.

    Raises
    ------
    HistoryError
        None are found; the message says which, and the option that settles it.
    """
    for name in (*borrower, *(key for key in (month, limit) if key is not None)):
        if name not in profiles:
            raise HistoryError(f"the table has no column {name!r}; its columns are {_listed(profiles)}")
    if borrower:
        read_ids([table[part] for part in borrower], borrower, "/".join(borrower))  # its errors say more
    found = None
    readings: dict[str, list[MonthsFound]] = {}
    ids = [borrower] if borrower else _id_candidates(profiles, {limit} if limit else set())
    certain = [key for key in ids if borrower or all(_is_id(profiles[part]) for part in key)]
    for months in [[month]] if month else _month_candidates(table, profiles):
        readings |= {name: ways for name in months if (ways := _readings(table, name))}
        _refuse_unreadable(table, profiles, months, readings, month)
        found = _best_pair(table, profiles, readings, ids, month)
        if found is not None:
            break
        telling = [n for n, ways in readings.items() if month or ways[0].is_told or _is_month(profiles[n])]
        _refuse_duplicates(table, telling[:1], readings, certain, 1.0 if borrower else _MOST_TWICE)
    if not readings:
        raise HistoryError(
            "no column can be read as months; say which it is with --month (month= in Python); "
            f"columns: {_listed(profiles)}"
        )
    if found is None:
        for keys, most in ((certain, 1.0), (ids, _MOST_TWICE)):
            _refuse_duplicates(table, telling[:1], readings, keys, most)
        for key in certain[:1]:
            read_ids([table[part] for part in key], key, "/".join(key))
        what = f"{' and '.join(borrower)} must" if borrower else "no column, and no two of them,"
        raise HistoryError(
            f"{what} name a borrower or account with one row a month, in two months at least; say which they are with "
            f"--borrower and --month (borrower=, month= in Python); columns: {_listed(profiles)}"
        )
    key, month_name, reading, codes = found
    named = any(profiles[part].meaning.fit(role) > 0 for part in key[:1] for role in _ID_ROLES)
    sure = {
        "borrower": _why(
            bool(borrower),
            named,
            "its name says so, and it has one row a month",
            "with the month it names each row once",
        ),
        "month": _why(
            month is not None,
            profiles[month_name].meaning.fit("month") > 0,
            "its name says so, and it can be read",
            "it can be read as months",
        ),
    }
    if reading.step != 1:
        typical = f"a borrower's rows are typically {reading.step:g} periods apart, not 1"
        sure["month"] = ("unsure", f"{typical}: see whether the calendar is right")
    taken = {*key, month_name}
    limit_name, sure["limit"] = _limit(profiles, taken, codes, reading.number, limit)
    return Keys(key, month_name, limit_name, reading, codes, sure)


def _refuse_unreadable(
    table: pd.DataFrame,
    profiles: Mapping[str, Profile],
    months: list[str],
    readings: Mapping[str, list[MonthsFound]],
    given: str | None,
) -> None:
    """Say why the column that is given, or whose name says that it is the month, cannot be read: no other is taken."""
    named = [given] if given else [name for name in months if _is_month(profiles[name]) and _may_tell(table[name])]
    if not named or any(name in readings for name in named):
        return
    try:
        read_months(table[named[0]], named[0])
    except HistoryError as mistake:
        other = "" if given else "; if another column is the month, name it with --month (month= in Python)"
        raise HistoryError(f"{mistake}{other}") from None


def _may_tell(column: pd.Series) -> bool:
    """Whether half of the cells hold a digit; others, such as flags and grades, are no months, whatever their name."""
    cells = pd.Series(column.dropna().astype(str).unique())
    return not len(cells) or bool(cells.str.contains(r"\d").mean() >= 0.5)


def _refuse_duplicates(
    table: pd.DataFrame,
    months: list[str],
    readings: Mapping[str, list[MonthsFound]],
    ids: list[tuple[str, ...]],
    most: float,
) -> None:
    """Say it where a key and a month are found by their names or given, but rows stand twice, ``most`` of them."""
    for month, key in ((month, key) for month in months for key in ids):
        codes = _codes(table, key)
        rows = [
            pd.DataFrame({"key": codes, "month": way.number}) for way in readings[month] if way.month_type != "week"
        ]  # fmt: skip
        found = min(rows, key=lambda one: int(one.duplicated().sum()), default=pd.DataFrame({"key": []}))
        twice = found.duplicated().to_numpy()
        is_key = len(codes) >= _LEAST_ROWS * (codes.max() + 1) and (codes >= 0).all()
        if 0 < twice.sum() <= most * len(twice) and (is_key or most == 1):
            row = int(np.flatnonzero(twice)[0])
            first = int(np.flatnonzero((found == found.iloc[row]).all(axis=1))[0])
            shown = " / ".join(str(table[part].iloc[row]) for part in key)
            one, other = str(table[month].iloc[first]), str(table[month].iloc[row])
            same = "remove them" if one == other else f"{one} and {other} are one month: write the month of each row"
            raise HistoryError(
                f"a borrower has one row a month, found {int(twice.sum()):,} duplicates of {' / '.join(key)} and "
                f"{month} (first: data row {row + 1}, {shown}, {other}); {same}, or name a further part of the key "
                "with --borrower, or the month with --month (borrower=, month= in Python)"
            )


def _is_id(profile: Profile) -> bool:
    """Its name says that it is a borrower's or an account's, and rather so than the month."""
    concept, meaning = profile.meaning.concept, profile.meaning
    fit = max(meaning.fit(role) for role in ("account", "customer"))
    return concept is not None and concept.role in ("account", "customer") and fit > meaning.fit("month")


def _is_month(profile: Profile) -> bool:
    return profile.meaning.fit("month") >= _IS_MONTH and not _is_id(profile)


def _why(given: bool, named: bool, by_name: str, by_data: str) -> tuple[str, str]:
    return ("sure", "given") if given else ("sure", by_name) if named else ("unsure", by_data)


def _listed(profiles: Mapping[str, Profile], most: int = 12) -> str:
    names = [repr(name) for name in profiles]
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _month_candidates(table: pd.DataFrame, profiles: Mapping[str, Profile]) -> list[list[str]]:
    """Columns that may be the month, by how much says so: their names, then their cells; last those that just count."""
    open_ = [p for p in profiles.values() if not _is_id(p)]
    named = sorted((p for p in open_ if p.meaning.fit("month") > 0.5), key=lambda p: -p.meaning.fit("month"))
    others = [p for p in open_ if p not in named]
    dated = [p for p in others if p.kind == "date"]
    written = [p for p in others if p.kind == "integer" and _looks_written(p.values)]
    few = [p for p in others if 2 <= p.n_distinct <= _MOST_MONTHS]
    texts = [p for p in few if p.kind in ("text", "category") and _tells_months(table[p.name])]
    whole = [p for p in few if p.kind == "integer" and not np.isnan(p.values).any()]
    serial = [p for p in whole if are_serials(p.values)]
    counts = [p for p in whole if p not in serial and np.ptp(p.values) <= _MOST_MONTHS]
    return [
        [p.name for p in named],
        [p.name for p in (*dated, *written, *texts)],
        [p.name for p in serial],
        [p.name for p in counts],
    ]


def _looks_written(values: FloatArray) -> bool:
    """Whether numbers may be months such as 202403 or days such as 20240331."""
    if np.isnan(values).any():
        return False
    low, high = values.min(), values.max()
    return bool((low >= 190001 and high <= 219912) or (low >= 19000101 and high <= 21991231))


def _tells_months(column: pd.Series) -> bool:
    """Whether all texts of a column are months as people write them."""
    cells = pd.Series(column.astype(str).unique())
    return not column.isna().any() and any(way.is_told for way in readings_of(cells, "")[:1])


def _readings(table: pd.DataFrame, name: str) -> list[MonthsFound]:
    column = table[name]
    if column.isna().any():
        return []
    return readings_of(column, name)


def _id_candidates(profiles: Mapping[str, Profile], taken: set[str]) -> list[tuple[str, ...]]:
    """Columns that may be the key, single ones first; then pairs."""

    def may_be(p: Profile) -> bool:
        return p.name not in taken and not _is_month(p) and p.kind in ("integer", "text", "category", "number")

    fits = {
        p.name: max(p.meaning.fit(role) for role in _ID_ROLES)
        for p in profiles.values() if may_be(p)
    }  # fmt: skip
    named = sorted((name for name, fit in fits.items() if fit > 0.5), key=lambda name: -fits[name])
    named = [n for n in named if (c := profiles[n].meaning.concept) is not None and c.role in _ID_ROLES]
    others = [n for n in fits if n not in named and profiles[n].kind in ("text", "integer")]
    others += [n for n in fits if n not in named and profiles[n].kind == "category"]
    others = others[:_MOST_TRIED]
    parts = [n for n in others if profiles[n].n_distinct <= _MOST_PARTS]
    pairs = [*combinations(named, 2), *((a, b) for a in named for b in parts)]
    return [*((n,) for n in named), *pairs, *((n,) for n in others)]


def _best_pair(
    table: pd.DataFrame,
    profiles: Mapping[str, Profile],
    readings: Mapping[str, list[MonthsFound]],
    ids: list[tuple[str, ...]],
    given: str | None,
) -> tuple[tuple[str, ...], str, MonthsFound, IntArray] | None:
    single: list[tuple[float, tuple[str, ...], str, MonthsFound, IntArray]] = []
    for month_name, readable in readings.items():
        for key in ids:
            if month_name in key:
                continue
            codes = _codes(table, key)
            n_keys = int(codes.max()) + 1
            if (codes < 0).any() or len(codes) / n_keys < _LEAST_ROWS or n_keys < 2:
                continue
            reading = best_reading(readable, codes)
            if reading is None or _is_constant_within(codes, reading.number):
                continue
            told = given or reading.is_told or profiles[month_name].meaning.fit("month") > 0.5
            if reading.step != 1 and not told:  # numbers that no name calls months
                continue
            by_name = max(profiles[key[0]].meaning.fit(role) for role in _ID_ROLES) > 0.5
            if by_name and (len(key) == 1 or not single):
                single.append((len(codes) / n_keys, key, month_name, reading, codes))
            elif not single:
                return key, month_name, reading, codes
        if single:
            break
    if not single:
        return None
    shortest = min(len(key) for _, key, *_ in single)
    _, key, month_name, reading, codes = max((s for s in single if len(s[1]) == shortest), key=lambda s: s[0])
    return key, month_name, reading, codes


def _is_constant_within(codes: IntArray, number: IntArray) -> bool:
    first = np.full(int(codes.max()) + 1, np.iinfo(np.int64).max)
    np.minimum.at(first, codes, number)
    return bool((number == first[codes]).all())


def _codes(table: pd.DataFrame, key: tuple[str, ...]) -> IntArray:
    codes = pd.factorize(table[key[0]].astype(object).to_numpy())[0].astype(np.int64)
    for part in key[1:]:
        more = pd.factorize(table[part].astype(object).to_numpy())[0].astype(np.int64)
        joined = np.where((codes < 0) | (more < 0), -1, codes * (more.max() + 1) + more)
        place, distinct = pd.factorize(joined)
        codes = np.where(joined < 0, -1, place)
        if (joined < 0).any():
            codes = np.where(joined < 0, -1, pd.factorize(np.where(joined < 0, distinct.max(), joined))[0])
    return codes.astype(np.int64)


def _limit(
    profiles: Mapping[str, Profile], taken: set[str], codes: IntArray, number: IntArray, given: str | None
) -> tuple[str, tuple[str, str]]:
    if given is not None:
        return given, ("sure", "given")
    order = np.lexsort((number, codes))
    same = np.diff(codes[order]) == 0
    open_ = [p for p in profiles.values() if p.name not in taken and p.kind in ("number", "integer")]
    judged = [(p, *_stays(p.values[order], same)) for p in open_]
    named = [(p.meaning.fit("limit"), stays, p.name) for p, stays, fits in judged
             if fits and p.meaning.concept is not None and p.meaning.concept.role == "limit"]  # fmt: skip
    if named:
        best = max(named)
        rivals = [name for fit, _, name in named if fit == best[0] and name != best[2]]
        if rivals:
            return best[2], ("unsure", f"its name says so; {', '.join(rivals)} could be it too")
        return best[2], ("sure", "its name says so, and it stays the same in most months")
    unnamed = [(p, stays) for p, stays, fits in judged if fits and _STAYS <= stays < 1 and p.meaning.driver is None]
    by_data = [(n, stays, p.name) for p, stays in unnamed if (n := _n_bounded(p, open_))]
    if not by_data:
        raise HistoryError(
            "no column looks like a limit (an amount that stays the same in most months and sometimes moves); "
            f"say which it is with --limit (limit= in Python); columns: {_listed(profiles)}"
        )
    best_data = max(by_data)
    return best_data[2], (
        "unsure",
        f"it stays in {best_data[1]:.0%} of the months and bounds {best_data[0]} other columns",
    )


def _stays(values: FloatArray, same: BoolArray) -> tuple[float, bool]:
    """The share of steps without a change, and whether the values could be limits."""
    known = same & ~np.isnan(values[1:]) & ~np.isnan(values[:-1])
    if not known.any() or np.nanmin(values) < 0 or len(np.unique(values[~np.isnan(values)])) < 2:
        return 0.0, False
    return float((np.diff(values)[known] == 0).mean()), True


def _n_bounded(limit: Profile, others: list[Profile]) -> int:
    """How many columns of large numbers seldom exceed the limit, and come near it."""
    n = 0
    for other in others:
        if other.name == limit.name or other.n_distinct < 50:
            continue
        known = (limit.values > 0) & (other.values > 0)
        if known.sum() < 100:
            continue
        share = other.values[known] / limit.values[known]
        n += bool((share <= 1.05).mean() > 0.95 and (share > 0.5).mean() > 0.02)
    return n
