"""Letters: what the law asks of an answer, in both languages and all formats, and the same bytes again at any time."""

from __future__ import annotations

import re
import sqlite3

import numpy as np
import pytest

from credit_model.act.appeals.cases import KINDS
from credit_model.act.appeals.evaluating import corrected_cut, rise_held_back
from credit_model.act.appeals.frozen import freeze_rise
from credit_model.act.appeals.reading import corrected_cells
from credit_model.act.appeals.store import Store
from credit_model.act.appeals.verifying import verify
from credit_model.documents.deadlines import terms_of
from credit_model.documents.lender_file import read_lender
from credit_model.documents.letter import letter_of, letters, replayed, write_letters
from credit_model.documents.notice import FORMATS, build_notice
from credit_model.errors import AppealError
from credit_model.portfolio.forbidden_phrases import forbidden_phrase
from credit_model.portfolio.months import format_month
from credit_model.words.values import catalogue_words
from tests.act.appeals.test_desk import income_cell, reinstated
from tests.documents.notice_examples import notice, parsed, visible_text

LANGS = ("en", "zh")


def upheld(bench, desk, i, *, kind="dispute", outcome="uphold", reason=None):
    return answered(bench, desk, bench.open(desk, i, kind), outcome, reason)


def answered(bench, desk, number, outcome, reason):
    """A case that is looked at again, decided and answered; the reason where the outcome departs from the advice."""
    if desk.store.case(number).kind != "explanation":
        advice = bench.look_again(desk, number).recommendation
        reason = reason if advice != outcome else None
    frozen = desk.file(number).frozen
    limit = (frozen.limit_after + frozen.limit_asked) / 2 if outcome == "partly" else None
    desk.propose(number, outcome, actor="ann", limit=limit, reason=reason)
    desk.decide(number, actor="bo")
    return number, write_letters(desk, number, actor="bo")


@pytest.fixture
def cases(bench, desk, cuts):
    """A case of every kind, answered: name -> (number, letters by language)."""
    number = reinstated(bench, desk, cuts)
    event = desk.store.case(number).letters[0]
    found = {"reinstated": (number, {lang: letter_of(desk, event, lang) for lang in LANGS})}
    others = [i for i in cuts["any"] if i not in (cuts["late"], cuts["income"][0])]
    found["late"] = upheld(bench, desk, cuts["late"])
    found["review"] = upheld(bench, desk, others[0], kind="review", reason="records_contradict")
    found["explained"] = upheld(bench, desk, others[1], kind="explanation", outcome="explained")
    found["unexplained"] = upheld(bench, desk, cuts["unexplained"][0], kind="documents", reason="rule_applies")
    found["partly"] = upheld(bench, desk, others[2], outcome="partly", reason="hardship")
    for name, outcome, borrower in (("rise", "uphold", 3), ("raised", "reinstate", 5), ("partly raised", "partly", 6)):
        rise = bench.open_rise(desk, bench.history.borrower_ids[borrower])
        found[name] = answered(bench, desk, rise, outcome, "not_in_the_data")
    assert {desk.store.case(number).kind for number, _ in found.values()} == set(KINDS)
    return found


def texts(letter):
    return {"html": visible_text(letter.html()), "markdown": letter.markdown(), "json": letter.json()}


def test_the_checklist_of_an_answer(bench, desk, cases):
    for name, (number, by_lang) in cases.items():
        for lang, letter in by_lang.items():
            content = letter.content
            for text in texts(letter).values():
                # limits, the decision and its day, the case, the head of the log
                assert content["limit"]["decided_text"] in text
                assert content["date"] in text
                assert f"A{number:06d}" in text
                assert content["head"] in text
                # the regulator, the next instance with its limit of time, the bureau's duty to answer
                assert ("National Financial Regulatory" if lang == "en" else "国家金融监督管理总局") in text
                assert (
                    "mediation committee within 60 days" if lang == "en" else "60日内向金融消费纠纷调解委员会"
                ) in text
                assert ("written answer within 20 days" if lang == "en" else "20日内获得书面答复") in text
                assert ("right to go to court" if lang == "en" else "起诉的权利") in text
                # versions
                assert bench.fitted.version in text
                assert content["versions"]["lender_file_digest"] in text
                assert content["versions"]["catalogue_digest"] in text
                # a person decided
                assert ("decision was taken by a person" if lang == "en" else "决定由工作人员作出") in text
                # nothing empty, nothing protected
                assert forbidden_phrase(text, lang) is None, (name, lang)
                assert not re.search(r"gender|female|age.band|性别|年龄段", text)
            if lang == "en":
                assert not re.search(r"[\u4e00-\u9fff]", letter.html() + letter.markdown())


