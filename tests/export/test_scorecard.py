"""A scorecard is its model, whoever adds it up; whole points change what is said that they change."""

from dataclasses import replace
from itertools import product

import duckdb
import numpy as np
import pandas as pd
import pytest

from credit_model import CreditModelError, HistoryError, LimitTierClassifier
from credit_model.export import Scaling
from credit_model.export.additive import additive_scorecard
from credit_model.export.cells import CardColumn
from credit_model.export.parity import DRAWN, edge_rows, probed_values
from credit_model.model.bag import Bag
from credit_model.model.forest import OrdinalForest
from credit_model.trees.ensemble import TreeEnsemble
from credit_model.trees.nodes import LEAF, NODE, NUMERIC
from tests.export.engines import by_json, by_pmml, in_duckdb, in_sqlite, keyed

NAMES = ("tier_in_force", "limit_in_force", "late", "debt", "trade")
SIGNS = (0, 0, -1, 0, 0)
TRADES = ("farming", 'a "trade", with marks', "none")
N_TIERS = 4


def column(j, **more):
    given = {"name": NAMES[j], "label": NAMES[j], "factor": "f", "code": f"R{j}", "sign": SIGNS[j]}
    return CardColumn(**given | {"categories": TRADES if NAMES[j] == "trade" else None} | more)


def panel(seed, n=1500):
    """Rows as snapshots hold them, blanks and an unknown tier among them, and the tiers that followed."""
    rng = np.random.default_rng(seed)
    tier = rng.integers(0, N_TIERS, n).astype(float)
    limit = tier * 1000 + rng.choice([0.0, 250.0, 500.0], n)
    X = np.column_stack([tier, limit, rng.integers(0, 5, n), rng.normal(size=n), rng.integers(0, 3, n)]).astype(float)
    for j in (2, 3, 4):
        X[rng.random(n) < 0.1, j] = np.nan
    unknown = rng.random(n) < 0.02
    X[unknown, :2] = np.nan
    pull = (
        1
        - np.nan_to_num(X[:, 2], nan=1.0)
        + 0.5 * np.sin(3 * np.nan_to_num(X[:, 3]))
        + (X[:, 4] == 1)
        + 0.002 * (limit % 1000)
    )
    y = np.clip(np.round(tier + 0.4 * pull + 0.3 * rng.normal(size=n)), 0, N_TIERS - 1).astype(int)
    return X, y


def fitted(structure, seed, **more):
    X, y = panel(seed)
    if seed:  # one fit never sees a trade
        X[X[:, 4] == 2, 4] = np.nan
    given = {"n_tiers": N_TIERS, "tier_in_force": 0, "state_features": [0, 1], "monotonic_cst": SIGNS}
    given |= {"categorical_features": [4], "max_iter": 25, "random_state": seed, "structure": structure}
    return LimitTierClassifier(**given | more).fit(X, y).forest_


def card_of(bag, columns=None, states=(0, 1), scaling=Scaling()):  # noqa: B008
    columns = [column(j) for j in range(len(NAMES))] if columns is None else columns
    return additive_scorecard(
        bag, columns, states=states, keys=("who", "month"), scaling=scaling, version="m-1", name="m"
    )


@pytest.fixture(scope="module")
def bag():
    return Bag((fitted("score", 0), fitted("score", 1)))


@pytest.fixture(scope="module")
def card(bag):
    return card_of(bag)


@pytest.fixture(scope="module")
def rows(card, bag):
    """Every edge, one ulp beside it, missing, codes known and unknown, in every state."""
    parts = edge_rows(card, probed_values(card, bag), np.random.default_rng(0), each_state=False)
    return np.vstack(parts)


def by_hand():
    """One column, two tiers: 1.5 of baseline, the column gives -2 up to 10 or missing and 0.25 above, the line -0.5."""
    nodes = np.array(
        [
            (10.0, 2, 0, 1, NUMERIC), (-2.0, 0, 0, 0, LEAF), (0.25, 0, 0, 0, LEAF),
            (0.5, 2 + 3, 1, 1, NUMERIC), (-0.5, 0, 0, 0, LEAF), (9.0, 0, 0, 0, LEAF),
        ],
        dtype=NODE,
    )  # fmt: skip
    none = np.zeros((0, 8), dtype=np.uint32)
    trees = TreeEnsemble(nodes, np.array([0, 3]), none, none, baseline=1.5, n_features=2)
    return OrdinalForest(trees, n_tiers=2, tier_column=-1, width=1)


