"""An exported case: everything of it, sealed and signed, the same bytes again, and whatever was touched is found."""

from __future__ import annotations

import json

import pytest

from credit_model.act.appeals.evaluating import corrected_cut
from credit_model.act.appeals.reading import corrected_cells
from credit_model.act.appeals.verifying import verify
from credit_model.documents.case_folder import check_export, export_case, missing_in_log
from credit_model.documents.letter import write_letters
from credit_model.documents.report import decrease_html, page_records
from credit_model.documents.signature import key_name, read_key
from credit_model.documents.tracks import score_tracks
from credit_model.errors import AppealError, ArtifactError, DataFileError
from credit_model.explain.support import SupportRule
from credit_model.files import read_manifest
from credit_model.model.seal import write_sealed
from credit_model.portfolio.snapshots import build_snapshots
from tests.act.appeals.test_desk import income_cell, reinstated

FORMAT = "credit_model.appeal/1"
KEY, OTHER = bytes(range(32)), bytes(range(1, 33))


def seal_anew(folder, old, new, name="case.json"):
    """Somebody without the key edits a file and seals the folder again."""
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new), encoding="utf-8")
    manifest = read_manifest(folder, FORMAT)
    manifest.pop("digest")
    write_sealed(folder, FORMAT, manifest, manifest["files_sealed"])


def test_an_export_holds_the_case_its_letters_and_the_digests_of_its_files(bench, desk, cuts, tmp_path):
    number = bench.open(desk, cuts["income"][0])
    desk.add_evidence(number, "payslip", [income_cell(cuts, bench)], actor="ann", file=b"%PDF-1.7 scan")
    bench.look_again(desk, number)
    desk.propose(number, "reinstate", actor="ann")
    desk.decide(number, actor="bo")
    write_letters(desk, number, actor="bo")
    files = export_case(desk, number, tmp_path / "case")
    assert sorted(files) == sorted(path.name for path in (tmp_path / "case").iterdir())
    assert len([name for name in files if name.startswith("letter_")]) == 6
    found = check_export(tmp_path / "case")
    assert (found["case"], found["head"], found["n_events"]) == ("A000001", desk.store.head, 6)
    text = (tmp_path / "case" / "case.json").read_text(encoding="utf-8")
    assert "%PDF" not in text
    assert '"n_bytes": 13' in text
    export_case(desk, number, tmp_path / "case")  # its own kind is replaced


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("case.json", '"actor": "bo"', '"actor": "ed"'),
        ("case.json", "reinstate", "partly"),
        ("lender.toml", "sample = true", "sample = false"),
        ("catalogue.toml", 'version = "1.0"', 'version = "1.1"'),
        ("manifest.json", '"head": "', '"head": "1'),
    ],
)
def test_an_export_that_was_touched_is_found(bench, desk, cuts, tmp_path, name, old, new):
    number = reinstated(bench, desk, cuts)
    export_case(desk, number, tmp_path / "case")
    file = tmp_path / "case" / name
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ArtifactError):
        check_export(tmp_path / "case")


def test_an_export_sealed_anew_by_somebody_is_found_by_the_events_themselves(bench, desk, cuts, tmp_path):
    export_case(desk, reinstated(bench, desk, cuts), tmp_path / "case")
    seal_anew(tmp_path / "case", '"actor": "bo"', '"actor": "ed"')
    with pytest.raises(ArtifactError, match="is not what its hash says"):
        check_export(tmp_path / "case")


@pytest.mark.parametrize("suffix", ["html", "md", "json"])
def test_a_letter_that_was_rewritten_and_sealed_anew_is_found_by_its_record(bench, desk, cuts, tmp_path, suffix):
    export_case(desk, reinstated(bench, desk, cuts), tmp_path / "case")
    seal_anew(tmp_path / "case", "limit is restored", "limit is not restored", f"letter_6_en.{suffix}")
    with pytest.raises(ArtifactError, match=rf"letter_6_en.{suffix} is not the letter of event 6"):
        check_export(tmp_path / "case")


