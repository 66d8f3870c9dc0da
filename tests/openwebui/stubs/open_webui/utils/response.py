from typing import Any


def handle_responses_streaming_event(
    data: dict[str, Any], output: list[dict[str, Any]]
) -> tuple[list[dict[str, Any]], None]:
    return [*output, {"text": data.get("delta", "")}], None


def get_response_delta_key(event: dict[str, Any]) -> None:
    return None
