# A queue that ends, since Python 3.13.

import queue
import sys
from threading import Thread


def read(values):
    try:
        while True:
            print("got", values.get())
    except queue.ShutDown:
        print("nothing more can come")


if __name__ == "__main__":
    if sys.version_info < (3, 13):
        sys.exit("queues have shutdown since Python 3.13")
    values = queue.Queue()
    reader = Thread(target=read, args=(values,))
    reader.start()
    for value in "ABC":
        values.put(value)
    values.shutdown()
    reader.join()
    try:
        values.put("D")
    except queue.ShutDown:
        print("nothing more can be put")
