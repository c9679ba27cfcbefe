import os
import re
from dataclasses import replace

import pytest

from credit_model.errors import CatalogueError
from credit_model.portfolio.catalogue import BUILT_IN, Label, parse_catalogue, read_catalogue
from tests.portfolio.examples import CATALOGUE


def line_of(text):
    return CATALOGUE.split("\n").index(text) + 1


def test_the_order_of_the_file_is_the_order_of_the_model():
    catalogue = parse_catalogue(CATALOGUE)
    assert catalogue.feature_names == (
        "tier_in_force",
        "limit_in_force",
        "dpd_max_3m",
        "utilisation_2m",
        "employment_now",
    )
    assert catalogue.driver_names == ("dpd_max_3m", "utilisation_2m", "employment_now")
    assert catalogue.state_names == ("tier_in_force", "limit_in_force")
    assert catalogue.factor_index.tolist() == [0, 1, 1]
    assert [[feature.id for feature in drivers] for drivers in catalogue.by_factor] == [
        ["dpd_max_3m"],
        ["utilisation_2m", "employment_now"],
    ]
    assert [drivers.tolist() for drivers in catalogue.factor_drivers] == [[0], [1, 2]]
    assert catalogue.monotonic_cst["dpd_max_3m"] == -1
    assert catalogue.categorical_names == ("employment_now",)
    assert catalogue.audit_names == ("gender",)
    assert catalogue.feature("utilisation_2m").source == "bureau"
    assert catalogue.warm_up == 1


def test_the_digest_names_the_text_and_line_ends_do_not_matter():
    catalogue = parse_catalogue(CATALOGUE)
    assert parse_catalogue(CATALOGUE.replace("\n", "\r\n")).digest == catalogue.digest
    assert parse_catalogue(CATALOGUE + "# a remark\n").digest != catalogue.digest
    assert replace(catalogue).digest == catalogue.digest


@pytest.mark.parametrize("name", BUILT_IN)
def test_the_built_in_catalogues_are_valid_and_have_every_word_in_both_languages(name):
    catalogue = read_catalogue(name)
    for feature in catalogue.drivers:
        assert re.search(r"[一-鿿]", feature.reason.texts["zh"]), feature.id
        assert not re.search(r"[一-鿿]", feature.reason.texts["en"]), feature.id
        assert re.search(r"[一-鿿]", feature.label.texts["zh"]), feature.id


def test_one_language_is_enough_and_a_label_always_answers():
    zh_only = CATALOGUE.replace('label = { zh = "负债状况", en = "debt" }', 'label = { zh = "负债状况" }')
    unnamed = CATALOGUE.replace('label = { zh = "负债状况", en = "debt" }', 'label = "Schulden"')
    three = CATALOGUE.replace('label = { zh = "负债状况", en = "debt" }', 'label = { en = "debt", fr = "dettes" }')
    said = [[parse_catalogue(text).factor("debt").label.text(lang) for lang in ("en", "zh", "fr")]
            for text in (CATALOGUE, zh_only, unnamed, three)]  # fmt: skip
    assert said == [["debt", "负债状况", "debt"], ["负债状况"] * 3, ["Schulden"] * 3, ["debt", "debt", "dettes"]]


def test_labels_are_equal_by_their_texts_and_can_be_keys():
    assert len({Label.of(en="debt", zh="负债"), Label.of(zh="负债", en="debt"), Label.of(en="debt")}) == 2


