from typing import Any


def get_output_text(output: list[dict[str, Any]] | None) -> str:
    return "".join(item.get("text", "") for item in output or [])
