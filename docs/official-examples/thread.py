# Threads: a thread with a name, data of its own, an exception, and a thread that may not outlive the program.

import threading
import time
from threading import Thread


def work():
    print("in", threading.current_thread().name)


def fail():
    raise ValueError("7 is odd")


def report(args):
    print(f"{args.thread.name} failed: {args.exc_value}")


mine = threading.local()


def keep(word):
    mine.word = word
    print("mine:", mine.word)


if __name__ == "__main__":
    thread = Thread(target=work, name="worker")
    thread.start()
    thread.join()
    print("in", threading.current_thread().name)

    threading.excepthook = report
    thread = Thread(target=fail, name="halver")
    thread.start()
    thread.join()

    for word in ["pear", "plum"]:
        thread = Thread(target=keep, args=(word,))
        thread.start()
        thread.join()
    print("main has one:", hasattr(mine, "word"))

    daemon = Thread(target=time.sleep, args=(3600,), daemon=True)
    daemon.start()
    print("still running:", daemon.is_alive())
    # The program ends here, and the thread with it.