@pytest.mark.parametrize(("name", "old"), [("lender.toml", "days = 60"), ("catalogue.toml", 'version = "1.0"')])
def test_a_text_that_was_changed_and_sealed_anew_is_found_by_the_first_event(bench, desk, cuts, tmp_path, name, old):
    export_case(desk, reinstated(bench, desk, cuts), tmp_path / "case")
    seal_anew(tmp_path / "case", old, old.replace("0", "1"), name)
    with pytest.raises(ArtifactError, match=f"{name} is not the one that event 1 names"):
        check_export(tmp_path / "case")


def rewritten(folder, change):
    """Somebody without the key changes what ``case.json`` says, and the manifest with it, and seals the folder anew."""
    shown = json.loads((folder / "case.json").read_text(encoding="utf-8"))
    manifest = read_manifest(folder, FORMAT)
    manifest.pop("digest")
    change(shown, manifest)
    (folder / "case.json").write_text(json.dumps(shown, indent=2) + "\n", encoding="utf-8")
    write_sealed(folder, FORMAT, manifest, manifest["files_sealed"])


def withhold(shown, manifest):
    item = shown["events"][-1]["items"][0]
    shown["events"][-1]["items"][0] = {"digest": item["digest"], "erased": True}


def call_it_a_file(shown, manifest):
    shown["events"][0]["items"][0] = {"digest": shown["events"][0]["items"][0]["digest"], "n_bytes": 9}


def move_the_border(shown, manifest):
    item = shown["events"][1]["items"][0]
    salt, content = bytes.fromhex(item["salt"]), item["content"].encode()
    shown["events"][1]["items"][0] |= {"salt": (salt + content[:1]).hex(), "content": content[1:].decode()}


def leave_out(*places):
    def change(shown, manifest):
        for place in places:
            shown["events"].pop(place)

    return change


def another_head(shown, manifest):
    shown["head"] = manifest["head"] = "7-" + "0" * 32


def an_earlier_head(shown, manifest):
    shown["head"] = manifest["head"] = "5-" + shown["events"][4]["hash"][:32]


def another_case(shown, manifest):
    shown["case"] = manifest["case"] = "A000002"


def another_state(shown, manifest):
    shown["state"] = "open"


def nothing_left(shown, manifest):
    shown["events"] = []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (withhold, "an item of event 7 is missing, and no event says it was erased"),
        (call_it_a_file, "an item of event 1 is missing"),
        (move_the_border, "an item of event 2 is not what its digest says"),
        (leave_out(2, 2), "its events do not follow from each other"),
        (leave_out(-1), "it states another case, state or head than its events come to"),
        (leave_out(0), "its events do not follow from each other"),
        (another_head, "its head 7-0+ is not one of a log that holds event 7"),
        (an_earlier_head, "is not one of a log that holds event 7"),
        (another_case, "it states another case"),
        (another_state, "it states another case, state"),
        (nothing_left, "case.json cannot be read"),
    ],
)
def test_events_and_items_that_were_left_out_are_found_though_sealed_anew(bench, desk, cuts, tmp_path, change, told):
    export_case(desk, reinstated(bench, desk, cuts), tmp_path / "case")
    rewritten(tmp_path / "case", change)
    with pytest.raises(ArtifactError, match=told):
        check_export(tmp_path / "case")


@pytest.mark.parametrize("name", ["letter_9_en.html", "note.txt", "letter_6_fr.md"])
def test_a_file_of_no_event_is_found_though_sealed_anew(bench, desk, cuts, tmp_path, name):
    export_case(desk, reinstated(bench, desk, cuts), tmp_path / "case")
    (tmp_path / "case" / name).write_text("<p>Your limit is 1,000,000.", encoding="utf-8")
    rewritten(tmp_path / "case", lambda shown, manifest: manifest["files_sealed"].append(name))
    with pytest.raises(ArtifactError, match=rf"{name} belongs to no event"):
        check_export(tmp_path / "case")


