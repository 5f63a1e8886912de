"""How long a message takes through multiprocessing's Pipe and Queue.

Reads requests, one a line, and answers each with the seconds for a message:
    Pipe one_way 512 0.02 0,1
that is: what, how, the length of a message, the seconds to measure, the CPUs."""

import ctypes
import multiprocessing
import os
import signal
import sys
import time

PR_SET_PDEATHSIG = 1
context = multiprocessing.get_context("fork")


class Pipe:
    def __init__(self):
        reader, writer = context.Pipe(duplex=False)
        self.get, self.put = reader.recv, writer.send


class Queue:
    def __init__(self):
        # Without a limit put() never waits, and the memory fills up.
        queue = context.Queue(maxsize=8)
        self.get, self.put = queue.get, queue.put


def in_child(work):
    def run():
        # A child that waits for a dead parent would wait for ever.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        while True:
            work()

    child = context.Process(target=run, daemon=True)
    child.start()
    return child


def repeat(seconds, step):
    for seconds in [seconds / 10, seconds]:
        start, done = time.perf_counter(), 0
        while done == 0 or time.perf_counter() - start < seconds:
            step()
            done += 1
    return (time.perf_counter() - start) / done


def one_way(channel, message, seconds):
    child = in_child(lambda: channel.put(message))
    each = repeat(seconds, channel.get)
    child.kill()
    child.join()
    return each


def round_trip(channel, message, seconds, back):
    def there_and_back():
        channel.put(message)
        back.get()

    child = in_child(lambda: back.put(channel.get()))
    each = repeat(seconds, there_and_back)
    child.kill()
    child.join()
    return each


# Ctrl-C, or a closed output, ends it without a traceback.
signal.signal(signal.SIGINT, signal.SIG_DFL)
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
for request in sys.stdin:
    what, how, length, seconds, cpus = request.split()
    os.sched_setaffinity(0, {int(cpu) for cpu in cpus.split(",")})
    kind = {"Pipe": Pipe, "Queue": Queue}[what]
    message = bytes(int(length))
    if how == "one_way":
        each = one_way(kind(), message, float(seconds))
    else:
        each = round_trip(kind(), message, float(seconds), kind())
    print(each, flush=True)
