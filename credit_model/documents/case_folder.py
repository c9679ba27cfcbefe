"""A case as one folder, sealed: what was done, the letters, and the digests of the evidence."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from credit_model.act.appeals.chain import event_hash, sealed_digest
from credit_model.act.appeals.desk import Desk
from credit_model.documents.letter import letter_of
from credit_model.documents.letter_content import case_number
from credit_model.errors import ArtifactError
from credit_model.files import fresh_folder
from credit_model.model.seal import damaged, read_sealed, write_sealed

FORMAT = "credit_model.appeal/1"
_CASE, _LENDER, _CATALOGUE = "case.json", "lender.toml", "catalogue.toml"
_WHAT = "the exported case"
_REMEDY = "export the case again"


def export_case(desk: Desk, number: int, folder: str | Path) -> list[str]:
    """Write a case into a folder, whole or not at all.

    The folder holds ``case.json`` (the events with their hashes; the sealed records with their salts; of files that
    were handed in the digests alone), the letters in HTML, Markdown and JSON, the lender file and the catalogue, and
    ``manifest.json`` with a digest over all of it and the log's head.

    Returns
    -------
    list of str
        The names of the files.

    Raises
    ------
    AppealError
        There is no such case.
    DataFileError
        The folder cannot be written.
    """
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
                    name = f"letter_{event.seq}_{lang}"
                    files |= {
                        f"{name}.html": letter.html(),
                        f"{name}.md": letter.markdown(),
                        f"{name}.json": letter.json(),
                    }
    shown = {"case": case_number(number), "state": case.state, "head": head, "events": events}
    files[_CASE] = json.dumps(shown, ensure_ascii=True, indent=2, allow_nan=False) + "\n"
    with fresh_folder(folder, format=FORMAT) as partial:
        for name, text in files.items():
            (partial / name).write_text(text, encoding="utf-8", newline="\n")
        write_sealed(
            partial, FORMAT, {"case": shown["case"], "head": head, "files_sealed": sorted(files)}, sorted(files)
        )
    return [*sorted(files), "manifest.json"]


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


def check_export(folder: str | Path) -> Mapping[str, Any]:
    """Hold an exported case against its seal, its events against their hashes, its records against their digests.

    Returns
    -------
    mapping
        ``case``, ``head`` and ``n_events``.

    Raises
    ------
    ArtifactError
        Something differs from what was written.
    """
    names = _names(Path(folder))
    manifest, stored = read_sealed(folder, FORMAT, names, what=_WHAT, remedy=_REMEDY)
    if sorted(manifest.get("files_sealed", [])) != sorted(names):
        raise damaged(folder, _WHAT, "its list of files is not the one that was sealed")
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
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, ArtifactError):
            raise
        raise damaged(folder, _WHAT, f"{_CASE} cannot be read ({error})") from None
    return {"case": manifest["case"], "head": manifest["head"], "n_events": len(events)}


def _names(folder: Path) -> list[str]:
    try:
        found = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["files_sealed"]
        names = [str(name) for name in found]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        names = [_CASE]
    if any("/" in name or "\\" in name or name.startswith(".") for name in names):
        raise damaged(folder, _WHAT, "its list of files names what does not lie in it")
    return sorted({*names, _CASE})
