"""The bytes of a file that may be compressed, by the ending of its name; one clear message where that fails."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
import zlib
from pathlib import Path

import pyarrow as pa

from credit_model.errors import DataFileError
from credit_model.inputs import check_is_file, one_line, unreadable

#: Endings of compressed files.
COMPRESSED = (".gz", ".bz2", ".xz", ".zip", ".zst")
#: Endings of files of text that hold a table.
TEXTS = (".csv", ".tsv", ".tab", ".txt")


def read_bytes(path: Path) -> bytes:
    """What a file holds, decompressed where its name ends in one of `COMPRESSED`.

    Raises
    ------
    DataFileError
        It cannot be read, is damaged, has a password or holds no single table.
    """
    check_is_file(path)
    try:
        match path.suffix.lower():
            case ".gz":
                return gzip.decompress(path.read_bytes())
            case ".bz2":
                return bz2.decompress(path.read_bytes())
            case ".xz":
                return lzma.decompress(path.read_bytes())
            case ".zip":
                return _only_member(path)
            case ".zst":
                return _of_zstandard(path)
        return path.read_bytes()
    except (gzip.BadGzipFile, zipfile.BadZipFile, lzma.LZMAError, zlib.error, EOFError, ValueError) as error:
        raise DataFileError(f"{path}: is damaged or cut short ({one_line(error)}); write it again") from None
    except OSError as error:
        raise unreadable(path, error) from None
    except (RuntimeError, NotImplementedError) as error:  # zipfile: a password, or a method it does not know
        raise DataFileError(f"{path}: cannot be decompressed ({one_line(error)}); decompress it yourself") from None


def _only_member(path: Path) -> bytes:
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if "__macosx" not in name.lower()]
        ending = (".txt",) if path.stem.lower().endswith(".txt") else (".csv", ".tsv", ".tab")
        tables = [name for name in names if name.lower().endswith(ending)]
        if len(tables) != 1:
            raise DataFileError(f"{path}: must hold exactly one .csv file, found {len(tables)}; give them one by one")
        return archive.read(tables[0])


def _of_zstandard(path: Path) -> bytes:
    with pa.CompressedInputStream(pa.OSFile(str(path)), "zstd") as stream:
        return bytes(stream.read())
