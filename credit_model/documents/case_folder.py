"""A case as one folder, sealed and, with a key, signed: what was done, the letters, the page, digests of evidence."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from credit_model.act.appeals.cases import Case, case_of_events
from credit_model.act.appeals.chain import Event, event_hash, event_of, is_sealed, read_head, text_digest
from credit_model.act.appeals.desk import Desk
from credit_model.act.appeals.findings import Finding, finding
from credit_model.act.appeals.store import Store
from credit_model.documents.case_pages import AS_DECIDED, CORRECTED, case_pages
from credit_model.documents.letter import Letter, letter_of
from credit_model.documents.letter_content import case_number
from credit_model.documents.signature import SIGNATURE, check_signature, sign
from credit_model.errors import AppealError, ArtifactError
from credit_model.explain.support import SupportRule
from credit_model.files import MANIFEST, fresh_folder
from credit_model.fitted_model import FittedModel
from credit_model.model.seal import damaged, read_sealed, write_sealed

FORMAT = "credit_model.appeal/1"
_CASE, _LENDER, _CATALOGUE = "case.json", "lender.toml", "catalogue.toml"
_SUFFIXES = ("html", "md", "json")
_WHAT = "the exported case"
_REMEDY = "export the case again"


def export_case(
    desk: Desk,
    number: int,
    folder: str | Path,
    *,
    model: tuple[FittedModel, SupportRule] | None = None,
    key: bytes | None = None,
) -> list[str]:
    """Write a case into a folder, whole or not at all; the same case and head give the same bytes.

    The folder holds ``case.json`` (the events with their hashes; the sealed records with their salts; of files that
    were handed in the digests alone), the letters in HTML, Markdown and JSON, the lender file and the catalogue, and
    ``manifest.json`` with a digest over all of it and the log's head.

    Parameters
    ----------
    desk : Desk
    number : int
    folder : path
    model : (FittedModel, SupportRule), optional
        Of the decision: with it the folder has the cut's page as decided and, where cells were corrected, on them.
    key : bytes, optional
        From `read_key`: with it the folder is signed, in ``signature.json``.

    Returns
    -------
    list of str
        The names of the files.

    Raises
    ------
    AppealError
        There is no such case, or the model is another than at the decision.
    DataFileError
        The folder cannot be written.
    """
    files = _files(desk, number, model)
    with fresh_folder(folder, format=FORMAT) as partial:
        for name, text in files.items():
            (partial / name).write_text(text, encoding="utf-8", newline="\n")
        shown = json.loads(files[_CASE])
        content = {"case": shown["case"], "head": shown["head"], "package": metadata.version("credit-model")}
        write_sealed(partial, FORMAT, content | {"files_sealed": sorted(files)}, sorted(files))
        if key is not None:
            sign(partial, FORMAT, key)
    return [*sorted(files), MANIFEST, *([] if key is None else [SIGNATURE])]


def _files(desk: Desk, number: int, model: tuple[FittedModel, SupportRule] | None) -> dict[str, str]:
    """The texts of an export by file name, all of one moment."""
    with desk.store.reading():
        case, head = desk.store.case(number), desk.store.head
        texts = case.opened.facts["texts"]
        files = {_LENDER: desk.store.text(texts["lender"]), _CATALOGUE: desk.store.text(texts["catalogue"])}
        events = []
        for event in case.events:
            sealed = [_sealed(desk, digest, _is_file(event, place)) for place, digest in enumerate(event.sealed)]
            fields = ("seq", "at", "actor", "case", "action", "prev", "hash")
            record = {name: getattr(event, name) for name in fields}
            events.append(record | {"facts": event.facts_text, "sealed": event.sealed_text, "items": sealed})
        if not case.is_erased:
            for event in case.letters:
                for lang in event.facts["langs"]:
                    letter = letter_of(desk, event, lang)
                    files |= {_letter_name(event.seq, lang, suffix): text for suffix, text in _formats(letter)}
            if model is not None:
                files |= case_pages(desk.file(number), *model)
    shown = {"case": case_number(number), "state": case.state, "head": head, "events": events}
    files[_CASE] = json.dumps(shown, ensure_ascii=True, indent=2, allow_nan=False) + "\n"
    return files


def _letter_name(seq: int, lang: str, suffix: str) -> str:
    return f"letter_{seq}_{lang}.{suffix}"


def _formats(letter: Letter) -> list[tuple[str, str]]:
    return list(zip(_SUFFIXES, (letter.html(), letter.markdown(), letter.json()), strict=True))


def _is_file(event: Event, place: int) -> bool:
    """Whether an item of an event is a file that was handed in."""
    return (event.action, place) == ("evidence", 1)


def _sealed(desk: Desk, digest: str, is_file: bool) -> dict[str, Any]:
    """A sealed item as an export has it: a record with its salt, of a file the digest alone."""
    found = desk.store.salted(digest)
    if found is None:
        return {"digest": digest, "erased": True}
    salt, content = found
    if is_file:
        return {"digest": digest, "n_bytes": len(content)}
    return {"digest": digest, "salt": salt.hex(), "content": content.decode()}


def check_export(folder: str | Path, *, key: bytes | None = None) -> Mapping[str, Any]:
    """Hold an exported case against its seal, its events against their hashes, its records against their digests.

    Parameters
    ----------
    folder : path
    key : bytes, optional
        Hold its signature against this key, too.

    Returns
    -------
    mapping
        ``case``, ``head``, ``n_events``, ``signed``: "no", "yes" (with the key that was given), or "not checked"; and
        ``events``, the hash of each by its number.

    Raises
    ------
    ArtifactError
        Something differs from what was written, or it is not signed with the key.
    """
    names = _names(Path(folder))
    manifest, stored = read_sealed(folder, FORMAT, names, what=_WHAT, remedy=_REMEDY)
    if sorted(manifest.get("files_sealed", [])) != sorted(names):
        raise damaged(folder, _WHAT, "its list of files is not the one that was sealed")
    others = {path.name for path in Path(folder).iterdir()} - {*names, MANIFEST, SIGNATURE}
    if others:
        raise damaged(folder, _WHAT, f"it holds {ascii(min(others))[1:-1]}, which was not sealed")
    if key is not None:
        check_signature(folder, FORMAT, key)
    try:
        shown = json.loads(stored[_CASE])
        records: Sequence[Mapping[str, Any]] = shown["events"]
        case = _case_of(folder, shown, manifest)
        erased = {digest for event in case.events if event.action == "erased" for digest in event.facts["items"]}
        for record, event in zip(records, case.events, strict=True):
            for place, item in enumerate(record["items"]):
                _check_item(folder, event, place, item, erased)
            _check_texts(folder, event, stored)
            _check_letters(folder, event, record, stored, manifest.get("package") == metadata.version("credit-model"))
        _check_names(folder, case, names)
    except ArtifactError:
        raise
    except AppealError as error:
        raise damaged(folder, _WHAT, f"its events do not follow from each other ({error})") from None
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise damaged(folder, _WHAT, f"{_CASE} cannot be read ({error})") from None
    is_signed = (Path(folder) / SIGNATURE).exists()
    signed = "no" if not is_signed else "not checked" if key is None else "yes"
    return {
        "case": manifest["case"],
        "head": manifest["head"],
        "n_events": len(case.events),
        "signed": signed,
        "events": {event.seq: event.hash for event in case.events},
    }


def _case_of(folder: str | Path, shown: Mapping[str, Any], manifest: Mapping[str, Any]) -> Case:
    """The case of an export: its events are of one case, follow from each other, and come to what it says."""
    fields = ("seq", "at", "actor", "case", "action", "facts", "sealed", "prev")
    events: list[Event] = []
    for record in shown["events"]:
        if event_hash(*(record[name] for name in fields)) != record["hash"]:
            raise damaged(folder, _WHAT, f"event {record['seq']} is not what its hash says")
        event = event_of([*(record[name] for name in fields), record["hash"]])
        if [item["digest"] for item in record["items"]] != list(event.sealed):
            raise damaged(folder, _WHAT, f"event {event.seq} has other items than it names")
        last = events[-1] if events else None
        if last is not None and (event.seq <= last.seq or (event.seq == last.seq + 1 and event.prev != last.hash)):
            raise damaged(folder, _WHAT, f"event {event.seq} does not follow event {last.seq}")
        if last is not None and event.case != last.case:
            raise damaged(folder, _WHAT, f"event {event.seq} is of another case")
        events.append(event)
    case = case_of_events(events)
    seq, start = read_head(shown["head"])
    if seq < events[-1].seq or (seq == events[-1].seq and not events[-1].hash.startswith(start)):
        raise damaged(folder, _WHAT, f"its head {shown['head']} is not one of a log that holds event {events[-1].seq}")
    stated = (shown["case"], shown["state"], shown["case"], shown["head"])
    if stated != (case_number(case.number), case.state, manifest["case"], manifest["head"]):
        raise damaged(folder, _WHAT, "it states another case, state or head than its events come to")
    return case


def _check_item(folder: str | Path, event: Event, place: int, item: Mapping[str, Any], erased: Collection[str]) -> None:
    """Hold an item against its digest; it may be withheld only where it was erased, or is a file that was handed in."""
    if "content" in item:
        if not is_sealed(item["digest"], bytes.fromhex(item["salt"]), item["content"].encode()):
            raise damaged(folder, _WHAT, f"an item of event {event.seq} is not what its digest says")
    elif item.get("erased"):
        if item["digest"] not in erased:
            raise damaged(folder, _WHAT, f"an item of event {event.seq} is missing, and no event says it was erased")
    elif not _is_file(event, place):
        raise damaged(folder, _WHAT, f"an item of event {event.seq} is missing")


def _check_texts(folder: str | Path, event: Event, stored: Mapping[str, bytes]) -> None:
    """Hold the lender file and the catalogue against the digests of the case's first event."""
    if event.action == "opened":
        for which, digest in event.facts["texts"].items():
            if text_digest(stored[f"{which}.toml"].decode()) != digest:
                raise damaged(folder, _WHAT, f"{which}.toml is not the one that event {event.seq} names")