def plainly(text):
    return text.replace("\u00a0", " ")


def rows_of(letter):
    return [row["text"] for row in letter.content["limit"]["rows"]]


def test_the_limits_before_and_after_and_by_the_decision_are_told_in_their_order(bench, desk, cases):
    for name, (number, by_lang) in cases.items():
        frozen, decision = desk.file(number).frozen, desk.file(number).decision
        second = frozen.limit_asked if frozen.is_rise else frozen.limit_after
        for lang, letter in by_lang.items():
            money = catalogue_words(bench.fitted.catalogue, lang, "date").money
            assert rows_of(letter) == [money(frozen.limit_before), money(second), money(decision.limit)], name
            for text in (visible_text(letter.html()), letter.markdown()):
                for row in letter.content["limit"]["rows"]:
                    pair = rf"{row['label']}\s*\\?[:：]?\s*{re.escape(plainly(row['text']))}"
                    assert re.search(pair, plainly(text)), (name, lang)
    assert rows_of(cases["reinstated"][1]["en"])[0] == rows_of(cases["reinstated"][1]["en"])[2]


def test_what_was_decided_is_said_of_every_outcome_and_why_it_departs(cases):
    told = {name: " ".join(by_lang["en"].content["decision"]) for name, (_, by_lang) in cases.items()}
    assert "Your limit is restored to" in told["reinstated"]
    assert "The reduction stands" in told["late"]
    assert "You asked for an explanation, which follows" in told["explained"]
    assert "It is not restored to the full" in told["partly"]
    assert "taken your personal circumstances into account" in told["partly"]
    assert "We cannot raise your limit at present" in told["rise"]
    assert "Your limit is raised to" in told["raised"]
    assert "not to the full" in told["partly raised"]
    # a rule that is given as the reason is named below where the records show one, else it is said how to learn it
    assert "You may ask us which one it is" in told["unexplained"]
    assert "it is named below" not in told["unexplained"]


def test_nothing_is_said_of_corrections_where_there_were_none(cases):
    for name, (_, by_lang) in cases.items():
        for lang, words in (("en", "correction"), ("zh", "更正之后")):
            again = " ".join(by_lang[lang].content["again"])
            assert (words in again) == (name == "reinstated"), (name, lang)


def test_a_cut_that_stands_is_given_its_reasons_with_their_sources_and_a_knock_out_is_disclosed(cases, desk, cuts):
    number, by_lang = cases["late"]
    notices = desk.file(number).notices
    for lang, letter in by_lang.items():
        content = letter.content
        assert content["reasons"]
        assert content["reasons"] == notices[lang]["reasons"]
        assert content["rules"] == notices[lang]["rules"]
        for text in (visible_text(letter.html()), letter.markdown()):
            for reason in content["reasons"]:
                assert reason["code"] in text
                assert reason["source"] in text
        assert content["further"]
    number, by_lang = cases["reinstated"]
    for letter in by_lang.values():
        assert letter.content["reasons"] == letter.content["further"] == []


