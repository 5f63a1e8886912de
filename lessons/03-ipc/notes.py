import multiprocessing
import os
import sys
import time

PACE = float(os.environ.get("LESSON_PACE", 1))


def say(line):
    # Text and newline in one write: a write of up to 4096 bytes goes into a pipe in one
    # piece, so the lines of several processes do not mix.
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def write(queue):
    say(f"Process to write: pid {os.getpid()}")
    for value in ["A", "B", "C"]:
        say(f"pid {os.getpid()}: put {value} on the queue")
        queue.put(value)
        time.sleep(0.8 * PACE)


def read(queue):
    say(f"Process to read: pid {os.getpid()}")
    while True:
        value = queue.get()
        say(f"pid {os.getpid()}: got {value} from the queue")
        queue.task_done()


if __name__ == "__main__":
    queue = multiprocessing.JoinableQueue()
    writer = multiprocessing.Process(target=write, args=(queue,))
    reader = multiprocessing.Process(target=read, args=(queue,))
    writer.start()
    reader.start()
    writer.join()
    queue.join()
    say(f"Everything is read, but the reader (pid {reader.pid}) waits for more")
    reader.terminate()
    reader.join()
    say(f"The reader's exit code: {reader.exitcode}")
