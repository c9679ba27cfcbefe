"""A case as one folder, sealed and, with a key, signed: what was done, the letters, the page, digests of evidence."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from credit_model.act.appeals.chain import event_hash, head_of, sealed_digest, text_digest
from credit_model.act.appeals.desk import Desk
from credit_model.documents.case_pages import case_pages
from credit_model.documents.letter import Letter, letter_of
from credit_model.documents.letter_content import case_number
from credit_model.documents.signature import SIGNATURE, check_signature, sign
from credit_model.errors import ArtifactError
from credit_model.explain.support import SupportRule
from credit_model.files import MANIFEST, fresh_folder
from credit_model.fitted_model import FittedModel
from credit_model.model.seal import damaged, read_sealed, write_sealed

FORMAT = "credit_model.appeal/1"
_CASE, _LENDER, _CATALOGUE = "case.json", "lender.toml", "catalogue.toml"
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
            sealed = [_sealed(desk, digest) for digest in event.sealed]
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
    return [("html", letter.html()), ("md", letter.markdown()), ("json", letter.json())]


def _sealed(desk: Desk, digest: str) -> dict[str, Any]:
    """A sealed item as an export has it: a record with its salt, of a file the digest alone."""
    found = desk.store.salted(digest)
    if found is None:
        return {"digest": digest, "erased": True}
    salt, content = found
    try:
        record = json.loads(content)
    except ValueError:
        return {"digest": digest, "n_bytes": len(content)}
    if not isinstance(record, dict):
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
        ``case``, ``head``, ``n_events`` and ``signed``: "no", "yes" (with the key that was given), or "not checked".

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
        events: Sequence[Mapping[str, Any]] = json.loads(stored[_CASE])["events"]
        for event in events:
            fields = ("seq", "at", "actor", "case", "action", "facts", "sealed", "prev")
            if event_hash(*(event[name] for name in fields)) != event["hash"]:
                raise damaged(folder, _WHAT, f"event {event['seq']} is not what its hash says")
            if [item["digest"] for item in event["items"]] != json.loads(event["sealed"]):
                raise damaged(folder, _WHAT, f"event {event['seq']} has other items than it names")
            for item in event["items"]:
                if (
                    "salt" in item
                    and sealed_digest(bytes.fromhex(item["salt"]), item["content"].encode()) != item["digest"]
                ):
                    raise damaged(folder, _WHAT, f"an item of event {event['seq']} is not what its digest says")
            _check_texts(folder, event, stored)
            _check_letters(folder, event, stored, manifest.get("package") == metadata.version("credit-model"))
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, ArtifactError):
            raise
        raise damaged(folder, _WHAT, f"{_CASE} cannot be read ({error})") from None
    is_signed = (Path(folder) / SIGNATURE).exists()
    signed = "no" if not is_signed else "not checked" if key is None else "yes"
    return {"case": manifest["case"], "head": manifest["head"], "n_events": len(events), "signed": signed}


def _check_texts(folder: str | Path, event: Mapping[str, Any], stored: Mapping[str, bytes]) -> None:
    """Hold the lender file and the catalogue against the digests of the case's first event."""
    if event["action"] == "opened":
        for which, digest in json.loads(event["facts"])["texts"].items():
            if text_digest(stored[f"{which}.toml"].decode()) != digest:
                raise damaged(folder, _WHAT, f"{which}.toml is not the one that event {event['seq']} names")


def _check_letters(
    folder: str | Path, event: Mapping[str, Any], stored: Mapping[str, bytes], is_same_package: bool
) -> None:
    """Hold letters against the records of their event: the JSON, and all formats where this version wrote them."""
    if event["action"] != "letter":
        return
    for lang, item in zip(json.loads(event["facts"])["langs"], event["items"], strict=True):
        if "content" in item:
            head = head_of(event["seq"], event["hash"])
            for suffix, text in _formats(Letter(json.loads(item["content"]) | {"head": head})):
                name = _letter_name(event["seq"], lang, suffix)
                if (is_same_package or suffix == "json") and stored.get(name) != text.encode():
                    raise damaged(folder, _WHAT, f"{name} is not the letter of event {event['seq']}")


def _names(folder: Path) -> list[str]:
    try:
        found = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["files_sealed"]
        names = [str(name) for name in found]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        names = [_CASE]
    if any("/" in name or "\\" in name or name.startswith(".") for name in names):
        raise damaged(folder, _WHAT, "its list of files names what does not lie in it")
    return sorted({*names, _CASE})