def test_the_reasons_of_a_cut_that_stands_are_those_of_the_corrected_records(bench, desk, cuts):
    """A half-right income: what was told of it then is no longer so, and is not told."""
    i, one = cuts["income"]
    number = bench.open(desk, i)
    month = format_month(one.month, bench.history.month_type)
    then = bench.frozen(i).cells["income_amount"][bench.frozen(i).row_of(one.month)]
    desk.add_evidence(number, "payslip", [("income_amount", month, f"{(then + one.value) // 2:.0f}")], actor="ann")
    with pytest.raises(AppealError, match="has to follow from the corrected months, too"):
        desk.evaluate(number, bench.fitted, bench.rule, actor="ann")
    found = bench.look_again(desk, number)
    reason = None if found.recommendation == "uphold" else "records_contradict"
    desk.propose(number, "uphold", actor="ann", reason=reason)
    desk.decide(number, actor="bo")
    letters_ = write_letters(desk, number, actor="bo")
    cut = corrected_cut(
        bench.fitted, bench.rule, desk.file(number).frozen, corrected_cells(desk.file(number).documents)
    )
    assert cut.keep_score_after[0] == found.score_after
    for lang, letter in letters_.items():
        told = build_notice(cut, lang=lang).content
        assert letter.content["reasons"] == told["reasons"]
        assert letter.content["withheld"] == bool(told["withheld"])
        assert letter.content["reasons"] != build_notice(bench.explanations[i], lang=lang).content["reasons"]


def test_a_cut_that_the_model_does_not_support_is_given_no_reasons(cases):
    for lang, letter in cases["unexplained"][1].items():
        assert letter.content["withheld"]
        assert letter.content["reasons"] == []
        words = "We name no reasons" if lang == "en" else "我们不列出原因"
        assert words in visible_text(letter.html())


def test_a_refused_rise_is_told_where_it_stands_worse_than_those_who_were_raised(bench, cases, desk):
    number, by_lang = cases["rise"]
    frozen = desk.file(number).frozen
    held = rise_held_back(bench.fitted, bench.rule, frozen, {})
    assert held.reference == "raised"
    assert held.keep_score_after[0] == frozen.score
    np.testing.assert_array_equal(held.features_before[0], frozen.typical)
    assert held.contributions.sum() == pytest.approx(held.keep_score_after[0] - held.keep_score_before[0], abs=1e-9)
    for lang, letter in by_lang.items():
        content, text = letter.content, visible_text(letter.html())
        assert content["reasons"] == build_notice(held, lang=lang).content["reasons"]
        assert content["reasons"]
        among = "among customers whose limit was raised" if lang == "en" else "额度获得上调的客户"
        assert all(among in one["text"] for one in content["reasons"])
        assert ("Compared with customers whose limit we raised" if lang == "en" else "与额度获得上调的客户相比") in text
        assert ("three in four had a chance of" if lang == "en" else "四分之三的可能性达到") in text
        assert not re.search(r"decrease|reduc|下调", text)


def test_a_rise_where_too_few_were_raised_is_told_what_moved_since_the_limit_was_set(bench, desk, cuts):
    """Whoever was cut asks for the next limit a month later: what led to the cut stands against it."""
    told = []
    for i in cuts["any"][:12]:
        frozen = bench.frozen(i)
        alone = bench.history.select([frozen.borrower_id])
        rise = freeze_rise(bench.fitted, bench.rule, alone, frozen.borrower_id, frozen.month_text)
        assert (rise.n_raised, rise.line, rise.typical) == (0, 0.0, None)
        if rise.score < rise.line:
            told.append(build_notice(rise_held_back(bench.fitted, bench.rule, rise, {})).content)
    assert len(told) > 5
    assert sum(bool(content["reasons"]) for content in told) > len(told) / 2
    number = desk.open("rise", rise, terms_of(read_lender(), "rise"), bench.fitted.catalogue, actor="ann").number
    letter = answered(bench, desk, number, "uphold", "not_in_the_data")[1]["en"].content
    assert "present limit was set" in letter["reasons_opening"]
    assert "The higher limit is given from 50% on." in letter["again"]


