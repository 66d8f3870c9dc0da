"""Which file answers a path, by the rules of `engineio`'s static files."""

from __future__ import annotations

from .types import StaticFile, StaticFiles

CONTENT_TYPES = {
    "css": "text/css",
    "gif": "image/gif",
    "html": "text/html",
    "jpg": "image/jpeg",
    "js": "application/javascript",
    "json": "application/json",
    "png": "image/png",
    "txt": "text/plain",
}


def find_static_file(path: str, files: StaticFiles) -> tuple[str, str] | None:
    """File name and content type for a URL path; None if no rule matches. Checks no disk.

    A rule is an exact path or a directory, whose rest is appended. A path that climbs (`../`)
    matches nothing. The rule `''` names the file of a directory, `index.html` without it; where
    there is no rule `/`, it is the root's directory as well.
    """
    found = _match(path, files)
    if found is None:
        return None
    rule, rest = found
    filename, content_type = _read_rule(rule)
    if "../" in rest:
        return None
    filename += rest[1:] if filename.endswith("/") and rest.startswith("/") else rest
    if filename.endswith("/"):
        default, default_type = _read_rule(files.get("", "index.html"))
        filename += default
        content_type = default_type or content_type
    if content_type is None:
        extension = filename.rsplit(".", 1)[-1]
        content_type = CONTENT_TYPES.get(extension, "application/octet-stream")
    return filename, content_type


def _match(path: str, files: StaticFiles) -> tuple[StaticFile, str] | None:
    """The rule for a path or for the nearest directory above, and what follows that directory."""
    if path in files:
        return files[path], ""
    rest = ""
    while path:
        path, _, last = path.rpartition("/")
        rest = f"/{last}{rest}"
        # At the root '/' counts before '', which is the rule for default files in the first place.
        for directory in (path, f"{path}/") if path else ("/", ""):
            if directory in files:
                return files[directory], rest
    return None


def _read_rule(rule: StaticFile) -> tuple[str, str | None]:
    if isinstance(rule, str):
        return rule, None
    return rule["filename"], rule.get("content_type")