#: (what is replaced, by what, the line at fault, the message)
MISTAKES = [
    ('factor = "debt"', 'factor = "dept"', 'factor = "debt"', "factor 'dept' is not declared; did you mean 'debt'?"),
    ('summary = "max"', 'summary = "maximum"', 'summary = "max"', "must be one of last, mean, max"),
    ("window = 3", "window = 0", "window = 3", "between 1 and 120, got 0"),
    ("window = 3", "windoww = 3", "window = 3", "unknown key 'windoww'; did you mean 'window'?"),
    ('effect = "lowers"\ncode = "R01"', 'code = "R01"', '^id = "dpd_max_3m"', "lacks 'effect'"),
    ('code = "D01"', 'code = "R01"', 'code = "D01"', "code 'R01' is declared twice"),
    ('id = "utilisation_2m"', 'id = "dpd_max_3m"', 'id = "utilisation_2m"', "'dpd_max_3m' is declared twice"),
    ('column = "days_past_due"', 'column = "limit_amount"', 'column = "days_past_due"', "is the limit itself"),
    ('column = "days_past_due"', 'column = "dayspastdue"', 'column = "days_past_due"', "did you mean 'days_past_due'?"),
    ('column = "employment"', 'column = "gender"', 'column = "employment"', "is an audit column"),
    (
        'numerator = "balance_amount"',
        'column = "balance_amount"',
        '^id = "utilisation_2m"',
        "either column, or numerator",
    ),
    ('{before}升至{after}", en = "longest', '{before}升至{now}", en = "longest', None, "must use {before} and {after}"),
    (
        'en = "utilisation" }',
        'en = "internal policy" }',
        None,
        "label cannot be told to a borrower: says 'internal polic'",
    ),
    ('kind = "integer"', 'kind = "int"', 'kind = "integer"', "kind must be one of"),
    ("max_rise = 31", 'max_rise = "31"', "max_rise = 31", "max_rise must be a number, got '31'"),
    ("amounts = [0, 1000, 5000]", "amounts = [0, 5000, 1000]", "amounts = [0, 1000, 5000]", "strictly increasing"),
    ("amounts = [0, 1000, 5000]", "", "[ladder]", "either amounts"),
    ('about = "borrower"', 'about = "client"', 'about = "borrower"', "about must be one of borrower, economy, lender"),
    ('en = "repayment" }', 'en = "" }', None, "label lacks a text in 'en'"),
    ('label = { zh = "还款历史", en = "repayment" }', 'label = ""', None, "label lacks a text; add it"),
    ('label = { zh = "还款历史", en = "repayment" }', "label = {}", None, "label holds no text"),
    (
        'en = "repayment" }',
        'English = "repayment" }',
        None,
        "'English', which is no language code such as en, zh or fr",
    ),
    (
        'reason = { zh = "额度使用率由{before}升至{after}"',
        'reason = { fr = "politique: {before} {now}"',
        None,
        "must use",
    ),
    ('{ zh = "额度使用率", en = "utilisation" }', '"company policy"', None, "label cannot be told to a borrower"),
    ('name = "cards"', "name = cards", 'name = "cards"', "is not TOML"),
    ('id = "limit_in_force"', 'id = "limit_in_forc"', 'id = "limit_in_force"', "did you mean 'limit_in_force'?"),
    ('categories = ["salaried", "gig"]', "", '^name = "employment"', "categories are needed exactly where"),
    ('[[factor]]\nid = "debt"', '[[faktor]]\nid = "debt"', None, "unknown table 'faktor'; did you mean 'factor'?"),
]


@pytest.mark.parametrize(("old", "new", "at", "message"), MISTAKES)
def test_a_mistake_is_told_with_file_and_line(old, new, at, message):
    assert old in CATALOGUE
    with pytest.raises(CatalogueError, match=re.escape(message)) as caught:
        parse_catalogue(CATALOGUE.replace(old, new, 1), where="mine.toml")
    assert str(caught.value).startswith("mine.toml:")
    if at is not None:
        line = int(str(caught.value).split(":")[1])
        # What is lacking is told at the table's header, the line above its name.
        assert line == (line_of(at[1:]) - 1 if at.startswith("^") else line_of(at))


def test_a_state_that_a_ratio_needs_must_be_declared():
    block = '[[feature]]\nid = "limit_in_force"\nrole = "state"\nlabel = { zh = "当前额度", en = "limit in force" }\n'
    assert block in CATALOGUE
    with pytest.raises(CatalogueError, match="is a state that is not declared"):
        parse_catalogue(CATALOGUE.replace(block, ""))


def test_a_factor_without_features_is_refused():
    more = '[[factor]]\nid = "economy"\nlabel = { zh = "经济", en = "economy" }\nabout = "economy"\n'
    with pytest.raises(CatalogueError, match="factor 'economy' has no feature"):
        parse_catalogue(CATALOGUE + more)


