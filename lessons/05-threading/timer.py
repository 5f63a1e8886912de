import os, threading

pace = float(os.environ.get("LESSON_PACE", 1))

def hello():
    print("hello, world", flush=True)

t = threading.Timer(0.5 * pace, hello)
t.start()
t.join()

t = threading.Timer(0.5 * pace, hello)
t.start()
t.cancel()
t.join()
print("the second one was cancelled", flush=True)