@pytest.mark.parametrize(("lang", "rule", "move"), [
    ("en", "A knock-out rule applied", "change that we made for a whole class of customers"),
    ("zh", "触发了一票否决规则", "对整类客户统一作出的调整"),
])  # fmt: skip
def test_a_knock_out_is_disclosed_and_a_class_wide_cut_explained(bench, desk, cuts, lang, rule, move):
    texts_ = []
    for i, case in zip(cuts["any"][:2], ("knock_out", "class_wide"), strict=True):
        notices = {lang: notice(case, lang).content}
        terms = terms_of(read_lender(), "explanation")
        opened = desk.open("explanation", bench.frozen(i), terms, bench.fitted.catalogue, actor="ann", notices=notices)
        desk.propose(opened.number, "explained", actor="ann")
        desk.decide(opened.number, actor="bo")
        texts_.append(visible_text(write_letters(desk, opened.number, actor="bo", langs=[lang])[lang].html()))
    assert rule in texts_[0]
    assert move in texts_[1]
    assert rule not in texts_[1]


def test_what_the_documents_show_and_what_they_change_is_told(bench, cases, cuts):
    _, _, value = income_cell(cuts, bench)
    content = cases["reinstated"][1]["en"].content
    (row,) = content["evidence"]
    assert (row["document"], row["datum"], row["after"]) == ("Payslip", "Monthly income", f"RMB {int(value):,}")
    (change,) = content["changes"]
    assert (change["subject"], change["effect"], change["share"]) == (
        "Ability to repay", "speaks for your limit", "100%",
    )  # fmt: skip
    assert "With these corrections the risk" in content["again"][0]
    assert "更正之后" in cases["reinstated"][1]["zh"].content["again"][0]


def test_every_letter_is_the_same_bytes_again_from_the_store_alone(cases, desk):
    desk.store.close()
    for number, by_lang in cases.values():
        (event,) = desk.store.case(number).letters
        again = replayed(desk, event)
        for lang, letter in by_lang.items():
            for name in FORMATS:
                stored = letter_of(desk, event, lang).as_format(name).encode()
                assert stored == letter.as_format(name).encode() == again[lang].as_format(name).encode()


def test_the_head_of_a_letter_finds_a_log_that_lost_it(cases, desk, tmp_path):
    number, by_lang = cases["late"]
    head = by_lang["en"].content["head"]
    (event,) = desk.store.case(number).letters
    assert head == by_lang["zh"].content["head"] == event.head
    assert verify(desk.store, [head]).is_sound
    copy = tmp_path / "short.sqlite"
    desk.store.back_up(copy)
    with sqlite3.connect(copy) as connection:
        connection.execute("DROP TRIGGER event_is_kept")
        connection.execute("DELETE FROM event WHERE seq >= ?", (event.seq,))
    connection.close()
    with Store(copy) as store:
        told = [str(finding) for finding in verify(store, [head]).findings]
    assert (
        f"event {event.seq}: was there when its head was printed: the log was cut after event {event.seq - 1}" in told
    )


def test_pages_ask_for_nothing_and_have_headings_and_table_heads(cases):
    for _, by_lang in cases.values():
        for lang, letter in by_lang.items():
            html = letter.html()
            tags = [name for name, _ in parsed(html).tags]
            attributes = dict(next(attrs for name, attrs in parsed(html).tags if name == "html"))
            assert attributes["lang"] == ("en" if lang == "en" else "zh-Hans")
            assert tags.count("h1") == tags.count("main") == 1
            assert all(attrs.get("scope") in ("row", "col") for name, attrs in parsed(html).tags if name == "th")
            assert not re.search(r"<script|<link|<img|\bsrc=|@import|url\(", html)
            policy = next(attrs["content"] for name, attrs in parsed(html).tags if "http-equiv" in attrs)
            assert policy.startswith("default-src 'none'; style-src 'sha256-")


def test_languages_of_a_letter_are_checked(bench, desk, cuts):
    for wrong in ((), ("fr",), ("en", "en")):
        with pytest.raises(AppealError, match="the letter's languages must be different ones of"):
            letters(wrong)
    number = reinstated(bench, desk, cuts, close=False)
    (event,) = desk.store.case(number).letters
    with pytest.raises(AppealError, match="was written in en, zh, not in 'fr'"):
        letter_of(desk, event, "fr")
