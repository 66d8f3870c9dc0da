"""Which file answers a path. As `engineio.static_files`."""

from __future__ import annotations

from ..static_files import CONTENT_TYPES, find_static_file
from ..types import StaticFiles

# By extension; may be added to.
content_types = CONTENT_TYPES


def get_static_file(path: str, static_files: StaticFiles) -> dict[str, str] | None:
    """`filename` and `content_type` of the file for a URL path; None if no rule matches."""
    found = find_static_file(path, static_files)
    if found is None:
        return None
    filename, content_type = found
    return {"filename": filename, "content_type": content_type}
