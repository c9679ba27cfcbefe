"""Early warning: nothing of the future is read, risks are coherent, reasons are exact, replays are honest."""

import copy
import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from credit_model import LimitPredictor, simulate_portfolio
from credit_model.act.warning import fitting
from credit_model.act.warning.fitting import logistic_lines, warned_borrowers
from credit_model.act.warning.inputs import AFTER, BEFORE, inputs_of, path_of
from credit_model.act.warning.leaks import refuse_leaks
from credit_model.act.warning.measures import average_precision, calibration_error, churn, cuts_caught
from credit_model.act.warning.outcomes import NEVER, Outcomes, kept_in_sight, open_lines, outcomes_of, weights_until
from credit_model.act.warning.reasons import CALENDAR, reference_rows, shapley_values, warning_reasons
from credit_model.act.warning.replay import alerted_by_month
from credit_model.act.warning.watching import known_until, leading_players, n_alerts, risk_scores
from credit_model.errors import ArtifactError, CreditModelError, HistoryError
from credit_model.explain.explaining import change_values
from credit_model.explain.pairs import decrease_rows
from credit_model.model.artifact import warning_arrays, warning_from, warning_record
from credit_model.model.early_warning import FURTHER, HEADLINE, LEADS, SIGNS
from credit_model.portfolio.catalogue import parse_catalogue
from credit_model.portfolio.standing import standing_of


@pytest.fixture(scope="module")
def snapshots(warned, warned_panel):
    return warned.snapshots(warned_panel.history)


@pytest.fixture(scope="module")
def standing(snapshots):
    return standing_of(snapshots, LEADS)


@pytest.fixture(scope="module")
def row(snapshots):
    """Some open lines of some months, among them all whose cut is next."""
    soon = np.flatnonzero(open_lines(snapshots) & (outcomes_of(snapshots).cut == 1))
    others = np.flatnonzero(open_lines(snapshots))[::97]
    return np.union1d(soon[:30], others[:60]).astype(np.int64)


@pytest.fixture(scope="module")
def warnings(warned, warned_panel):
    return warned.watch(warned_panel.history)


def test_nothing_after_a_month_is_read_in_it(warned, warned_panel):
    history = warned.fitted.panel(warned_panel.history)
    told = warned.watch(history, "2023-08")
    month = told.month_number
    later, rng = history.month_number > month, np.random.default_rng(0)
    # every cell of the months to come is another one: limits, reviews and features alike
    cells = {name: np.where(later, rng.permutation(values), values) for name, values in history.cells.items()}
    changed = dataclasses.replace(history, cells=cells)
    pd.testing.assert_frame_equal(warned.watch(changed, told.month).table(), told.table())
    pd.testing.assert_frame_equal(warned.watch(known_until(history, month)).table(), told.table())


