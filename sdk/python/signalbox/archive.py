"""Unpacks the archive of a plugin, which is somebody else's input, and never writes outside of its folder."""

from __future__ import annotations

import os
import posixpath
import stat
import struct
import unicodedata
import zipfile
import zlib
from pathlib import Path
from typing import Dict, List

SIZE_MOST = 100 * 1024 * 1024
"""Bytes of an archive."""
UNPACKED_MOST = 1024 * 1024 * 1024
"""Bytes of all files together."""
FILES_MOST = 10_000
RATIO_MOST = 200
"""How many times larger than packed a file over 1 MiB may be."""


class ArchiveError(ValueError):
    """The archive cannot be used, with the reason."""


def unpack(archive: str, folder: str) -> None:
    """Write an archive's files into a new folder. Those that the archive says can be executed can be.

    Raises ArchiveError when the archive is damaged, too large or holds what it must not. What was written stays then.
    """
    if os.path.getsize(archive) > SIZE_MOST:
        raise ArchiveError(f"the archive has more than {SIZE_MOST} bytes")
    os.mkdir(folder, 0o755)
    try:
        with zipfile.ZipFile(archive) as z:
            for name, info in _checked(z.infolist()).items():
                _write(z, info, Path(folder, name))
    except (zipfile.BadZipFile, zlib.error, struct.error, UnicodeError, EOFError, RuntimeError) as e:
        raise ArchiveError(f"this is no ZIP archive, or it is damaged: {e}") from e


def _checked(infos: List[zipfile.ZipInfo]) -> Dict[str, zipfile.ZipInfo]:
    if len(infos) > FILES_MOST:
        raise ArchiveError(f"the archive has {len(infos)} files; at most {FILES_MOST} are allowed")
    found: Dict[str, zipfile.ZipInfo] = {}
    size = 0
    for info in infos:
        wrong = _wrong_name(info.orig_filename) or _wrong_kind(info)
        if wrong:
            raise ArchiveError(f"the archive's {info.orig_filename[:100]!r} is not allowed: {wrong}")
        name = posixpath.normpath(info.filename)
        size += info.file_size
        if name in found:
            raise ArchiveError(f"the archive holds {name!r} twice")
        if size > UNPACKED_MOST:
            raise ArchiveError(f"the archive's files have more than {UNPACKED_MOST} bytes together")
        if name != ".":
            found[name] = info
    for name in found:
        above = posixpath.dirname(name)
        while above:
            if above in found and not found[above].is_dir():
                raise ArchiveError(f"the archive holds {above!r} both as a file and as a folder")
            above = posixpath.dirname(above)
    return found


def _wrong_name(name: str) -> str:
    if any(unicodedata.category(c) == "Cc" for c in name):
        return "its name has control characters"
    if not name or "\\" in name or name.startswith("/") or name[1:2] == ":":
        return "its name is empty, absolute or has a backslash"
    if ".." in name.split("/"):
        return "its name leads out of the archive"
    return ""


def _wrong_kind(info: zipfile.ZipInfo) -> str:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "it is a link or a special file"
    if info.flag_bits & 1:
        return "it is encrypted"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "it is packed in a way that is not known here"
    if info.file_size > 1 << 20 and info.file_size > RATIO_MOST * info.compress_size:
        return f"it is packed more than {RATIO_MOST} times smaller than it is"
    return ""


def _write(z: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> None:
    if info.is_dir():
        path.mkdir(0o755, parents=True, exist_ok=True)
        return
    path.parent.mkdir(0o755, parents=True, exist_ok=True)
    mode = 0o755 if info.external_attr >> 16 & 0o111 else 0o644
    out = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    left = info.file_size
    with os.fdopen(out, "wb") as file, z.open(info) as packed:
        while block := packed.read(1 << 20):
            left -= len(block)
            if left < 0:
                raise ArchiveError(f"the archive is damaged: its {info.filename!r} has another size than it says")
            file.write(block)
    if left:
        raise ArchiveError(f"the archive is damaged: its {info.filename!r} has another size than it says")
