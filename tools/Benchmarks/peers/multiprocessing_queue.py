"""Items a second of 64 bytes from one process to another: Queue or Pipe of Python's multiprocessing."""
import multiprocessing
import sys
import time


def produce(queue, count):
    item = b"x" * 64
    for _ in range(count):
        queue.put(item)


def send(connection, count):
    item = b"x" * 64
    for _ in range(count):
        connection.send(item)


def main():
    kind, count = sys.argv[1], int(sys.argv[2])
    context = multiprocessing.get_context("fork")
    if kind == "queue":
        queue = context.Queue(1024)
        process = context.Process(target=produce, args=(queue, count))
        receive = queue.get
    else:
        ours, theirs = context.Pipe()
        process = context.Process(target=send, args=(theirs, count))
        receive = ours.recv
    process.start()
    receive()
    start = time.perf_counter()
    for _ in range(count - 1):
        receive()
    print((time.perf_counter() - start) / (count - 1) * 1e9)
    process.join()


main()
