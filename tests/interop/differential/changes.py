# ruff: noqa: E501
"""What the wanted differences change in the transcripts of scenarios.

Difference → scenario → path into the transcript → what stands there with python-socketio and with
us. Both are checked.
"""

from __future__ import annotations

import copy
from typing import Any

Path = tuple[Any, ...]
Change = tuple[Any, Any]  # python-socketio's value, ours

CHANGES: dict[str, dict[str, dict[Path, Change]]] = {
    "after leaving": {
        "ack_of_who_has_been_disconnected": {
            ("wire", "ann"): (
                [
                    ["CONNECT", "/", None, {"sid": "<ann>"}],
                    ["DISCONNECT", "/", None, None],
                    ["ACK", "/", 1, ["gone"]],
                ],
                [
                    ["CONNECT", "/", None, {"sid": "<ann>"}],
                    ["DISCONNECT", "/", None, None],
                ],
            ),
        },
    },
    "connects and disconnects": {
        "event_before_the_answer_to_connect": {
            ("notes",): (
                [["connect begins"], ["take", 1], ["take", 2]],
                [["connect begins"], ["take", 2]],
            ),
            ("log",): (
                [],
                [["socketio.server", "WARNING", "<ann> is not connected to namespace /"]],
            ),
        },
        "handlers_of_namespaces_that_are_left_at_once": {
            ("notes", 1): (["ends", "/"], ["begins", "/chat"]),
            ("notes", 2): (["begins", "/chat"], ["ends", "/"]),
        },
    },
    "cancelled": {
        "handler_that_is_cancelled": {
            ("wire", "ann"): (
                [["CONNECT", "/", None, {"sid": "<ann>"}], ["ACK", "/", 1, []]],
                [["CONNECT", "/", None, {"sid": "<ann>"}]],
            ),
        },
        "connect_handler_that_is_cancelled": {
            ("result",): ([1], []),
            ("wire", "ann", 0, 0): ("CONNECT", "CONNECT_ERROR"),
            ("wire", "ann", 0, 3): ({"sid": "<ann>"}, {"message": "Connection rejected by server"}),
        },
    },
    "handler raises": {
        "result_that_json_cannot_carry_is_no_ack": {
            ("log",): (
                [],
                [
                    [
                        "socketio.server",
                        "ERROR",
                        'the handler of "bad" failed for <ann> [/]',
                        "TypeError: Object of type set is not JSON serializable",
                    ]
                ],
            ),
        },
        "callback_that_raises_closes_nothing": {
            ("log", 0, 0): ("engineio.server", "socketio.server"),
            ("log", 0, 2): ("message async handler error", "ack callback failed"),
        },
        "handler_that_raises_is_logged_and_closes_nothing": {
            ("log",): (
                [],
                [
                    [
                        "socketio.server",
                        "ERROR",
                        'the handler of "fail" failed for <ann> [/]',
                        "LookupError: not there",
                    ]
                ],
            ),
        },
        "handler_of_too_few_arguments_is_not_called_with_fewer": {
            ("log",): (
                [],
                [
                    [
                        "socketio.server",
                        "ERROR",
                        'the handler of "narrow" failed for <ann> [/]',
                        "TypeError: handler_of_too_few_arguments_is_not_called_with_fewer.<locals>.narrow() takes 1 positional argument but 2 were given",
                    ]
                ],
            ),
        },
        "disconnect_handler_that_raises": {
            ("log", 0, 0): ("engineio.server", "socketio.server"),
            ("log", 0, 2): (
                "disconnect async handler error",
                'the handler of "disconnect" failed for <ann> [/]',
            ),
        },
        "callback_that_fails_fails_the_lifespan": {
            ("log",): (
                [],
                [
                    [
                        "socketio.server",
                        "ERROR",
                        "the on_startup callback failed",
                        "LookupError: in the callback",
                    ],
                    [
                        "socketio.server",
                        "ERROR",
                        "the on_shutdown callback failed",
                        "LookupError: in the callback",
                    ],
                    [
                        "socketio.server",
                        "ERROR",
                        "the on_startup callback failed",
                        "LookupError: in the callback",
                    ],
                    [
                        "socketio.server",
                        "ERROR",
                        "the on_shutdown callback failed",
                        "LookupError: in the callback",
                    ],
                ],
            ),
        },
    },
    "asgi": {
        "websocket_that_nobody_wants": {
            ("result",): (
                [
                    {
                        "type": "http.response.start",
                        "status": 404,
                        "headers": [[b"content-type", b"text/plain"]],
                    },
                    {"type": "http.response.body", "body": b"Not Found"},
                ],
                [{"type": "websocket.close"}],
            ),
        },
        "directory_without_a_slash": {
            ("result",): ("raised", "returned"),
        },
    },
    "mount": {
        "mount_with_the_default_path": {
            ("result", 0, 0): (404, 200),
            ("result", 0, 1): (False, True),
        },
        "client_at_a_wrong_path_is_logged_once": {
            ("log",): (
                [],
                [
                    [
                        "socketio.server",
                        "ERROR",
                        'a Socket.IO client asks for "/socket.io/", but socketio_path is "/ws/socket.io/"',
                    ]
                ],
            ),
        },
        "mount_at_the_root": {
            ("log",): (
                [],
                [
                    [
                        "socketio.server",
                        "ERROR",
                        'a Socket.IO client asks for "/other", but socketio_path is "/socket.io/"',
                    ]
                ],
            ),
        },
        "application_around_another": {
            ("log",): (
                [],
                [
                    [
                        "socketio.server",
                        "ERROR",
                        'a Socket.IO client asks for "/plain", but socketio_path is "/socket.io/"',
                    ]
                ],
            ),
        },
    },
    "call without an answer": {
        "call_without_an_answer_times_out": {
            ("result", 2): ("", "the client did not answer 'question' within 0.02 seconds"),
        },
        "call_to_nobody_times_out": {
            ("result", 0, 2): ("", "no answer will come: the client is not connected"),
            ("result", 1, 2): ("", "no answer will come: the client is not connected"),
        },
        "call_to_a_client_that_leaves_times_out": {
            ("result", 2): ("", "no answer will come: the client is not connected"),
        },
        "call_that_is_cancelled_leaves_the_client_alone": {
            ("log",): (
                [],
                [["socketio.server", "WARNING", "Unknown callback received, ignoring."]],
            ),
        },
    },
    "data of nobody": {
        "call_with_data_that_json_cannot_carry_raises": {
            ("result", 1): ("TimeoutError < SocketIOError", "TypeError"),
            ("result", 2): ("", "Object of type set is not JSON serializable"),
        },
        "data_that_nobody_would_get_is_not_looked_at": {
            ("result", 1): (
                ["returned", None],
                ["raised", "TypeError", "Object of type Thing is not JSON serializable"],
            ),
        },
    },
    "bad packet": {
        "namespace_is_joined_once": {
            ("result",): (["CONNECT_ERROR", "/", None, "Unable to connect"], ["closed"]),
            ("wire", "ann"): (
                [
                    ["CONNECT", "/", None, {"sid": "<ann>"}],
                    ["CONNECT_ERROR", "/", None, "Unable to connect"],
                ],
                [["CONNECT", "/", None, {"sid": "<ann>"}]],
            ),
            ("log",): (
                [],
                [
                    [
                        "socketio.server",
                        "ERROR",
                        "closing session <ann's session>: it connects twice to one namespace",
                    ]
                ],
            ),
        },
        "event_before_the_namespace_is_joined_is_not_handled": {
            ("result",): (["CONNECT", "/", None, {"sid": "<sid>"}], ["closed"]),
            ("wire", "ann"): ([["CONNECT", "/", None, {"sid": "<sid>"}]], []),
            ("log", 0, 1): ("WARNING", "ERROR"),
            ("log", 0, 2): (
                "None is not connected to namespace /",
                "closing session <ann's session>: its event is for a namespace that it has not connected to",
            ),
        },
        "binary_event_before_the_namespace_is_joined_is_not_handled": {
            ("result",): (["CONNECT", "/", None, {"sid": "<sid>"}], ["closed"]),
            ("wire", "ann"): ([["CONNECT", "/", None, {"sid": "<sid>"}]], []),
            ("log",): (
                [],
                [
                    [
                        "socketio.server",
                        "ERROR",
                        "closing session <ann's session>: its event is for a namespace that it has not connected to",
                    ]
                ],
            ),
        },
        "post_that_is_no_packet": {
            ("result", 0): (200, 400),
            ("result", 1): ("text/plain", "application/json"),
            ("result", 2): ("OK", '{"code":3,"message":"Bad request"}'),
        },
        "message_that_is_too_long": {
            ("notes", 0, 1): ("transport close", "transport error"),
        },
        "event_that_is_no_json": {
            ("result", 0): ("goes on", "closed"),
            ("result", 1): ("goes on", "closed"),
            ("result", 2): ("goes on", "closed"),
            ("result", 3): ("goes on", "closed"),
            ("log",): (
                [],
                [
                    [
                        "socketio.server",
                        "ERROR",
                        "closing session <client 0's session>: its event: byte 7 of 7 is not JSON",
                    ],
                    [
                        "socketio.server",
                        "ERROR",
                        "closing session <client 1's session>: its event: byte 1 of 6 is not JSON",
                    ],
                    [
                        "socketio.server",
                        "ERROR",
                        "closing session <client 2's session>: its event: byte 8 of 9 is not JSON",
                    ],
                    [
                        "socketio.server",
                        "ERROR",
                        "closing session <client 3's session>: its event: byte 8 of 9 is not JSON",
                    ],
                ],
            ),
        },
        "event_that_is_no_list": {
            ("result", 0): ("goes on", "closed"),
            ("result", 1): ("goes on", "closed"),
            ("result", 2): ("goes on", "closed"),
            ("result", 3): ("goes on", "closed"),
            ("result", 4): ("goes on", "closed"),
            ("notes",): ([["t", "a", "k", "e"]], []),
            ("log",): (
                [],
                [
                    [
                        "socketio.server",
                        "ERROR",
                        "closing session <client 0's session>: its event: its arguments are no JSON array",
                    ],
                    [
                        "socketio.server",
                        "ERROR",
                        "closing session <client 1's session>: its event has no name",
                    ],
                    [
                        "socketio.server",
                        "ERROR",
                        "closing session <client 2's session>: its event: its arguments are no JSON array",
                    ],
                    [
                        "socketio.server",
                        "ERROR",
                        "closing session <client 3's session>: its event: its arguments are no JSON array",
                    ],
                    [
                        "socketio.server",
                        "ERROR",
                        "closing session <client 4's session>: its event: its arguments are no JSON array",
                    ],
                ],
            ),
        },
        "packet_of_an_unknown_type": {
            ("result", 0): ("goes on", "closed"),
            ("result", 1): ("goes on", "closed"),
            ("result", 2): ("goes on", "closed"),
            ("result", 3): ("goes on", "closed"),
            ("log",): (
                [],
                [
                    [
                        "socketio.server",
                        "ERROR",
                        "closing session <client 0's session>: it sent what is no Socket.IO packet, or one of more than 10 attachments",
                    ],
                    [
                        "socketio.server",
                        "ERROR",
                        "closing session <client 1's session>: it sent what is no Socket.IO packet, or one of more than 10 attachments",
                    ],
                    [
                        "socketio.server",
                        "ERROR",
                        "closing session <client 2's session>: it sent what is no Socket.IO packet, or one of more than 10 attachments",
                    ],
                    [
                        "socketio.server",
                        "ERROR",
                        "closing session <client 3's session>: it sent what is no Socket.IO packet, or one of more than 10 attachments",
                    ],
                ],
            ),
        },
        "connect_error_of_a_client": {
            ("result",): ("goes on", "closed"),
            ("log",): (
                [],
                [
                    [
                        "socketio.server",
                        "ERROR",
                        "closing session <client 0's session>: it sent a connect error, which only a server does",
                    ]
                ],
            ),
        },
        "engineio_packet_that_only_a_server_sends": {
            ("result", 0): ("goes on", "closed"),
            ("result", 1): ("goes on", "closed"),
            ("result", 2): ("goes on", "closed"),
            ("result", 3): ("goes on", "closed"),
        },
        "engineio_packet_that_is_none": {
            ("result", 0): ("goes on", "closed"),
            ("result", 2): ("goes on", "closed"),
        },
        "attachment_that_nobody_announced": {
            ("result",): ("goes on", "closed"),
            ("log",): (
                [],
                [
                    [
                        "socketio.server",
                        "ERROR",
                        "closing session <client 0's session>: it sent an attachment that no packet has announced",
                    ]
                ],
            ),
        },
        "auth_that_is_no_object": {
            ("result", 0): ("CONNECT", "closed"),
            ("result", 1): ("CONNECT", "closed"),
            ("notes",): ([[["token"]], ["token"], [None]], [[None]]),
            ("log",): (
                [],
                [
                    [
                        "socketio.server",
                        "ERROR",
                        "closing session <client 0's session>: its auth is no JSON object",
                    ],
                    [
                        "socketio.server",
                        "ERROR",
                        "closing session <client 1's session>: its auth is no JSON object",
                    ],
                ],
            ),
        },
    },
    "connect handler raises": {
        "connect_handler_that_raises": {
            ("notes",): (
                [["connect"]],
                [
                    ["connect"],
                    [
                        "the client was told",
                        ["CONNECT_ERROR", "/", None, {"message": "Connection rejected by server"}],
                    ],
                ],
            ),
            ("wire", "ann"): (
                [["CONNECT", "/chat", None, {"sid": "<sid>"}]],
                [
                    ["CONNECT_ERROR", "/", None, {"message": "Connection rejected by server"}],
                    ["CONNECT", "/chat", None, {"sid": "<sid>"}],
                ],
            ),
            ("log",): (
                [],
                [
                    [
                        "socketio.server",
                        "ERROR",
                        'the handler of "connect" failed for <sid> [/]',
                        "LookupError: secret of the server",
                    ]
                ],
            ),
        },
    },
    "type error": {
        "type_error_inside_a_connect_handler": {
            ("result", 0): ("CONNECT", "CONNECT_ERROR"),
            ("result", 3): ({"sid": "<ann>"}, {"message": "Connection rejected by server"}),
            ("notes",): ([["connect"], ["connect"]], [["connect"]]),
            ("wire", "ann", 0, 0): ("CONNECT", "CONNECT_ERROR"),
            ("wire", "ann", 0, 3): ({"sid": "<ann>"}, {"message": "Connection rejected by server"}),
            ("log",): (
                [],
                [
                    [
                        "socketio.server",
                        "ERROR",
                        'the handler of "connect" failed for <sid> [/]',
                        "TypeError: of the handler itself",
                    ]
                ],
            ),
        },
    },
    "bytearray": {
        "bytearray_becomes_an_attachment": {
            ("result",): (["closed"], b"array"),
            ("wire", "ann"): (
                [
                    ["CONNECT", "/", None, {"sid": "<ann>"}],
                    ["BINARY_EVENT with 1", "/", None, ["news", {"_placeholder": True, "num": 0}]],
                ],
                [
                    ["CONNECT", "/", None, {"sid": "<ann>"}],
                    ["BINARY_EVENT with 1", "/", None, ["news", {"_placeholder": True, "num": 0}]],
                    b"array",
                ],
            ),
        },
    },
    "collections": {
        "skipped_clients_in_a_tuple": {
            ("wire", "ann"): (
                [
                    ["CONNECT", "/", None, {"sid": "<ann>"}],
                    ["EVENT", "/", None, ["news", "not ann"]],
                ],
                [["CONNECT", "/", None, {"sid": "<ann>"}]],
            ),
        },
        "set_of_rooms": {
            ("result",): (
                ["raised", "TypeError", "'set' object is not subscriptable"],
                ["returned", None],
            ),
            ("wire", "ann"): (
                [["CONNECT", "/", None, {"sid": "<ann>"}]],
                [["CONNECT", "/", None, {"sid": "<ann>"}], ["EVENT", "/", None, ["news", 1]]],
            ),
            ("wire", "bob"): (
                [["CONNECT", "/", None, {"sid": "<bob>"}]],
                [["CONNECT", "/", None, {"sid": "<bob>"}], ["EVENT", "/", None, ["news", 1]]],
            ),
        },
    },
    "no rooms": {
        "empty_list_of_rooms": {
            ("result",): (
                ["raised", "IndexError < LookupError", "list index out of range"],
                ["returned", None],
            ),
        },
    },
    "event name": {
        "event_name_that_is_no_text": {
            ("result", 0): (
                ["returned", None],
                ["raised", "TypeError", "the name of an event must be a str, not 5"],
            ),
            ("result", 1): (
                ["returned", None],
                ["raised", "TypeError", "the name of an event must be a str, not None"],
            ),
            ("wire", "ann"): (
                [
                    ["CONNECT", "/", None, {"sid": "<ann>"}],
                    ["EVENT", "/", None, [5, 1]],
                    ["EVENT", "/", None, [None, 1]],
                ],
                [["CONNECT", "/", None, {"sid": "<ann>"}]],
            ),
        },
    },
    "peer": {
        "port_of_the_peer": {
            ("result",): (True, False),
        },
    },
    "star": {
        "event_named_star_is_for_the_catch_all": {
            ("notes", 0): (["<ann>", 1], ["*", "<ann>", 1]),
        },
    },
    "lifecycle by a client": {
        "clients_event_named_connect_is_not_the_lifecycle": {
            ("result",): (["ACK", "/", 1, []], ["closed"]),
            ("notes",): ([["connect", 2], ["connect", 2]], [["connect", 2]]),
            ("wire", "ann"): (
                [["CONNECT", "/", None, {"sid": "<ann>"}], ["ACK", "/", 1, []]],
                [["CONNECT", "/", None, {"sid": "<ann>"}]],
            ),
            ("log",): (
                [],
                [
                    [
                        "socketio.server",
                        "ERROR",
                        'closing session <ann\'s session>: its event has the name "connect", which is reserved',
                    ]
                ],
            ),
        },
        "clients_event_named_disconnect_is_not_the_lifecycle": {
            ("result",): (["ACK", "/", 1, []], ["closed"]),
            ("notes", 0, 1): ("as if it had left", "transport error"),
            ("wire", "ann"): (
                [["CONNECT", "/", None, {"sid": "<ann>"}], ["ACK", "/", 1, []]],
                [["CONNECT", "/", None, {"sid": "<ann>"}]],
            ),
            ("log",): (
                [],
                [
                    [
                        "socketio.server",
                        "ERROR",
                        'closing session <ann\'s session>: its event has the name "disconnect", which is reserved',
                    ]
                ],
            ),
        },
    },
    "http errors": {
        "handshake_of_an_unknown_transport": {
            ("result", 1): ("text/plain", "application/json"),
            ("result", 2): ('"Invalid transport"', '{"code":0,"message":"Transport unknown"}'),
        },
        "handshake_of_another_version": {
            ("result", 0, 1): ("text/plain", "application/json"),
            ("result", 0, 2): (
                '"The client is using an unsupported version of the Socket.IO or Engine.IO protocols"',
                '{"code":5,"message":"Unsupported protocol version"}',
            ),
            ("result", 1, 1): ("text/plain", "application/json"),
            ("result", 1, 2): (
                '"The client is using an unsupported version of the Socket.IO or Engine.IO protocols"',
                '{"code":5,"message":"Unsupported protocol version"}',
            ),
            ("result", 2, 1): ("text/plain", "application/json"),
            ("result", 2, 2): (
                '"The client is using an unsupported version of the Socket.IO or Engine.IO protocols"',
                '{"code":5,"message":"Unsupported protocol version"}',
            ),
        },
        "request_of_an_unknown_session": {
            ("result", 0, 1): ("text/plain", "application/json"),
            ("result", 0, 2): (
                '"Invalid session unknown"',
                '{"code":1,"message":"Session ID unknown"}',
            ),
            ("result", 1, 1): ("text/plain", "application/json"),
            ("result", 1, 2): (
                '"Invalid session unknown"',
                '{"code":1,"message":"Session ID unknown"}',
            ),
        },
        "post_without_a_session": {
            ("result", 1): ("text/plain", "application/json"),
            ("result", 2): (
                '"Invalid session None"',
                '{"code":2,"message":"Bad handshake method"}',
            ),
        },
        "method_that_is_not_of_the_protocol": {
            ("result", 0, 0): (405, 400),
            ("result", 0, 1): ("text/plain", "application/json"),
            ("result", 0, 2): ("Method Not Found", '{"code":2,"message":"Bad handshake method"}'),
            ("result", 1, 0): (405, 400),
            ("result", 1, 1): ("text/plain", "application/json"),
            ("result", 1, 2): ("Method Not Found", '{"code":2,"message":"Bad handshake method"}'),
        },
        "websocket_handshake_without_an_upgrade": {
            ("result", 1): ("text/plain", "application/json"),
            ("result", 2): ('"Invalid websocket upgrade"', '{"code":3,"message":"Bad request"}'),
        },
        "post_is_answered_ok": {
            ("result", 2): ("OK", "ok"),
        },
        "polls_of_an_upgraded_session": {
            ("result", 0, 1): ("text/plain", "application/json"),
            ("result", 0, 2): ('"Unexpected HTTP request"', '{"code":3,"message":"Bad request"}'),
            ("result", 1, 1): ("text/plain", "application/json"),
            ("result", 1, 2): ('"Unexpected HTTP request"', '{"code":3,"message":"Bad request"}'),
        },
        "websocket_of_an_unknown_session": {
            ("result",): (403, 400),
        },
    },
    "transport": {
        "handshake_without_a_transport": {
            ("result",): (200, 400),
        },
        "jsonp_is_asked_for": {
            ("result", 0): ("___eio[0", '0{"sid":'),
            ("result", 1): (400, 200),
        },
    },
    "many packets": {
        "payload_of_many_packets": {
            ("notes",): (
                [["after it"]],
                [
                    [0],
                    [1],
                    [2],
                    [3],
                    [4],
                    [5],
                    [6],
                    [7],
                    [8],
                    [9],
                    [10],
                    [11],
                    [12],
                    [13],
                    [14],
                    [15],
                    [16],
                    ["after it"],
                ],
            ),
        },
    },
    "shutdown": {
        "shutdown_of_the_server": {
            ("notes",): (
                [["shutdown() has returned"]],
                [["disconnect", "<sid>", "server disconnect", "/"], ["shutdown() has returned"]],
            ),
        },
    },
    "log": {
        "packets_are_logged": {
            ("log", 1, 2): (
                "<ann's session>: Sending packet OPEN data {'sid': '<ann's session>', 'upgrades': [], 'pingTimeout': 20000, 'pingInterval': 25000, 'maxPayload': 1000000}",
                '<ann\'s session>: Sending packet OPEN data {"sid":"<ann\'s session>","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}',
            ),
        },
        "packets_of_a_poll_are_logged": {
            ("log", 1, 2): (
                "<ann's session>: Sending packet OPEN data {'sid': '<ann's session>', 'upgrades': ['websocket'], 'pingTimeout': 20000, 'pingInterval': 25000, 'maxPayload': 1000000}",
                '<ann\'s session>: Sending packet OPEN data {"sid":"<ann\'s session>","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}',
            ),
        },
    },
    "frameworks": {
        "async_mode_of_another_framework": {
            ("result",): ("returned", "raised"),
        },
        "attach_is_for_other_frameworks": {
            ("result", 1): ("KeyError < LookupError", "RuntimeError"),
            ("result", 2): (
                "'create_route'",
                "attach() needs aiohttp, Sanic or Tornado: use ASGIApp or mount()",
            ),
        },
    },
    "upgrades": {
        "transports_that_are_left_out_are_refused": {
            ("result", 1): (["websocket"], []),
            ("result", 4): (["websocket"], []),
        },
        "open_packet_has_the_options": {
            ("result", 4, "upgrades"): (["websocket"], []),
        },
    },
    "milliseconds": {
        "intervals_of_less_than_a_second": {
            ("result", 0): (0, 500),
            ("result", 2): (1000, 1700),
        },
    },
    "compression": {
        "long_answers_are_compressed": {
            ("result", 3, 0): ("deflate", "gzip"),
        },
    },
    "unknown option": {
        "unknown_keyword": {
            ("result",): (
                [],
                [
                    "AsyncServer ignores unknown options: 'ping_intervall' (did you mean 'ping_interval'?)"
                ],
            ),
        },
    },
    "session of who comes again": {
        "session_ends_with_the_connection": {
            ("result", 2): ({"name": "Ann"}, {}),
        },
    },
    "silence": {
        "client_that_does_not_answer_a_ping": {
            ("notes", 0, 1): ("transport close", "ping timeout"),
        },
    },
    "json": {
        "json_module_of_another_server": {
            ("result", 0): ("returned", "raised"),
            ("result", 1): (None, "TypeError"),
        },
    },
    "serializer": {
        "serializer_that_is_none": {
            ("result", 1): ("AttributeError", "TypeError"),
            ("result", 2): (
                "'int' object has no attribute 'json'",
                'serializer must be "default", "msgpack" or a Packet class, not 5',
            ),
        },
    },
    "wrong options": {
        "mistakes_in_what_a_server_is_given": {
            ("result", 0): ("returned", ["raised", "ValueError"]),
            ("result", 1): ("returned", ["raised", "TypeError"]),
        },
    },
    "msgpack": {
        "msgpack_ends_a_namespace": {
            ("result",): ({"type": 1, "data": None, "nsp": "/"}, {"type": 1, "nsp": "/"}),
        },
    },
    "disconnect handler raises": {
        "rooms_after_a_disconnect_handler_that_raises": {
            ("result",): (["<ann>"], []),
        },
    },
    "rooms": {
        "views_may_be_changed": {
            ("result", 0): (
                ["returned", None],
                ["raised", "TypeError", "'RoomsView' object does not support item assignment"],
            ),
        },
    },
    "heartbeat": {
        "heartbeat_is_set_while_clients_are_there": {
            ("result", 0): (
                ["returned", None],
                [
                    "raised",
                    "RuntimeError",
                    "ping_interval can be set before the server serves, and not any more",
                ],
            ),
            ("result", 1): (10, 25),
        },
    },
    "bounds": {
        "event_with_many_attachments": {
            ("result", 1): ("goes on", "closed"),
            ("notes",): ([[10], [0], [11], [0]], [[10], [0]]),
            ("log",): (
                [],
                [
                    [
                        "socketio.server",
                        "ERROR",
                        "closing session <client 1's session>: it sent what is no Socket.IO packet, or one of more than 10 attachments",
                    ]
                ],
            ),
        },
        "client_that_joins_no_namespace": {
            ("result",): ("is still there", ["closed"]),
        },
    },
}


def changes_of(scenario: str) -> dict[Path, Change]:
    """What is wanted otherwise in the transcript of a scenario."""
    found: dict[Path, Change] = {}
    for scenarios in CHANGES.values():
        found.update(scenarios.get(scenario, {}))
    return found


def without_differences(
    scenario: str, theirs: Any, ours: Any
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Both transcripts without what is wanted otherwise, which is seen to be as the list says."""
    theirs, ours = copy.deepcopy(theirs), copy.deepcopy(ours)
    for path, (expected_theirs, expected_ours) in changes_of(scenario).items():
        assert _cut(theirs, path) == expected_theirs, f"python-socketio's {path}"
        assert _cut(ours, path) == expected_ours, f"our {path}"
    return theirs, ours


def _cut(transcript: Any, path: Path) -> Any:
    *way, last = path
    for step in way:
        transcript = transcript[step]
    value = transcript[last]
    transcript[last] = "a wanted difference"
    return value