def test_a_file_that_is_not_there_or_not_utf8_is_told(tmp_path):
    with pytest.raises(CatalogueError, match=r"there is no such file .*synthetic, home_credit, uci_taiwan"):
        read_catalogue(tmp_path / "none.toml")
    (tmp_path / "gbk.toml").write_bytes("# 额度".encode("gbk"))
    with pytest.raises(CatalogueError, match="UTF-8"):
        read_catalogue(tmp_path / "gbk.toml")


@pytest.mark.parametrize(
    "place",
    [
        "{before:>1000000000}",
        "{before!r}",
        "{before.__class__}",
        "{before[0]}",
        "{before:{after}}",
        "{}",
        "{0}",
        "{before",
    ],
)
def test_a_reason_takes_plain_places_only(place):
    text = CATALOGUE.replace('en = "utilisation rose from {before} to', f'en = "utilisation rose from {place} to', 1)
    with pytest.raises(CatalogueError, match="feature 'utilisation_2m': reason"):
        parse_catalogue(text)


def test_more_factors_than_all_mixtures_can_be_computed_of_are_refused():
    more = "".join(f'[[factor]]\nid = "f{i}"\nabout = "borrower"\nlabel = "f{i}"\n' for i in range(15))
    with pytest.raises(CatalogueError, match=r"at most 16 factors are possible, .* got 17; join some"):
        parse_catalogue(CATALOGUE + more)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("max_rise = 31", f"max_rise = {'9' * 400}", "max_rise must be a finite number"),
        ("max_rise = 31", f"max_rise = {'9' * 5000}", "is not TOML"),
        ("max_rise = 31", "max_rise = nan", "max_rise must be a finite number, got nan"),
        ("max_rise = 31", "max_rise = inf", "max_rise must be a finite number, got inf"),
        ("max_rise = 31", f"max_rise = {'[' * 3000}{']' * 3000}", "is nested too deeply"),
        ("amounts = [0, 1000, 5000]", f"amounts = [0, {'9' * 400}]", "[ladder]: "),
        ("amounts = [0, 1000, 5000]", "amounts = [0, nan]", "amounts must be finite numbers, got [0, nan]"),
        ('name = "cards"', f'name = "cards"\nshoes = "{"x" * 9000}"', "unknown key 'shoes'"),
        ('currency = "CNY"', f"currency = [{'1, ' * 3000}]", "currency must be a text"),
        ('month = "month"', 'month = "month"\ncalendar = "lunar"', "must be one of monthly, quarterly, weekly, yearly"),
        ('month = "month"', 'month = "month"\nmonth_format = "%d"', "or a pattern with year and month such as"),
    ],
)
def test_a_number_or_a_text_without_bound_is_one_short_line(old, new, message):
    assert old in CATALOGUE
    with pytest.raises(CatalogueError, match=re.escape(message)) as caught:
        parse_catalogue(CATALOGUE.replace(old, new, 1))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600


def test_the_unit_of_months_since_names_the_calendars_periods():
    feature = CATALOGUE.replace('summary = "max"\nwindow = 3', 'summary = "months_since"\nunit = "months"\nwindow = 3')
    parse_catalogue(feature)
    weekly = feature.replace('month = "month"', 'month = "month"\ncalendar = "weekly"')
    with pytest.raises(CatalogueError, match="unit must name the periods of a weekly calendar, got 'months'"):
        parse_catalogue(weekly)
    parse_catalogue(weekly.replace('unit = "months"', 'unit = "weeks"'))


def test_a_pipe_is_no_catalogue(tmp_path):
    os.mkfifo(tmp_path / "c.toml")
    with pytest.raises(CatalogueError, match="is a device or a pipe"):
        read_catalogue(tmp_path / "c.toml")


@pytest.mark.parametrize("value", ['["a", "a"]', "{ a = 1 }", "3", "true", "2024-01-01"])
@pytest.mark.parametrize("key", ["factor", "column", "id", "code", "effect", "summary"])
def test_a_feature_whose_key_is_no_text_is_told_like_any_mistake(key, value):
    text = re.sub(rf"^{key} = .*$", f"{key} = {value}", CATALOGUE, flags=re.M)
    assert text != CATALOGUE
    with pytest.raises(CatalogueError, match=f"{key} must be"):
        parse_catalogue(text)
