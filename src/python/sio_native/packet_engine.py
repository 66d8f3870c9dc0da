"""Packets that a class of the application encodes and decodes: an engine that speaks them."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from . import _core
from .handlers import CLIENT_EVENTS

CONNECT, DISCONNECT, EVENT, ACK, CONNECT_ERROR, BINARY_EVENT, BINARY_ACK = range(7)

Told: TypeAlias = tuple[Any, ...]
Frame: TypeAlias = str | bytes


class ProtocolError(Exception):
    """What a client has sent breaks the protocol; says how."""


@dataclass
class _Client:
    """A client in one namespace, from its CONNECT on."""

    auth: Any
    sid: str = ""  # until the engine has given it one
    connected: bool = False  # the connect handler has accepted
    warned: bool = False  # of events that came before
    has_left: bool = False  # of its own accord, whatever has become of its session since


@dataclass
class _Partial:
    """A packet that waits for its attachments."""

    packet: Any
    size: int = 0  # bytes that have come


class PacketEngine(_core.Engine):
    """An `Engine` whose clients speak a Packet class with its own `encode` and `decode`.

    It tells and takes the same as any engine. Sessions, rooms and delivery are the native engine's;
    frames are decoded here, on the loop, in the order in which they have come among all that the
    engine tells, so that an event that came just before its client left is still delivered. What is
    sent is encoded once for all its receivers. A client has at most 1,000 frames waiting here, as
    elsewhere events.
    """

    def __init__(self, options: dict[str, Any], packet_class: Callable[..., Any], /) -> None:
        super().__init__(options)
        self._packet_class = packet_class
        self._always_connect = bool(options.get("always_connect"))
        self._max_attachments = int(options.get("max_attachments", 10))
        self._max_bytes = int(options.get("max_payload_bytes", 1_000_000))
        # Who is in a namespace, by (eio_sid, namespace), as far as what was told has been read; and
        # by (sid, namespace) until the engine gives the sid up. As many as the engine has sockets.
        self._clients: dict[tuple[str, str], _Client] = {}
        self._sids: dict[tuple[str, str], tuple[str, _Client]] = {}  # with the eio_sid
        # Clients whose CONNECT the engine has taken and not told yet; one may leave and come again.
        self._joining: dict[tuple[str, str], deque[_Client]] = {}
        self._partial: dict[str, _Partial] = {}  # by eio_sid
        self._failed: set[str] = set()  # sessions that are being closed: the rest is not read

    # --- from the engine ---

    def drain(
        self, limit: int = 4096, handlers: _core.HandlerQueue | None = None
    ) -> list[tuple[Any, ...]]:
        # Nothing goes to `handlers` past the frames: they are in order with the rest.
        told: list[Told] = []
        for item in super().drain(limit):
            if item[0] == _core.FRAME:
                told.extend(self._read(item[1], item[2]))
            elif item[0] == _core.CONNECT:
                told.append(self._joined(*item[1:4]))
            else:
                if item[0] == _core.DISCONNECT:
                    client = self._left(item[1], item[2])
                    if client is not None and client.has_left:
                        item = (*item[:4], _core.CLIENT_LEFT)
                elif item[0] == _core.SESSION_CLOSED:
                    self._partial.pop(item[1], None)
                    self._failed.discard(item[1])
                told.append(item)
        return told

    def _joined(self, sid: str, namespace: str, eio_sid: str) -> Told:
        joining = self._joining[eio_sid, namespace]
        client = joining.popleft()
        if not joining:
            del self._joining[eio_sid, namespace]
        client.sid = sid
        self._sids[sid, namespace] = eio_sid, client
        if self._always_connect:
            self.accept(sid, namespace)
        return _core.CONNECT, sid, namespace, eio_sid, client.auth

    def _left(self, sid: str, namespace: str) -> _Client | None:
        """Gone, for whatever reason; nothing that it sends afterwards is its own."""
        eio_sid, client = self._sids.pop((sid, namespace), ("", None))
        if client is not None:
            self._forget(eio_sid, namespace, client)
        return client

    def _forget(self, eio_sid: str, namespace: str, client: _Client) -> None:
        """Its frames are nobody's from now on; those of another that came after it are not."""
        if self._clients.get((eio_sid, namespace)) is client:
            self._clients.pop((eio_sid, namespace), None)

    def _read(self, eio_sid: str, frame: Frame) -> list[Told]:
        """What is told instead of a frame. Each counts as one event that is to be handled."""
        told: list[Told] = []
        if eio_sid not in self._failed:
            try:
                packet = self._decode(eio_sid, frame)
                told = [] if packet is None else self._receive(eio_sid, packet)
            except Exception as error:  # of the application's decoder as well
                known = isinstance(error, ProtocolError)
                self._fail(eio_sid, str(error) if known else f"its packet: {error!r}")
        if not any(each[0] == _core.EVENT for each in told):
            self.events_done(eio_sid, 1)
        return told

    def _decode(self, eio_sid: str, frame: Frame) -> Any | None:
        """The packet that is complete with this frame, if one is."""
        waiting = self._partial.get(eio_sid)
        if waiting is not None:
            waiting.size += len(frame)
            if waiting.size > self._max_bytes:
                raise ProtocolError(f"its attachments have more than {self._max_bytes} bytes")
            if not waiting.packet.add_attachment(frame):
                return None
            del self._partial[eio_sid]
            return waiting.packet
        packet = self._packet_class(encoded_packet=frame)
        count = getattr(packet, "attachment_count", 0)
        if packet.packet_type not in (BINARY_EVENT, BINARY_ACK) or count == 0:
            return packet
        if count > self._max_attachments:
            raise ProtocolError(f"its packet has more than {self._max_attachments} attachments")
        if (eio_sid, packet.namespace or "/") not in self._clients:
            raise ProtocolError("it sent a binary packet, and is not connected")
        self._partial[eio_sid] = _Partial(packet)
        return None

    def _receive(self, eio_sid: str, packet: Any) -> list[Told]:
        kind, namespace = packet.packet_type, packet.namespace or "/"
        client = self._clients.get((eio_sid, namespace))
        if kind == CONNECT:
            if client is not None:
                raise ProtocolError("it connects twice to one namespace")
            self._connect(eio_sid, namespace, packet.data)
        elif kind == DISCONNECT:
            if client is not None:
                client.has_left = True
                self._forget(eio_sid, namespace, client)
                self.leave(eio_sid, namespace)
        elif kind in (EVENT, BINARY_EVENT):
            args = _event(packet.data)
            if client is not None and client.connected:
                return [(_core.EVENT, client.sid, namespace, eio_sid, args, packet.id)]
            if client is not None and not client.warned:
                client.warned = True
                text = f"{client.sid} is not connected to namespace {namespace}"
                return [(_core.LOG, "socketio", logging.WARNING, text)]
        elif kind in (ACK, BINARY_ACK):
            if not isinstance(packet.data, (list, tuple)):
                raise ProtocolError("its acknowledgement is no list")
            if client is not None and self._is_awaited(client.sid, namespace, packet.id):
                return [(_core.ACK, packet.id, client.sid, list(packet.data))]
        else:
            raise ProtocolError(f"it sent a packet of type {kind!r}")
        return []

    def _connect(self, eio_sid: str, namespace: str, auth: Any) -> None:
        if self.join(eio_sid, namespace):
            client = self._clients[eio_sid, namespace] = _Client(auth)
            self._joining.setdefault((eio_sid, namespace), deque()).append(client)
            return
        self.send_frame(eio_sid, self._encode_one(CONNECT_ERROR, "Unable to connect", namespace))

    def _is_awaited(self, sid: str, namespace: str, ack_id: Any) -> bool:
        return (
            type(ack_id) is int and 0 < ack_id < 1 << 64 and self.take_ack(sid, namespace, ack_id)
        )

    def _fail(self, eio_sid: str, why: str) -> None:
        self._failed.add(eio_sid)
        self._partial.pop(eio_sid, None)
        self.fail_session(eio_sid, why)

    # --- to the engine ---

    @property
    def quick_emit(self) -> Callable[[str, Any, Any, Any, Any, Any], bool]:
        return lambda *args: False  # none of the everyday kind

    def emit(
        self,
        event: str,
        data: Any,
        namespace: str,
        rooms: Sequence[str] | None,
        skip_sids: Sequence[str],
        token: int = 0,
        except_rooms: Sequence[str] = (),
        is_volatile: bool = False,
        compress: bool = True,
        /,
    ) -> None:
        # Nobody else knows the id of an ack, so it may be the same for all that are asked.
        args = [event, *_arguments(data)]
        frame, attachments = self._encode(EVENT, args, namespace, token or None)
        self.emit_frame(
            namespace,
            rooms,
            skip_sids,
            token,
            frame,
            attachments,
            except_rooms,
            is_volatile,
            compress,
        )

    def send_ack(self, sid: str, namespace: str, ack_id: Any, data: Any, /) -> None:
        frame, attachments = self._encode(ACK, _arguments(data), namespace, ack_id)
        self.ack_frame(sid, namespace, frame, attachments)

    def accept(self, sid: str, namespace: str, /) -> None:
        eio_sid, client = self._sids.get((sid, namespace), ("", None))
        if client is None or client.connected:
            return
        try:
            frame = self._encode_one(CONNECT, {"sid": sid}, namespace)
        except Exception as error:  # else the client would wait for ever
            self._fail(eio_sid, f"its CONNECT cannot be answered: {error!r}")
            self._left(sid, namespace)
            self.refuse_frame(sid, namespace, "")
            return
        client.connected = True
        self.accept_frame(sid, namespace, frame)

    def refuse(self, sid: str, namespace: str, reason: Any, /) -> None:
        kind = DISCONNECT if self._always_connect else CONNECT_ERROR
        frame = self._encode_one(kind, reason, namespace)
        self._left(sid, namespace)
        self.refuse_frame(sid, namespace, frame)

    def disconnect(self, sid: str, namespace: str, /) -> None:
        eio_sid, client = self._sids.get((sid, namespace), ("", None))
        if client is None or not client.connected:
            return
        frame = self._encode_one(DISCONNECT, None, namespace)
        self._forget(eio_sid, namespace, client)
        self.disconnect_frame(sid, namespace, frame)

    def _encode(
        self, packet_type: int, data: Any, namespace: str, ack_id: Any = None
    ) -> tuple[Frame, list[bytes]]:
        """A frame, and the binary frames behind it."""
        packet = self._packet_class(packet_type, data=data, namespace=namespace, id=ack_id)
        encoded = packet.encode()
        frame, *attachments = encoded if isinstance(encoded, list) else [encoded]
        if isinstance(frame, bytearray):
            frame = bytes(frame)
        if not isinstance(frame, (str, bytes)) or not all(map(_is_binary, attachments)):
            raise TypeError(
                "encode() must return str or bytes, or a list of one of them and of bytes behind "
                f"it, not {encoded!r}"
            )
        return frame, [bytes(each) for each in attachments]

    def _encode_one(self, packet_type: int, data: Any, namespace: str) -> Frame:
        frame, attachments = self._encode(packet_type, data, namespace)
        if attachments:
            raise TypeError("encode() must return one frame for this type of packet")
        return frame


def _is_binary(frame: Any) -> bool:
    return isinstance(frame, (bytes, bytearray))


def _arguments(data: Any) -> list[Any]:
    if data is None:
        return []
    return list(data) if isinstance(data, tuple) else [data]


def _event(data: Any) -> list[Any]:
    """An event's name and arguments, if they are what a client may send."""
    if not isinstance(data, (list, tuple)) or not data or not isinstance(data[0], (str, int)):
        raise ProtocolError("its event has no name")
    if data[0] in CLIENT_EVENTS:
        raise ProtocolError(f'its event has the name "{data[0]}", which is reserved')
    return list(data)
