"""Zips as publishers make them, and as nobody should."""

import io
import stat
import zipfile
from collections.abc import Mapping


def zip_of(files: Mapping[str, bytes | None]) -> bytes:
    """A zip of files by name; None stands for a link."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = ((stat.S_IFLNK if content is None else stat.S_IFREG) | 0o644) << 16
            archive.writestr(info, b"/etc/passwd" if content is None else content)
    return made.getvalue()
