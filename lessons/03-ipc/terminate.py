import multiprocessing
import os
import queue
import sys
import time

PACE = float(os.environ.get("LESSON_PACE", 1))


def say(line):
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


# As in the notes: it has to be killed.
def read_for_ever(values):
    while True:
        values.get()
        values.task_done()


# It ends when it gets None.
def read_until_none(values):
    while values.get() is not None:
        values.task_done()
    values.task_done()


def start(read):
    values = multiprocessing.JoinableQueue()
    reader = multiprocessing.Process(target=read, args=(values,))
    reader.start()
    values.put("A")
    return values, reader


# Until the process sleeps. After the last task_done() only get() puts it to sleep.
def wait_until_asleep(process):
    while open(f"/proc/{process.pid}/stat").read().rsplit(") ")[-1][0] != "S":
        time.sleep(0.001)


def use_again(values):
    values.put("B")
    try:
        return f"I put B on the queue, and got {values.get(timeout=PACE)}"
    except queue.Empty:
        return "I put B on the queue, and nothing came back within a second"


if __name__ == "__main__":
    values, reader = start(read_for_ever)
    values.join()
    wait_until_asleep(reader)
    reader.terminate()
    reader.join()
    say(f"With terminate(), the reader's exit code: {reader.exitcode}")
    say(f"  {use_again(values)}")

    values, reader = start(read_until_none)
    values.put(None)
    reader.join()
    say(f"With None, the reader's exit code: {reader.exitcode}")
    say(f"  {use_again(values)}")
