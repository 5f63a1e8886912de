# A process that is given a function, and one that may not outlive its parent.

import sys
import time
from multiprocessing import Process


def work(number):
    print("worker has", number)
    sys.exit(number)


if __name__ == "__main__":
    process = Process(target=work, args=(7,))
    process.start()
    process.join()
    print("exit code:", process.exitcode)

    watchdog = Process(target=time.sleep, args=(3600,), daemon=True)
    watchdog.start()
    print("still running:", watchdog.is_alive())
    # The program ends here, and does not wait an hour: it terminates the daemon.