def test_standings_and_paths_are_those_of_a_history_that_ends_there(warned, snapshots, standing, row):
    history = snapshots.history
    months = history.month_number[row]
    some = row[months == np.sort(months)[len(row) // 2]]
    until = int(snapshots.month_number[some[0]])
    short = warned.snapshots(known_until(history, until))
    last = (short.history.starts[1:] - 1)[snapshots.borrower_row[some]]
    assert np.array_equal(short.month_number[last], snapshots.month_number[some])
    cut_off = standing_of(short, LEADS)
    for name in ("X", "numerators", "calendar", "due"):
        assert np.array_equal(getattr(cut_off, name)[last], getattr(standing, name)[some], equal_nan=True)
    whole, ended = path_of(standing, some, some).X, path_of(cut_off, last, last).X
    assert np.array_equal(whole, ended, equal_nan=True)
    assert np.array_equal(whole[0], standing.X[some], equal_nan=True)
    assert len(whole) == 1 + len(BEFORE) + len(AFTER)


def test_the_standing_is_under_the_limit_after_the_decision(snapshots, standing):
    names, cut = snapshots.catalogue.feature_names, decrease_rows(snapshots)
    assert np.array_equal(standing.X[cut, names.index("tier_in_force")], snapshots.tier_after[cut])
    assert np.array_equal(standing.X[cut, names.index("limit_in_force")], snapshots.limit_after[cut])
    j = int(snapshots.state_ratio_index[0])
    above = cut[snapshots.limit_after[cut] > 0]
    assert np.array_equal(
        standing.X[above, j], standing.numerators[above, 0] / snapshots.limit_after[above], equal_nan=True
    )


def test_the_calendar_finds_a_borrowers_rhythm(warned, warned_panel, snapshots, standing):
    history = snapshots.history
    looked_at = history.values("reviewed") > 0
    late = np.flatnonzero((snapshots.position >= 24) & (snapshots.position < 35))
    said, came = standing.due[late, 0], looked_at[late + 1]
    assert average_precision(said, came) > 2 * came.mean()
    since = standing.calendar[late, 1]
    assert (since[looked_at[late]] == 0).all()
    assert np.nanmin(since[~looked_at[late]]) >= 1


def outcomes(cut, closed, followed, panel):
    return Outcomes(*(np.array(values, dtype=np.int64) for values in (cut, closed, followed, panel)))


def test_what_became_of_a_line_is_known_or_not():
    # cut after 2; closed after 2; lost from sight after 1; the panel ends after 2; kept for 6; closed before a cut
    seen = outcomes(
        [2, NEVER, NEVER, NEVER, NEVER, 5], [NEVER, 2, NEVER, NEVER, NEVER, 3], [6, 6, 1, 2, 6, 6], [6, 6, 6, 2, 6, 6]
    )
    is_cut, known = seen.until(3)
    assert is_cut.tolist() == [True, False, False, False, False, False]
    assert known.tolist() == [True, True, False, False, True, True]
    assert seen.until(6)[0].tolist() == [True, False, False, False, False, False]  # closure came before the cut
    # Of the six that the panel can follow for two months one is lost after the first: 5/6 are left in sight, and those
    # who are seen for two months or more count 6/5; the panel's end is no loss.
    in_sight = kept_in_sight(seen, 3)
    assert in_sight.tolist() == pytest.approx([1, 1, 5 / 6, 5 / 6])
    assert weights_until(seen, 3, in_sight).tolist() == pytest.approx([6 / 5, 6 / 5, 0, 0, 6 / 5, 6 / 5])
    early = seen.of(np.arange(6), np.full(6, 1))  # as if only one month more were known
    assert not early.until(2)[1].any()
    assert not early.until(1)[0].any()


def test_the_next_cut_is_the_next_one_of_the_same_borrower(snapshots):
    seen, cuts = outcomes_of(snapshots), set(decrease_rows(snapshots).tolist())
    starts, month = snapshots.history.starts, snapshots.month_number
    for r in range(0, len(snapshots), 211):
        end = starts[snapshots.borrower_row[r] + 1]
        ahead = [month[i] - month[r] for i in range(r + 1, end) if i in cuts]
        assert seen.cut[r] == (ahead[0] if ahead else NEVER)
        assert seen.followed[r] == month[end - 1] - month[r]


def test_risks_never_fall_from_lead_to_lead(warned, standing, row):
    warning = warned.fitted.warning
    scores = risk_scores(warning, inputs_of(warned.fitted, standing, row))
    assert (np.diff(scores, axis=1) >= -1e-12).all()
    assert len(SIGNS) == len(FURTHER)


def test_better_features_never_raise_a_risk(warned, standing, row):
    """Each feature alone, in its declared direction, at what the warning reads of it by itself."""
    warning, catalogue = warned.fitted.warning, warned.catalogue
    inputs = inputs_of(warned.fitted, standing, row)
    base = warning.scores(inputs.rows(HEADLINE))
    signed = 0
    for j, name in enumerate(catalogue.feature_names):
        sign = catalogue.monotonic_cst[name]
        if sign:
            signed += 1
            better = dataclasses.replace(inputs, X=inputs.X.copy())
            better.X[:, j] += sign * np.nanstd(inputs.X[:, j])
            assert (warning.scores(better.rows(HEADLINE)) <= base + 1e-12).all(), name
    assert signed > 10


def test_reasons_are_the_shapley_values_of_the_score_that_alerts(warned, standing, row):
    """By enumeration, mixtures made by hand from features and keep scores."""
    fitted, catalogue = warned.fitted, warned.catalogue
    told = warning_reasons(fitted, fitted.warning, standing, row)
    score = risk_scores(fitted.warning, inputs_of(fitted, standing, row))[:, HEADLINE - 1]
    assert np.array_equal(told.score_now, score)
    assert told.by_factor.sum(axis=1) == pytest.approx(told.score_now - told.score_then, abs=1e-9)
    assert (told.by_factor != 0).any(axis=1).sum() > 20
    then, _ = reference_rows(standing, row)
    i = int(np.argmax(np.abs(told.by_factor).sum(axis=1)))
    one, ref, tier = row[[i]], then[[i]], standing.snapshots.tier_after[row[[i]]]
    x, z = path_of(standing, one, one).X, path_of(standing, ref, one).X
    weight = fitted.weights(standing.snapshots, one)
    drivers = [j for j, f in enumerate(catalogue.features) if f.role != "state"]
    n = len(catalogue.factor_ids) + 1
    value = np.empty((1, 1 << n))
    inputs = inputs_of(fitted, standing, one)
    for mask in range(1 << n):
        mixed = z.copy()
        for place, j in enumerate(drivers):
            if mask >> int(catalogue.factor_index[place]) & 1:
                mixed[:, :, j] = x[:, :, j]
        keep = np.array([[fitted.bag.keep_score(X, tier, weight)[0] for X in mixed]])
        at = one if mask >> (n - 1) & 1 else ref
        made = dataclasses.replace(
            inputs, X=mixed[0], keep=keep, calendar=standing.calendar[at], due=standing.due[at, :LEADS]
        )
        value[0, mask] = fitted.warning.scores(made.rows(HEADLINE))[0]
    assert told.by_factor[i] == pytest.approx(shapley_values(value)[0], abs=1e-9)
    keep_change = change_values(fitted.bag, catalogue, x[0], z[0], tier, weight)
    assert told.by_driver[i] == pytest.approx(keep_change.contributions[0], abs=1e-12)


def test_a_limit_that_was_only_just_set_has_no_reasons(warned, snapshots, standing):
    just = np.flatnonzero(open_lines(snapshots) & (snapshots.tier_after != snapshots.tier_before))[:20].astype(np.int64)
    told = warning_reasons(warned.fitted, warned.fitted.warning, standing, just)
    assert np.array_equal(told.reference_row, just)
    assert (told.by_factor == 0.0).all()
    assert np.array_equal(told.score_then, told.score_now)


def test_warnings_are_ranked_alerted_and_told(warned, warnings):
    table = warnings.table()
    assert table["rank"].tolist() == list(range(1, len(table) + 1))
    assert (np.diff(table["risk_3m"]) <= 0).all()
    assert warnings.n_alerted == int(0.05 * len(table)) == len(warnings.by_factor)
    assert table["alerted"].tolist() == [place < warnings.n_alerted for place in range(len(table))]
    players = {*warned.catalogue.factor_ids, CALENDAR}
    told = [set(text.split(", ")) for text in table.loc[table["alerted"], "reasons"] if text]
    assert told
    assert all(names <= players for names in told)
    assert (table.loc[~table["alerted"], "reasons"] == "").all()
    assert (table["tier"] > 0).all()
    assert warned.version in warnings.model_version
    assert leading_players(np.array([0.0, 0.01, -2.0])) == []


def test_the_plan_that_keeps_the_limit_stands_beside_the_alert(warned, warned_panel):
    told = warned.watch(warned_panel.history, capacity=0.02, plans=True)
    table = told.table()
    assert set(told.plans) <= set(range(told.n_alerted))
    assert told.plans
    for place, plan in told.plans.items():
        assert plan.goal == "keep"
        assert plan.borrower_id == told.borrower_id[place]
        assert table["plan"][place] == plan.outcome
    assert (table["plan"][~table["alerted"]] == "").all()


def test_a_replay_warns_as_each_month_would_have(warned, warned_panel, snapshots):
    replay = warned.replay(warned_panel.history, capacity=0.1)
    late = warned.fitted.split.first_late_month
    assert int(replay.month_number.min()) == late
    month = int(replay.month_number.min()) + 2
    short = warned.replay(known_until(snapshots.history, month), capacity=0.1)
    here, there = replay.month_number == month, short.month_number == month
    assert np.array_equal(replay.risk[here], short.risk[there])
    assert np.array_equal(replay.alerted[here], short.alerted[there])
    months, scores = replay.months(), replay.scores()
    assert months["alerts"].sum() == replay.alerted.sum()
    assert months["cut"].isna().sum() == HEADLINE  # of the last months it is not known yet
    assert scores["average_precision_3m"] > 2 * scores["base_rate_3m"]
    assert 0 < scores["event_recall"] <= 1
    assert len(replay.table()) == len(replay)


def test_a_model_with_its_warning_is_read_as_it_was_saved(warned, warned_panel, warnings, tmp_path):
    warned.save(tmp_path / "model")
    read = LimitPredictor.load(tmp_path / "model")
    assert read.get_params()["warning"] is True
    pd.testing.assert_frame_equal(read.watch(warned_panel.history).table(), warnings.table())
    record, arrays = warning_record(warned.fitted.warning), warning_arrays(warned.fitted.warning)
    for wrong in ({"slope": -1.0}, {"intercepts": [0.0, 0.0, 0.0, 0.0, 0.0, -1.0]}):
        with pytest.raises(ValueError, match="the numbers of the early warning"):
            warning_from(record | wrong, arrays)
    arrays["warning_nodes"] = arrays["warning_nodes"].copy()
    arrays["warning_nodes"]["threshold"][:] = np.inf
    with pytest.raises(ValueError, match="early warning"):
        warning_from(record, arrays)
    assert issubclass(ArtifactError, CreditModelError)


def test_the_fit_does_not_depend_on_the_number_of_threads(warned, warned_panel):
    one = copy.copy(warned)
    one.n_jobs = 1
    one.add_warning(warned_panel.history)
    again = one.fitted.warning
    assert again.digest == warned.fitted.warning.digest
    assert np.array_equal(again.trial.nodes, warned.fitted.warning.trial.nodes)


def test_of_a_large_panel_some_borrowers_are_drawn_whatever_else_it_holds():
    ids, n_rows = np.arange(2000), np.full(2000, 36)
    drawn = warned_borrowers(ids, n_rows, seed=4, most_rows=36_100)
    assert drawn.sum() == 1002  # 1,002 borrowers of 36 rows are 36,072
    assert warned_borrowers(ids, n_rows, seed=4, most_rows=72_000).all()
    some = np.random.default_rng(0).permutation(2000)[:1500]
    few = warned_borrowers(ids[some], n_rows[some], seed=4, most_rows=20_000)
    assert drawn[some][few].all()
    other = warned_borrowers(ids, n_rows, seed=5, most_rows=36_100)
    assert 400 < (drawn & other).sum() < 600


def test_an_early_warning_of_a_large_panel_looks_at_the_borrowers_drawn_alone(warned, warned_panel, monkeypatch):
    class LookedAtError(Exception):
        pass

    def first_look(history, *args, **options):
        raise LookedAtError(history.borrower_ids.tolist(), len(history))

    monkeypatch.setattr(fitting, "MOST_ROWS", 15_000)
    monkeypatch.setattr(fitting, "build_snapshots", first_look)
    history = warned.fitted.panel(warned_panel.history)
    drawn = warned_borrowers(history.borrower_ids, np.diff(history.starts), seed=7)
    with pytest.raises(LookedAtError) as looked:
        fitting.fit_warning(warned.fitted, history, seed=7)
    assert looked.value.args == (history.borrower_ids[drawn].tolist(), 36 * 416)  # 416 of 36 rows are 14,976


def planted(panel, column_of):
    """The panel with a column ``marked``, and a catalogue that reads it as a feature."""
    from credit_model.portfolio.catalogue import read_catalogue

    text = read_catalogue("synthetic").text
    text += (
        '\n[[column]]\nname = "marked"\nkind = "integer"\nunit = "count"\nmin = 0\nmax = 1\nsource = "lender"\n'
        'label = { zh = "标记", en = "mark" }\n\n[[feature]]\nid = "marked"\nfactor = "policy"\ncolumn = "marked"\n'
        'summary = "last"\neffect = "free"\ncode = "L99"\nlabel = { zh = "标记", en = "mark" }\n'
        'reason = { zh = "标记由{before}变为{after}", en = "mark went from {before} to {after}" }\n'
    )
    history = panel.history.copy()
    fell = history.groupby("borrower_id")["limit_amount"].diff() < 0
    history["marked"] = column_of(fell, history["borrower_id"]).astype(int)
    return history, parse_catalogue(text, where="planted")


def test_a_column_that_is_set_by_the_cut_tells_nothing_before_it(warned_panel):
    """In the month of the cut it gives it away; the standing of the months before does not hold it."""
    history, catalogue = planted(warned_panel, lambda fell, who: fell)
    predictor = LimitPredictor(catalogue, structure="score", max_iter=5).fit(history)
    snapshots = predictor.snapshots(history)
    standing, seen = standing_of(snapshots, LEADS), outcomes_of(snapshots)
    row = np.flatnonzero(open_lines(snapshots) & (snapshots.tier_after == snapshots.tier_before))
    mark = standing.X[row, catalogue.feature_names.index("marked")]
    refuse_leaks(standing, row, seen.of(row))
    assert mark[seen.cut[row] == 1].mean() == pytest.approx(mark.mean(), abs=0.02)


def test_a_column_that_is_dated_back_is_refused(warned_panel):
    history, catalogue = planted(warned_panel, lambda fell, who: fell.groupby(who).shift(-1).fillna(False))
    with pytest.raises(HistoryError, match="feature 'marked' must not know the month to come"):
        LimitPredictor(catalogue, structure="score", max_iter=5, warning=True).fit(history)


def test_what_is_asked_wrongly_is_told_in_one_line(warned, predictor, portfolio, warned_panel):
    with pytest.raises(CreditModelError, match="was trained without the early warning"):
        predictor.watch(portfolio.history)
    with pytest.raises(CreditModelError, match="was trained without the early warning"):
        predictor.replay(portfolio.history)
    for wrong in (0, 1.5, True, "much", -0.1):
        with pytest.raises(CreditModelError, match="capacity must be a share"):
            warned.watch(warned_panel.history, capacity=wrong)
    with pytest.raises(HistoryError, match="the month must be one of the history"):
        warned.watch(warned_panel.history, "2031-01")
    with pytest.raises(HistoryError, match="no line with a limit above the lowest tier"):
        warned.watch(warned_panel.history, warned_panel.history["month"].min())
    with pytest.raises(HistoryError, match="a replay must begin in or after"):
        warned.replay(warned_panel.history, "2022-06")
    few = simulate_portfolio(60, 20, seed=1, root_causes=False).history
    with pytest.raises(HistoryError, match="the early warning needs at least 20 borrowers"):
        LimitPredictor(structure="score", max_iter=3, warning=True).fit(few)


def test_alerts_go_by_the_month_and_its_capacity():
    month, risk = np.array([1, 1, 1, 2, 2]), np.array([0.1, 0.5, 0.5, 0.2, 0.9])
    assert alerted_by_month(month, risk, 0.4).tolist() == [False, True, False, False, True]
    assert n_alerts(0, 0.05) == 0
    assert n_alerts(10, 0.05) == 1  # never none where there are lines
    assert n_alerts(1000, 0.05) == 50


def test_measures_are_what_their_formulas_say():
    risk, fell = np.array([0.9, 0.5, 0.5, 0.1]), np.array([True, False, True, False])
    # at 0.9: 1 of 1; the tie at 0.5 counts at once: 2 of 3
    assert average_precision(risk, fell) == pytest.approx((1 + 2 / 3) / 2)
    assert np.isnan(average_precision(risk, np.zeros(4, dtype=bool)))
    # the lower two, .1 and .5, were not cut; the upper two were: |.3 - 0| and |.7 - 1|
    assert calibration_error(risk, fell, n_bins=2) == pytest.approx(0.3)
    month, who = np.array([5, 5, 6, 6]), np.array([0, 1, 0, 1])
    assert churn(month, who, np.array([True, False, True, False])) == 0
    assert churn(month, who, np.array([True, False, False, True])) == 1
    # borrower 0 is cut in month 9 and was alerted three months before; borrower 1 in month 8, never alerted
    caught = cuts_caught(month, who, np.array([False, False, True, False]), np.array([4, 3, 3, 2]), 6)
    assert (caught.n, caught.n_warned, caught.median_lead) == (2, 1, 3)
    fell, group = np.array([True, False, False, False, True, True, True, False]), np.repeat([0, 1], 4)
    slope, intercepts = logistic_lines(np.zeros(8), fell, np.ones(8), group, 2)
    assert expit(intercepts) == pytest.approx([0.25, 0.75], abs=1e-4)
    assert slope == 1
