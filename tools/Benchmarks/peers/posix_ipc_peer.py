"""posix_ipc: message queues and semaphores of the system."""

from collections.abc import Callable
from typing import Any

import shared_works
from harness import Parameters, Skip, Work, fresh_name, main
from shared_works import CAPACITY, Channel, Get, Put

try:
    import posix_ipc
except ImportError:
    posix_ipc = None


def semaphore(value: int) -> Any:
    """A semaphore without a name: its name is gone once it is open, and children have it from their parent."""
    made = posix_ipc.Semaphore("/" + fresh_name(), posix_ipc.O_CREX, initial_value=value)
    made.unlink()
    return made


def limit(name: str) -> int:
    with open(f"/proc/sys/fs/mqueue/{name}") as file:
        return int(file.read())


class Lock(shared_works.Lock):
    def make_lock(self) -> Any:
        return semaphore(1)


class LockFought(shared_works.LockFought):
    make_lock = Lock.make_lock


class MessageChannel(Channel):
    """A message queue, as long as the system lets it be."""

    def __init__(self, parameters: Parameters) -> None:
        super().__init__(parameters)
        self.queue = self._made(CAPACITY) or self._made(limit("msg_max"))
        if self.queue is None:
            raise Skip(f"messages of {self.size} bytes are more than the system allows")
        self.queue.unlink()

    def _made(self, length: int) -> Any:
        name = "/" + fresh_name()
        try:
            return posix_ipc.MessageQueue(
                name, posix_ipc.O_CREX, max_messages=length, max_message_size=self.size
            )
        except (OSError, ValueError, posix_ipc.Error):
            return None

    def putter(self) -> Put:
        return self.queue.send

    def getter(self) -> Get:
        receive = self.queue.receive
        return lambda: receive()[0]

    def close(self) -> None:
        self.queue.close()


class QueueAlone(shared_works.QueueAlone):
    channel = MessageChannel


class Queue(shared_works.Queue):
    channel = MessageChannel


class QueueTurns(shared_works.QueueTurns):
    channel = MessageChannel


class Wake(shared_works.Wake):
    def make_signal(self) -> None:
        self.semaphore = semaphore(0)

    def signaller(self) -> Callable[[], Any]:
        return self.semaphore.release

    def sleeper(self) -> Callable[[], Any]:
        return self.semaphore.acquire


WORKS: dict[str, type[Work]] = {
    "lock": Lock,
    "lock-fought": LockFought,
    "queue-alone": QueueAlone,
    "queue": Queue,
    "queue-turns": QueueTurns,
    "wake": Wake,
}

if __name__ == "__main__":
    main(WORKS, None if posix_ipc else "posix_ipc")
