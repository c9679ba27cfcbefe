"""Whatever is handed to a fitted model is held against what it was fitted on: nothing is taken on trust."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from credit_model import LimitPredictor, evaluate
from credit_model.errors import ArtifactError, CreditModelError, HistoryError
from credit_model.evaluation import cross_fitted_support, judge_decisions, refit_stability
from credit_model.explain.pairs import decrease_rows
from credit_model.explain.support import SupportRule
from credit_model.explain.waves import find_waves
from credit_model.model.artifact import FORMAT, bag_from_arrays, load_artifact, save_artifact
from credit_model.portfolio.catalogue import parse_catalogue
from credit_model.portfolio.history import check_history
from credit_model.portfolio.ladder import LimitLadder
from credit_model.portfolio.snapshots import build_snapshots
from tests.portfolio.examples import CATALOGUE


@pytest.fixture(scope="module")
def table(portfolio):
    return portfolio.history[portfolio.history["borrower_id"] <= 300]


@pytest.fixture(scope="module")
def edited(predictor):
    """A catalogue with the same features and name, one word of which was changed."""
    text = predictor.catalogue.text
    assert text.count("window = 6") > 1
    return parse_catalogue(text.replace("window = 6", "window = 5", 1))


@pytest.fixture(scope="module")
def foreign(table, edited, predictor):
    """A history, snapshots and waves that follow the edited catalogue."""
    history = check_history(table, edited)
    return history, build_snapshots(history, predictor.ladder), find_waves(history, predictor.ladder)


@pytest.fixture(scope="module")
def own(table, predictor):
    return predictor.snapshots(table)


FIRST = np.array([20], dtype=np.int64)
OF_HISTORIES = {
    "snapshots": lambda p, h: p.snapshots(h),
    "waves": lambda p, h: p.waves(h),
    "predict": lambda p, h: p.predict(h),
    "explain_decreases": lambda p, h: p.explain_decreases(h),
    "track": lambda p, h: p.track(h, 1),
    "fit": lambda p, h: LimitPredictor(p.catalogue, max_iter=2).fit(h),
    "evaluate": evaluate,
    "cross_fitted_support": cross_fitted_support,
    "refit_stability": refit_stability,
}
OF_SNAPSHOTS = {
    "predict_proba": lambda p, s: p.predict_proba(s),
    "predict_proba of rows": lambda p, s: p.predict_proba(s, FIRST),
    "test_rows": lambda p, s: p.test_rows(s),
    "training_rows": lambda p, s: p.training_rows(s),
    "explain_snapshots": lambda p, s: p.explain_snapshots(s),
    "explain_rows": lambda p, s: p.explain_rows(s, FIRST),
    "explain_rows of none": lambda p, s: p.explain_rows(s, FIRST[:0]),
    "explain_rows against peers": lambda p, s: p.explain_rows(s, FIRST, reference="peers"),
    "judge_decisions": lambda p, s: judge_decisions(p, s, FIRST),
    "judge_decisions of none": lambda p, s: judge_decisions(p, s, FIRST[:0]),
}


@pytest.mark.parametrize("use", OF_HISTORIES)
def test_a_history_read_by_another_catalogue_is_refused(predictor, foreign, use):
    with pytest.raises(HistoryError, match=r"must follow the catalogue .*'synthetic' .*digest .*, found") as error:
        OF_HISTORIES[use](predictor, foreign[0])
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("use", OF_SNAPSHOTS)
def test_snapshots_made_otherwise_are_refused(predictor, foreign, own, use):
    of_another_catalogue = foreign[1]
    with pytest.raises(HistoryError, match="must follow the catalogue"):
        OF_SNAPSHOTS[use](predictor, of_another_catalogue)
    finer = LimitLadder((*own.ladder.amounts, 10.0 * own.ladder.amounts[-1]))
    with pytest.raises(HistoryError, match=r"the snapshots must have the ladder .*, found \[") as error:
        OF_SNAPSHOTS[use](predictor, build_snapshots(own.history, finer))
    assert "\n" not in str(error.value)
    for X in (own.X[:, 1:], own.X[1:]):
        with pytest.raises(HistoryError, match="the snapshots must hold a row of the history each"):
            OF_SNAPSHOTS[use](predictor, replace(own, X=X))
    with pytest.raises(HistoryError, match=r"predictor.snapshots\(history\) is needed here, got History"):
        OF_SNAPSHOTS[use](predictor, own.history)


def test_waves_of_another_catalogue_or_ladder_are_refused(predictor, own, foreign):
    shifted = find_waves(own.history, LimitLadder(tuple(2 * amount + 1 for amount in own.ladder.amounts)))
    for waves, message in ((foreign[2], "must follow the catalogue"), (shifted, "the waves must have the ladder")):
        with pytest.raises(HistoryError, match=message):
            predictor.explain_snapshots(own, waves=waves)
        with pytest.raises(HistoryError, match=message):
            judge_decisions(predictor, own, FIRST, waves=waves)


def test_a_fitted_predictor_reads_on_by_its_own_catalogue_after_another_is_set(predictor, table, edited):
    turned = LimitPredictor(predictor.catalogue)
    turned._fitted = predictor.fitted
    expected = turned.predict(table), turned.explain_decreases(table)
    x = turned.snapshots(table).X[20]
    change = turned.explain_change(x, x, 3)
    for catalogue in (edited, "uci_taiwan"):
        turned.set_params(catalogue=catalogue)
        pd.testing.assert_frame_equal(turned.predict(table), expected[0])
        assert turned.explain_decreases(table).contributions.tobytes() == expected[1].contributions.tobytes()
        assert turned.explain_change(x, x, 3) == change
        assert "73 factors" not in turned._repr_html_()
        assert len(turned.track(table, 1))
    turned.set_params(catalogue=edited)
    assert turned.fit(table).fitted.catalogue is edited  # fitted again, it reads by the new one


def test_whether_decisions_were_seen_is_not_told_of_months_written_otherwise(predictor, table):
    numbered = table.assign(
        month=table["month"].dt.year * 12 + table["month"].dt.month - table["month"].dt.year.min() * 12
    )
    snapshots = predictor.snapshots(check_history(numbered, predictor.catalogue))
    assert snapshots.history.month_type == "integer"
    for use in (predictor.test_rows, predictor.training_rows):
        with pytest.raises(HistoryError, match=r"months must be of type 'date'.*, found 'integer'"):
            use(snapshots)


@pytest.mark.parametrize("tier", [0, 12, -1, True, 1.5, "3", None, [3], np.nan])
def test_a_change_is_explained_for_a_tier_that_can_be_lost_alone(predictor, own, tier):
    x = own.X[20]
    with pytest.raises(
        CreditModelError, match=rf"tier must hold one whole number in 1 \.\. {predictor.ladder.n_tiers - 1} "
    ):
        predictor.explain_change(x, x, tier)


def test_a_change_is_explained_of_rows_whose_names_fit(predictor, own):
    row = decrease_rows(own)[0]
    tier = int(own.tier_before[row])
    x = own.frame().iloc[row]
    plain = predictor.explain_change(own.X[row], own.X[row], tier)
    assert predictor.explain_change(x, x, np.int64(tier)) == plain
    with pytest.raises(CreditModelError, match=r"x must have the catalogue's .* features in order"):
        predictor.explain_change(x.iloc[::-1], x.iloc[::-1], tier)
    with pytest.raises(CreditModelError, match="must hold one whole number"):
        predictor.explain_change(own.X[:2], own.X[:2], tier)


def test_what_follows_from_the_catalogue_cannot_be_set_beside_it(table):
    for name in ("n_tiers", "monotonic_cst", "categorical_features", "random_state", "tier_in_force"):
        with pytest.raises(CreditModelError, match=f"LimitPredictor takes {name} from its catalogue"):
            LimitPredictor().set_params(**{name: 1})
        with pytest.raises(CreditModelError, match=f"LimitPredictor takes {name} from its catalogue"):
            LimitPredictor(**{name: 1}).fit(table)
    with pytest.raises(CreditModelError, match="has no parameter 'sed'"):
        LimitPredictor(sed=1).fit(table)
    for seed in (-1, True, 1.0, 1 << 32, None):
        with pytest.raises(ValueError, match="seed must be a whole number in 0"):
            LimitPredictor(seed=seed, max_iter=2).fit(table)


def manifest_of(**changes):
    return lambda manifest, arrays: manifest.update(changes)


def split_of(**changes):
    return lambda manifest, arrays: manifest["split"].update(changes)


def arrays_of(name, change):
    return lambda manifest, arrays: arrays.update({name: change(arrays[name])})


def of_another_catalogue(manifest, arrays):
    text = manifest["catalogue"].replace("window = 6", "window = 5", 1)
    manifest.update(catalogue=text)


def without_a_feature(manifest, arrays):
    head, *features = manifest["catalogue"].split("[[feature]]")
    text = "[[feature]]".join([head, *features[:-1]])
    catalogue = parse_catalogue(text)
    manifest.update(catalogue=text, catalogue_digest=catalogue.digest, features=list(catalogue.feature_names))


DAMAGES = {
    "another catalogue": (of_another_catalogue, "another catalogue_digest"),
    "a feature less": (without_a_feature, r"the trees are of other features than the catalogue\'s \d+"),
    "features in another order": (lambda m, a: m["features"].reverse(), "another features"),
    "a tier more": (lambda m, a: m["ladder"].append(1e9), r"the trees are of other tiers than the ladder\'s \d+"),
    "another ladder": (lambda m, a: m["ladder"].__setitem__(-1, 1e9), "the ladder is not the catalogue's"),
    "another number of trees": (manifest_of(n_trees=3), "another n_trees"),
    "a name": (manifest_of(catalogue_name="cards"), "another catalogue_name"),
    "peers of other features": (arrays_of("peers_X", lambda X: X[:, 1:]), "the peers do not fit"),
    "infinite peers": (arrays_of("peers_X", lambda X: X + np.inf), "the peers do not fit"),
    "peers of a tier that no one can lose": (arrays_of("peers_tier", lambda t: t * 0), "the peers do not fit"),
    "peers of tiers that are no numbers": (arrays_of("peers_tier", lambda t: t + 0.5), "the peers do not fit"),
    "shares of fewer tiers": (arrays_of("tier_shares", lambda s: s[1:]), "the shares of tiers"),
    "shares above one": (arrays_of("tier_shares", lambda s: s * 2), "the shares of tiers"),
    "shares that are no numbers": (arrays_of("tier_shares", lambda s: s * np.nan), "the shares of tiers"),
    "categories of a column of numbers": (
        lambda m, a: a.update(fit_0_categories_of_column_8=np.array([0.0])),
        "another version|the categories are not those",
    ),
    "members of another number of fits": (manifest_of(n_fits=2), "lacks what a forest needs|the members do not fit"),
    "fits without number": (manifest_of(n_fits=10**30), "the number of fits must be"),
    "members out of order": (arrays_of("members_key", lambda k: k[::-1]), "the members do not fit"),
    "members of other months": (arrays_of("members_month", lambda m: m[1:]), "the members do not fit"),
    "no training row": (manifest_of(n_training_rows=0), "training rows"),
    "training rows in words": (manifest_of(n_training_rows="many"), "training rows"),
    "months of another type": (manifest_of(month_type="moon"), "the type of months must be one of"),
    "a negative seed": (split_of(seed=-1), "seed must be a whole number"),
    "a seed that is none": (split_of(seed=1.5), "seed must be a whole number"),
    "a share above one": (split_of(test_share=1.5), "test_share must fulfil"),
    "shares that leave nothing": (split_of(test_share=0.5, validation_share=0.6), "must be below 1"),
    "a month that is none": (split_of(first_late_month=3.5), "first_late_month must be a whole number"),
    "settings without a seed": (manifest_of(settings={}), "settings must hold the seed"),
    "settings with a catalogue": (manifest_of(settings={"seed": 1, "catalogue": "x"}), "settings must hold the seed"),
    "settings in a list": (manifest_of(settings=[1]), "damaged"),
    "a rule out of range": (manifest_of(support={"times_usual": 0.5}), "times_usual must be"),
    "held-out risks that stop early": (
        lambda m, a: m["held_out"]["edges"].__setitem__(-1, 0.999),
        "held-out decisions does not fit together",
    ),
    "held-out counts that are no numbers": (
        lambda m, a: m["held_out"]["n"].__setitem__(0, m["held_out"]["n"][0] + 0.5),
        "held-out decisions does not fit together",
    ),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_the_parts_of_a_saved_model_must_fit_together_also_under_a_right_digest(predictor, tmp_path, damage):
    predictor.save(tmp_path / "m")
    manifest, arrays = load_artifact(tmp_path / "m")
    manifest = {k: v for k, v in manifest.items() if k not in ("format", "files")}
    harm, message = DAMAGES[damage]
    harm(manifest, arrays)
    save_artifact(tmp_path / "m", manifest, arrays)
    with pytest.raises(ArtifactError, match=message) as error:
        LimitPredictor.load(tmp_path / "m")
    assert "\n" not in str(error.value)
    assert FORMAT in (tmp_path / "m" / "manifest.json").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def with_categories():
    """A model of the small catalogue, whose last feature is a category: limits of 60 borrowers by their employment."""
    borrower, month = (part.ravel() for part in np.mgrid[0:60, 0:8])
    table = pd.DataFrame(
        {
            "borrower_id": borrower,
            "month": month,
            "limit_amount": np.choose((borrower + month) % 3, [500.0, 2000.0, 8000.0]),
            "days_past_due": borrower % 4,
            "balance_amount": 100.0,
            "employment": np.where(borrower % 2, "gig", "salaried"),
        }
    )
    return LimitPredictor(parse_catalogue(CATALOGUE), max_iter=3).fit(table), table


@pytest.mark.parametrize(
    "change", [None, lambda c: c + 0.5, lambda c: c[::-1], lambda c: c + 1, lambda c: c.reshape(1, -1), lambda c: c > 0]
)
def test_the_categories_of_a_saved_model_are_codes_of_its_catalogue(with_categories, tmp_path, change):
    predictor, table = with_categories
    predictor.save(tmp_path / "m")
    if change is None:
        loaded = LimitPredictor.load(tmp_path / "m")
        pd.testing.assert_frame_equal(loaded.predict(table), predictor.predict(table))
        return
    manifest, arrays = load_artifact(tmp_path / "m")
    manifest = {k: v for k, v in manifest.items() if k not in ("format", "files")}
    arrays["fit_0_categories_of_column_4"] = change(arrays["fit_0_categories_of_column_4"])
    loose = replace(predictor.fitted, bag=bag_from_arrays(arrays, 1, tmp_path))
    save_artifact(tmp_path / "m", {**manifest, "version": loose.version}, arrays)
    with pytest.raises(ArtifactError, match="the categories are not those of the catalogue"):
        LimitPredictor.load(tmp_path / "m")


NUMPY = {"max_iter": np.int64(3), "learning_rate": np.float64(0.3), "l2_regularization": np.float32(0.1)}


def test_parameters_of_numpys_types_come_back_as_they_were_given(table, tmp_path):
    given = {**NUMPY, "max_leaf_nodes": np.int32(5), "structure": np.str_("score"), "threshold_fraction": "auto"}
    made = LimitPredictor(seed=np.int64(4), support=SupportRule(times_usual=np.float32(4.0)), **given).fit(table)
    made.save(tmp_path / "m")
    back = LimitPredictor.load(tmp_path / "m")
    assert back.get_params() | {"catalogue": 0} == made.get_params() | {"catalogue": 0}
    assert back.booster.keys() == given.keys()
    assert [type(back.booster[name]) for name in NUMPY] == [int, float, float]
    assert back.version == made.version
    pd.testing.assert_frame_equal(back.predict(table), made.predict(table))
    again = LimitPredictor(**back.get_params()).fit(table)
    assert again.version == made.version  # fitted again by what was saved, it is the same model


@pytest.mark.parametrize("value", [{1, 2}, {1: 2}, float("nan"), np.inf, object(), 1j, np.datetime64("2024-01")])
def test_a_parameter_that_cannot_be_saved_is_named(predictor, tmp_path, value):
    holder = LimitPredictor(predictor.catalogue, max_features=value)
    holder._fitted = predictor.fitted
    with pytest.raises(CreditModelError, match="parameter 'max_features' cannot be saved with the model") as error:
        holder.save(tmp_path / "m")
    assert "\n" not in str(error.value)
    assert not (tmp_path / "m").exists()


def test_lists_and_mappings_are_saved_as_json_holds_them(predictor, tmp_path):
    holder = LimitPredictor(predictor.catalogue, max_features=[1, (np.int8(2), None), {"a": np.array([0.5])}])
    holder._fitted = predictor.fitted
    holder.save(tmp_path / "m")
    assert LimitPredictor.load(tmp_path / "m").booster == {"max_features": [1, [2, None], {"a": [0.5]}]}


def test_a_category_that_no_row_has_is_no_obstacle(with_categories, tmp_path):
    _, table = with_categories
    blank = table.assign(employment=pd.Series(None, index=table.index, dtype="str"))
    predictor = LimitPredictor(parse_catalogue(CATALOGUE), max_iter=3).fit(blank)
    predictor.save(tmp_path / "m")
    loaded = LimitPredictor.load(tmp_path / "m")
    explanations = loaded.explain_decreases(blank)
    assert len(explanations) > 50
    assert (explanations.by_feature["employment_now"] == 0).all()
    assert loaded.explain_decreases(table).contributions.tobytes() == explanations.contributions.tobytes()
