"""Servers that share their clients through RabbitMQ, as python-socketio's do."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator
from typing import Any

from .async_pubsub_manager import AsyncPubSubManager
from .pubsub_wire import Message

QUEUE_EXPIRES = 300_000  # milliseconds without a listener until RabbitMQ drops its queue
LONGEST_RETRY = 60  # seconds between two attempts to listen


class AsyncAioPikaManager(AsyncPubSubManager):
    """Emits, rooms and callbacks across servers on a fanout exchange: JSON, as in python-socketio.

    Needs the `aio-pika` package. `channel` is the name of the exchange.
    """

    name = "asyncaiopika"

    def __init__(
        self,
        url: str = "amqp://guest:guest@localhost:5672//",
        channel: str = "socketio",
        write_only: bool = False,
        logger: Any = None,
        json: Any = None,
        *,
        requests_timeout: float = AsyncPubSubManager.requests_timeout,
    ) -> None:
        try:
            self._aio_pika: Any = importlib.import_module("aio_pika")
        except ImportError:
            raise RuntimeError(
                'aio_pika package is not installed (Run "pip install aio_pika" in your virtualenv).'
            ) from None
        super().__init__(
            channel=channel,
            write_only=write_only,
            logger=logger,
            json=json,
            requests_timeout=requests_timeout,
        )
        self.url = url
        self._lock = asyncio.Lock()
        self.publisher_connection: Any = None
        self.publisher_channel: Any = None
        self.publisher_exchange: Any = None

    async def _connection(self) -> Any:
        return await self._aio_pika.connect_robust(self.url)

    async def _channel(self, connection: Any) -> Any:
        return await connection.channel()

    async def _exchange(self, channel: Any) -> Any:
        return await channel.declare_exchange(self.channel, self._aio_pika.ExchangeType.FANOUT)

    async def _queue(self, channel: Any, exchange: Any) -> Any:
        queue = await channel.declare_queue(durable=False, arguments={"x-expires": QUEUE_EXPIRES})
        await queue.bind(exchange)
        return queue

    async def _publish(self, data: Message) -> None:
        body = self.json.dumps(data)  # what it cannot carry is no fault of the connection
        async with self._lock:
            if self.publisher_connection is None:
                connection = await self._connection()
                self.publisher_channel = await self._channel(connection)
                self.publisher_exchange = await self._exchange(self.publisher_channel)
                self.publisher_connection = connection
        for last_attempt in (False, True):
            try:
                await self.publisher_exchange.publish(
                    self._aio_pika.Message(
                        body=body if isinstance(body, bytes) else body.encode(),
                        delivery_mode=self._aio_pika.DeliveryMode.PERSISTENT,
                    ),
                    routing_key="*",
                )
                self.troubles.worked("publish")
                return
            except self._aio_pika.exceptions.ChannelInvalidStateError:
                # aio_pika raises this when the task is cancelled.
                raise asyncio.CancelledError from None
            except Exception as error:
                self.troubles.failed("publish", error)
                self._get_logger().error(
                    "Cannot publish to rabbitmq... "
                    + ("giving up" if last_attempt else "retrying"),
                    extra={"rabbitmq_exception": str(error)},
                )

    async def _listen(self) -> AsyncIterator[Any]:
        retry_sleep = 1
        while True:
            try:
                async with await self._connection() as connection:
                    channel = await self._channel(connection)
                    await channel.set_qos(prefetch_count=1)
                    exchange = await self._exchange(channel)
                    queue = await self._queue(channel, exchange)
                    self.troubles.worked("listen")
                    async with queue.iterator() as messages:
                        async for message in messages:
                            async with message.process():
                                yield message.body
                                retry_sleep = 1
            except self._aio_pika.exceptions.ChannelInvalidStateError:
                # aio_pika raises this when the task is cancelled.
                raise asyncio.CancelledError from None
            except Exception as error:
                self.troubles.failed("listen", error)
                self._get_logger().error(
                    f"Cannot receive from rabbitmq... retrying in {retry_sleep} secs",
                    extra={"rabbitmq_exception": str(error)},
                )
                await asyncio.sleep(retry_sleep)
                retry_sleep = min(2 * retry_sleep, LONGEST_RETRY)

    async def _end(self) -> None:
        await super()._end()
        connection, self.publisher_connection = self.publisher_connection, None
        if connection is not None:
            await connection.close()