def test_numbers_are_those_of_pencil_and_paper():
    card = card_of(Bag((by_hand(),)), [column(3, name="x")], states=())
    # the worst cell gives 0, so the line is 1.5 - 0.5 - 2 = -1, and above 10 the column gives 2.25 more
    assert card.survival_scores([[10.0], [np.nextafter(10, 11)], [np.nan]]).tolist() == [[-1.0], [1.25], [-1.0]]
    assert card.per_log_odds == 1e12
    assert card.columns[0].numbers.tolist() == [0, 2_250_000_000_000]
    # 20 points double the odds: -1 is 20 / ln 2 below the cut-off
    assert card.points(card.numbers([[10.0]]))[0, 0] == pytest.approx(card.offset - 20 / np.log(2))


def test_points_are_scaled_as_the_trade_does():
    scaling = Scaling(points_to_double=20, base_points=600, base_odds=50)
    assert scaling.offset + scaling.factor * np.log(50) == pytest.approx(600)
    assert scaling.offset + scaling.factor * np.log(100) == pytest.approx(620)
    assert scaling.offset + scaling.factor * np.log(1) == pytest.approx(487.1229, abs=1e-4)


@pytest.mark.parametrize("wrong", [{"points_to_double": 0}, {"base_odds": -1}, {"base_points": float("nan")}])
def test_a_constant_that_breaks_its_rule_is_told(wrong):
    (name,) = wrong
    with pytest.raises(CreditModelError, match=name):
        Scaling(**wrong)