def _check_letters(
    folder: str | Path, event: Event, record: Mapping[str, Any], stored: Mapping[str, bytes], is_same_package: bool
) -> None:
    """Hold letters against the records of their event: the JSON, and all formats where this version wrote them."""
    if event.action != "letter":
        return
    for lang, item in zip(event.facts["langs"], record["items"], strict=True):
        if "content" in item:
            for suffix, text in _formats(Letter(json.loads(item["content"]) | {"head": event.head})):
                name = _letter_name(event.seq, lang, suffix)
                if (is_same_package or suffix == "json") and stored.get(name) != text.encode():
                    raise damaged(folder, _WHAT, f"{name} is not the letter of event {event.seq}")


def _check_names(folder: str | Path, case: Case, names: Collection[str]) -> None:
    """That there are the texts, the letters of the case and perhaps its pages, and nothing else."""
    letters = [] if case.is_erased else [(event.seq, lang) for event in case.letters for lang in event.facts["langs"]]
    wanted = {_CASE, *(f"{which}.toml" for which in case.opened.facts["texts"])}
    wanted |= {_letter_name(seq, lang, suffix) for seq, lang in letters for suffix in _SUFFIXES}
    for name in sorted(wanted ^ (set(names) - {AS_DECIDED, CORRECTED})):
        told = "is missing" if name in wanted else "belongs to no event"
        raise damaged(folder, _WHAT, f"{ascii(name)[1:-1]} {told}")


def missing_in_log(store: Store, export: Mapping[str, Any]) -> tuple[Finding, ...]:
    """What an export, as `check_export` read it, has otherwise than the log from which it says it comes.

    Its own head proves nothing: whoever leaves an event out can keep that.
    """
    number, last = int(str(export["case"])[1:]), read_head(export["head"])[0]
    known = {event.seq: event.hash for event in store.events(number) if event.seq <= last}
    exported: Mapping[int, str] = export["events"]
    found = []
    for seq in sorted({*known, *exported}):
        if seq not in exported:
            found.append(finding("left_out", seq=seq))
        elif known.get(seq) != exported[seq]:
            found.append(finding("exported_other", seq=seq))
    return tuple(found)


def _names(folder: Path) -> list[str]:
    try:
        found = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["files_sealed"]
        names = [str(name) for name in found]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        names = [_CASE]
    if any("/" in name or "\\" in name or name.startswith(".") for name in names):
        raise damaged(folder, _WHAT, "its list of files names what does not lie in it")
    return sorted({*names, _CASE})