def test_an_event_that_an_export_leaves_out_is_found_by_the_log(bench, desk, cuts, tmp_path):
    """Where events of other cases lie between, no export alone can tell; its head is in the log all the same."""
    number = bench.open(desk, cuts["income"][0])
    column, month, _ = income_cell(cuts, bench)
    desk.add_evidence(number, "payslip", [(column, month, "9000")], actor="ann")
    bench.open(desk, next(i for i in cuts["any"] if i != cuts["income"][0]))
    desk.add_evidence(number, "payslip", [(column, month, "9100")], actor="ann")
    export_case(desk, number, tmp_path / "case")
    assert missing_in_log(desk.store, check_export(tmp_path / "case")) == ()
    rewritten(tmp_path / "case", leave_out(1))
    told = [str(finding) for finding in missing_in_log(desk.store, check_export(tmp_path / "case"))]
    assert told == ["event 2: belongs to the case, and the export leaves it out"]
    assert verify(desk.store, [check_export(tmp_path / "case")["head"]]).is_sound


def test_of_a_file_the_digest_alone_is_exported_whatever_it_holds(bench, desk, cuts, tmp_path):
    number = bench.open(desk, cuts["income"][0])
    scan = b'{"name": "a statement that a bank gives as JSON"}'
    desk.add_evidence(number, "payslip", [income_cell(cuts, bench)], actor="ann", file=scan)
    export_case(desk, number, tmp_path / "case")
    assert "a statement" not in (tmp_path / "case" / "case.json").read_text(encoding="utf-8")
    assert check_export(tmp_path / "case")["n_events"] == 2


def test_a_file_that_was_laid_into_an_export_is_found(bench, desk, cuts, tmp_path):
    export_case(desk, reinstated(bench, desk, cuts), tmp_path / "case")
    (tmp_path / "case" / "letter_9_en.html").write_text("<p>Your limit is 1,000,000.", encoding="utf-8")
    with pytest.raises(ArtifactError, match=r"it holds letter_9_en\.html, which was not sealed"):
        check_export(tmp_path / "case")


def test_a_signature_tells_who_sealed_it(bench, desk, cuts, tmp_path):
    number, folder, made = reinstated(bench, desk, cuts), tmp_path / "case", (bench.fitted, bench.rule)
    export_case(desk, number, folder)
    assert check_export(folder)["signed"] == "no"
    with pytest.raises(ArtifactError, match="is not signed; export the case again with --key"):
        check_export(folder, key=KEY)
    assert "signature.json" in export_case(desk, number, folder, model=made, key=KEY)
    assert check_export(folder)["signed"] == "not checked"
    assert check_export(folder, key=KEY)["signed"] == "yes"
    with pytest.raises(ArtifactError, match=f"is signed with key {key_name(KEY)}, not with {key_name(OTHER)}"):
        check_export(folder, key=OTHER)
    assert KEY.hex() not in (folder / "signature.json").read_text(encoding="utf-8")
    # without the key a touched folder can be sealed, and not be signed; no event speaks of the page
    seal_anew(folder, "<body", "<body hidden", "page.html")
    assert check_export(folder)["signed"] == "not checked"
    with pytest.raises(ArtifactError, match="the signature is not of this content, which somebody without the key"):
        check_export(folder, key=KEY)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"algorithm": "none"}', "\udcff", "[" * 100_000])