def test_a_bag_with_categories_blanks_and_a_second_state_is_its_scorecard_in_every_state(card, bag):
    assert card.lines.state_name == "limit_in_force"
    assert any(cells.is_category for cells in card.columns)
    assert any(cells.about.sign == -1 for cells in card.columns)
    parity = card.check(bag, panel(7)[0], states="each")
    assert parity.holds
    assert (parity.tiers_differing, parity.signs_differing, parity.against_the_sign) == (0, 0, 0)
    assert parity.largest_difference <= parity.bound < 1e-9
    n_states = (N_TIERS + 1) * (3 * len(probed_values(card, bag)[1]) // 3)
    assert parity.rows > n_states * (parity.edges - n_states)


def test_a_fitted_predictor_is_its_scorecard(additive, small_panel):
    card = additive.scorecard()
    snapshots = additive.snapshots(small_panel.history)
    parity = card.check(additive.bag, snapshots.X)
    assert parity.holds
    assert parity.rows > len(snapshots)
    np.testing.assert_allclose(
        card.survival_scores(snapshots.frame()), additive.bag.survival_scores(snapshots.X), rtol=0, atol=1e-9
    )


def test_a_bag_is_the_mean_of_its_fits(card, bag, rows):
    each = [card_of(Bag((fit,))).survival_scores(rows) for fit in bag.fits]
    np.testing.assert_allclose(card.survival_scores(rows), np.mean(each, axis=0), rtol=0, atol=1e-11)


def test_a_wrong_number_and_an_edge_moved_by_one_ulp_are_found(card, bag):
    first = next(cells for cells in card.columns if len(cells.edges) > 1 and not cells.is_category)
    edges = first.edges.copy()
    edges[0] = np.nextafter(edges[0], np.inf)
    numbers = first.numbers + (np.arange(len(first.numbers)) == 1) * 1000  # 10^-9 log-odds
    for wrong in (replace(first, edges=edges), replace(first, numbers=numbers)):
        columns = tuple(wrong if cells is first else cells for cells in card.columns)
        assert not replace(card, columns=columns).check(bag).holds
    other_line = replace(card.lines, numbers=card.lines.numbers + 1000)
    assert not replace(card, lines=other_line).check(bag).holds


def test_cells_against_the_declared_direction_are_counted(card, bag):
    cells = next(cells for cells in card.columns if cells.about.sign)
    turned = replace(cells, about=replace(cells.about, sign=-cells.about.sign))
    columns = tuple(turned if one is cells else one for one in card.columns)
    assert replace(card, columns=columns).check(bag).against_the_sign > 0


@pytest.mark.parametrize("structure", ["pairwise", "joint", "free", "heads"])
def test_a_model_that_is_not_additive_is_refused_with_what_to_do(structure):
    with pytest.raises(CreditModelError, match=r"not additive.*--structure score"):
        card_of(Bag((fitted(structure, 0, max_leaf_nodes=8),)))


@pytest.mark.parametrize("dialect", ["standard", "sqlite"])
@pytest.mark.parametrize("whole_points", [False, True])
def test_databases_give_the_same_bits(card, rows, dialect, whole_points):
    given = card.rounded() if whole_points else card
    frame, wanted = keyed(given, rows), given.score(rows)
    sql = given.to_sql(dialect=dialect)
    for run in (in_duckdb, in_sqlite):
        found = run(sql, frame).sort_values("who", ignore_index=True)
        assert list(found) == [*given.keys, *wanted]
        for name in wanted:
            np.testing.assert_array_equal(found[name].to_numpy(float), wanted[name].to_numpy(float), err_msg=name)


def test_a_nan_in_a_database_is_missing(card):
    names = ", ".join(f"CAST('NaN' AS DOUBLE) AS {name}" for name in card.features)
    connection = duckdb.connect()
    connection.execute(f"CREATE TABLE snapshots AS SELECT 1 AS who, 2 AS month, {names}")
    found = connection.execute(card.to_sql()).df()
    assert found["log_odds_tier_1"][0] == card.survival_scores(np.full((1, len(NAMES)), np.nan))[0, 0]


def test_names_of_tables_and_columns_are_quoted(card):
    assert 'FROM "risk"."snap ""shots"""' in card.to_sql('risk.snap "shots"')
    with pytest.raises(CreditModelError, match="name"):
        card.to_sql("risk.")
    with pytest.raises(CreditModelError, match="dialect"):
        card.to_sql(dialect="cobol")


@pytest.mark.parametrize("whole_points", [False, True])
def test_json_gives_the_same_numbers(card, rows, whole_points):
    given = card.rounded() if whole_points else card
    np.testing.assert_array_equal(by_json(given.to_json(), keyed(given, rows)), given.numbers(rows))


@pytest.mark.parametrize("whole_points", [False, True])
def test_pmml_gives_the_same_numbers_points_and_the_columns_that_lose_most(card, rows, whole_points):
    given = card.rounded() if whole_points else card
    for tier in range(1, N_TIERS):
        records = keyed(given, rows).assign(tier_to_keep=float(tier)).to_dict("records")
        out = pd.DataFrame(by_pmml(given.to_pmml(), records))
        number = given.numbers(rows)[:, tier - 1]
        np.testing.assert_array_equal(out["number"], number)
        np.testing.assert_array_equal(out["log_odds"], number / given.per_log_odds)
        np.testing.assert_allclose(out["points"], given.points(number), rtol=0, atol=1e-9)
    lost = np.column_stack([c.all_numbers.max() - c.numbers_of(rows[:, c.position]) for c in given.columns])
    codes = np.array([c.about.code for c in given.columns])
    clear = np.sort(lost, axis=1)[:, -1] > np.sort(lost, axis=1)[:, -2]
    np.testing.assert_array_equal(out["reason_1"].to_numpy()[clear], codes[lost.argmax(axis=1)][clear])
    assert "LINE" not in set(out["reason_1"])


def test_the_table_alone_gives_the_points(card, rows):
    table = card.to_frame()
    cells, lines = table[table["part"] == "column"], table[table["part"] == "line"]
    for row, numbers in zip(rows[::7], card.numbers(rows[::7]), strict=True):
        values = dict(zip(card.features, row, strict=True))
        points = sum(points_of(own, values[name]) for name, own in cells.groupby("name", sort=False))
        tier = values["tier_in_force"]
        of_tier = lines["tier_in_force"].isna() if np.isnan(tier) else lines["tier_in_force"] == tier
        for k, number in enumerate(numbers):
            own = lines[of_tier.fillna(False) & (lines["tier"] == k + 1)]
            line = points_of(own, values["limit_in_force"])
            assert points + line == pytest.approx(card.points(number), abs=1e-8)
    constants = table[table["part"] == "constant"].set_index("name")["points"]
    assert constants["factor"] == card.scaling.factor
    assert constants["points_to_double"] == 20


def points_of(cells, value):
    if len(cells) == 1:
        return cells["points"].iloc[0]
    if np.isnan(value):
        return cells.loc[cells["is_missing"], "points"].iloc[0]
    if cells["category"].notna().any():
        own = cells[(cells["category"] == value).fillna(False)]
        return (own if len(own) else cells[cells["is_missing"]])["points"].iloc[0]
    inside = ~(value <= cells["above"]) & ~(value > cells["up_to"]) & ~cells["is_missing"]
    return cells.loc[inside, "points"].iloc[0]


def test_what_whole_points_change_is_counted_and_bounded():
    """Held against all combinations of cells and states, of coarse points, counted one by one."""
    card = card_of(Bag((fitted("score", 0),)), scaling=Scaling(points_to_double=1))
    values = {c.position: [*inside(c.edges, c.is_category), np.nan] for c in card.columns}
    values |= {0: [*range(N_TIERS), np.nan], 1: [*inside(card.lines.edges, False), np.nan]}
    every = np.array(list(product(*[values.get(j, [0.0]) for j in range(len(NAMES))])))
    assert 500 < len(every) < 500_000
    before, after = card.numbers(every), card.rounded().numbers(every)
    rounding = card.rounding(every)
    changed = (before >= 0).sum(axis=1) != (after >= 0).sum(axis=1)
    assert rounding.tiers_changed == changed.sum() > 0
    assert changed.mean() <= rounding.share_at_most < 1
    # every combination is as likely; a share of so many draws has this standard error
    error = np.sqrt(changed.mean() * (1 - changed.mean()) / DRAWN)
    assert abs(rounding.share_drawn - changed.mean()) < 5 * error
    moved = np.abs(after - before / card.per_log_odds * card.scaling.factor).max()
    assert rounding.largest_move == pytest.approx(moved)
    assert 0.5 < moved <= rounding.most + 1e-9
    known = every[:, 0] > 0
    place = every[known, 0].astype(int) - 1
    at = np.arange(known.sum()), place
    assert rounding.kept_changed == ((before[known][at] >= 0) != (after[known][at] >= 0)).sum()


def inside(edges, is_category):
    """A value of each cell but the missing one."""
    return edges if is_category else [*edges, edges[-1] + 1] if len(edges) else [0.0]


def test_whole_points_are_whole_in_every_form(card):
    rounded = card.rounded()
    table = rounded.to_frame()
    points = table.loc[table["part"] != "constant", "points"]
    assert (points == points.round()).all()
    assert rounded.offset == 487
    assert (np.diff(rounded.lines.numbers, axis=0) <= 0).all()
    with pytest.raises(CreditModelError, match="already"):
        rounded.rounded()
    with pytest.raises(CreditModelError, match="another model"):
        rounded.check(None)


def test_lines_fall_from_tier_to_tier(card):
    assert (np.diff(card.lines.numbers, axis=0) <= 0).all()


def test_rows_without_a_column_are_refused(card, rows):
    with pytest.raises(HistoryError, match="debt"):
        card.score(keyed(card, rows).drop(columns="debt"))
    with pytest.raises(HistoryError, match="shape"):
        card.score(rows[:, :3])


def test_a_model_without_a_tier_in_force_has_one_line_a_tier():
    X, y = panel(0)
    X = X[:, 2:4]
    forest = LimitTierClassifier(n_tiers=N_TIERS, structure="score", max_iter=10, random_state=0).fit(X, y).forest_
    bag = Bag((forest,))
    card = card_of(bag, [column(2), column(3)], states=())
    assert card.check(bag, X).holds
    assert card.lines.numbers.shape[1] == 1
    assert list(card.score(X)) == ["predicted_tier", "log_odds_tier_1", "log_odds_tier_2", "log_odds_tier_3"]
    found = in_sqlite(card.to_sql(), keyed(card, X))
    np.testing.assert_array_equal(found["predicted_tier"], card.predict(X))
    np.testing.assert_array_equal(by_json(card.to_json(), keyed(card, X)), card.numbers(X))
    records = keyed(card, X).assign(tier_to_keep=2.0).to_dict("records")
    assert [one["number"] for one in by_pmml(card.to_pmml(), records)] == card.numbers(X)[:, 1].tolist()
