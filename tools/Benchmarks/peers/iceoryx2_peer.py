"""iceoryx2: publish-subscribe of blocks of bytes without a copy in between, and events to wake."""

import ctypes
import glob
import os
import shutil
from collections.abc import Callable
from typing import Any

import shared_works
from harness import DIRECTORY, Parameters, Work, fresh_name, main
from shared_works import CAPACITY, Channel, Get, Put

try:
    import iceoryx2
except ImportError:
    iceoryx2 = None

PARTICIPANTS = 16


class Place:
    """Where the files of one work are: a directory, and a prefix of names in /dev/shm."""

    def __init__(self) -> None:
        self.name = fresh_name()
        self.directory = os.path.join(DIRECTORY, self.name)
        self._nodes: dict[int, Any] = {}

    def service(self) -> Any:
        """A builder of the one service there, by the node of this process. A node is not to be forked."""
        process = os.getpid()
        if process not in self._nodes:
            config = iceoryx2.config.default()
            config.global_cfg.root_path = iceoryx2.Path.new(self.directory)
            config.global_cfg.prefix = iceoryx2.FileName.new(self.name + "-")
            builder = iceoryx2.NodeBuilder.new().config(config)
            builder = builder.signal_handling_mode(iceoryx2.SignalHandlingMode.Disabled)
            self._nodes[process] = builder.create(iceoryx2.ServiceType.Ipc)
        return self._nodes[process].service_builder(iceoryx2.ServiceName.new("compare"))

    def remove(self) -> None:
        self._nodes.clear()
        shutil.rmtree(self.directory, ignore_errors=True)
        for path in glob.glob(f"/dev/shm/{self.name}-*"):
            os.unlink(path)


class TopicChannel(Channel):
    """A topic of one subscriber. A publisher waits when the subscriber's buffer is full, so that nothing is lost."""

    def __init__(self, parameters: Parameters) -> None:
        super().__init__(parameters)
        self.place = Place()

    def _topic(self) -> Any:
        builder = self.place.service().publish_subscribe(ctypes.c_uint8 * self.size)
        builder = builder.max_publishers(PARTICIPANTS).max_subscribers(1).max_nodes(PARTICIPANTS)
        builder = builder.subscriber_max_buffer_size(CAPACITY).enable_safe_overflow(False)
        return builder.open_or_create()

    def putter(self) -> Put:
        builder = self._topic().publisher_builder()
        builder = builder.backpressure_strategy(iceoryx2.BackpressureStrategy.RetryUntilDelivered)
        loan, copy, size = builder.create().loan_uninit, ctypes.memmove, self.size

        def put(item: bytes) -> None:
            sample = loan()
            copy(sample.payload_ptr, item, size)
            sample.assume_init().send()

        return put

    def getter(self) -> Get:
        receive = self._topic().subscriber_builder().buffer_size(CAPACITY).create().receive
        give_way, copy, size = os.sched_yield, ctypes.string_at, self.size

        def get() -> bytes:
            while (sample := receive()) is None:
                give_way()
            return copy(sample.payload_ptr, size)

        return get

    def close(self) -> None:
        self.place.remove()


class QueueAlone(shared_works.QueueAlone):
    channel = TopicChannel


class Queue(shared_works.Queue):
    channel = TopicChannel
    no_consumers = "every subscriber gets every item"


class QueueTurns(shared_works.QueueTurns):
    channel = TopicChannel


class Wake(shared_works.Wake):
    def make_signal(self) -> None:
        self.place = Place()

    def signaller(self) -> Callable[[], Any]:
        return self.place.service().event().open_or_create().notifier_builder().create().notify

    def sleeper(self) -> Callable[[], Any]:
        return self.place.service().event().open_or_create().listener_builder().create().blocking_wait

    def finish(self) -> None:
        self.wake = None
        self.place.remove()


WORKS: dict[str, type[Work]] = {
    "queue-alone": QueueAlone,
    "queue": Queue,
    "queue-turns": QueueTurns,
    "wake": Wake,
}

if __name__ == "__main__":
    main(WORKS, None if iceoryx2 else "iceoryx2")