def test_a_signature_that_is_none_is_told(bench, desk, cuts, tmp_path, text):
    export_case(desk, reinstated(bench, desk, cuts), tmp_path / "case", key=KEY)
    (tmp_path / "case" / "signature.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ArtifactError, match=r"signature.json cannot be read"):
        check_export(tmp_path / "case", key=KEY)


def test_a_key_has_its_length(tmp_path):
    for content, found in ((b"", "found 0"), (b"secret\n", "found 7"), (bytes(4097), "found more")):
        (tmp_path / "key").write_bytes(content)
        with pytest.raises(DataFileError, match=f"a key must have 32 to 4,096 bytes, {found}; make one with: openssl"):
            read_key(tmp_path / "key")
    (tmp_path / "key").write_bytes(KEY)
    assert read_key(tmp_path / "key") == KEY
    for wrong in ("none", ""):
        with pytest.raises(DataFileError, match="the key cannot be read"):
            read_key(tmp_path / wrong)


def page_of(bench, cut, table):
    """The report's page of a cut, of a table of the borrower's months."""
    snapshots = build_snapshots(bench.fitted.panel(table), bench.fitted.ladder, n_jobs=1)
    return decrease_html(page_records(cut, score_tracks(bench.fitted, snapshots, n_jobs=1)), 0)


def test_the_pages_of_a_case_are_those_of_the_report_as_decided_and_corrected(
    bench, desk, cuts, portfolio, tmp_path
):  # fmt: skip
    i, one = cuts["income"]
    number, made, folder = bench.open(desk, i), (bench.fitted, bench.rule), tmp_path / "case"
    assert "page_corrected.html" not in export_case(desk, number, folder, model=made)
    frozen, raw = bench.frozen(i), portfolio.history
    raw = raw[(raw["borrower_id"] == frozen.borrower_id) & (raw["month"] <= bench.explanations.summary["month"][i])]
    assert (folder / "page.html").read_text(encoding="utf-8") == page_of(bench, bench.explanations[i], raw)
    desk.add_evidence(number, "payslip", [income_cell(cuts, bench)], actor="ann")
    bench.look_again(desk, number)
    export_case(desk, number, folder, model=made)
    corrected = raw.assign(
        income_amount=raw["income_amount"].where(raw["month"] != bench.history.show_months([one.month])[0], one.value)
    )
    cut = corrected_cut(*made, desk.file(number).frozen, corrected_cells(desk.file(number).documents))
    assert (folder / "page_corrected.html").read_text(encoding="utf-8") == page_of(bench, cut, corrected)
    assert (folder / "page.html").read_text(encoding="utf-8") == page_of(bench, bench.explanations[i], raw)
    check_export(folder)


def test_a_page_is_of_the_model_that_decided_and_a_rise_has_none(bench, desk, cuts, tmp_path):
    number = bench.open(desk, cuts["any"][0])
    other = SupportRule(times_usual=4.0)
    with pytest.raises(AppealError, match="the model has changed since the decision"):
        export_case(desk, number, tmp_path / "case", model=(bench.fitted, other))
    assert not (tmp_path / "case").exists()
    rise = bench.open_rise(desk, bench.history.borrower_ids[3])
    files = export_case(desk, rise, tmp_path / "case", model=(bench.fitted, bench.rule))
    assert not [name for name in files if name.startswith("page")]


def test_an_export_is_the_same_bytes_again(bench, desk, cuts, tmp_path):
    number = reinstated(bench, desk, cuts)
    for name in ("a", "b"):
        export_case(desk, number, tmp_path / name, model=(bench.fitted, bench.rule), key=KEY)
    made = [{path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("a", "b")]
    assert made[0] == made[1]
    assert len(made[0]) == 13


def test_the_export_of_an_erased_case_says_so(bench, desk, cuts, tmp_path):
    number = reinstated(bench, desk, cuts)
    desk.store.erase(number, "bo")
    files = export_case(desk, number, tmp_path / "case")
    assert not [name for name in files if name.startswith("letter_")]
    events = json.loads((tmp_path / "case" / "case.json").read_text(encoding="utf-8"))["events"]
    assert all(item.get("erased") for event in events for item in event["items"])
    check_export(tmp_path / "case")
