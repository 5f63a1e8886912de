import os, threading, time

pace = float(os.environ.get("LESSON_PACE", 1))

def loop():
    print(f"thread {threading.current_thread().name} is running...", flush=True)
    n = 0
    while n < 5:
        n = n + 1
        print(f"thread {threading.current_thread().name} >>> {n}", flush=True)
        time.sleep(1 * pace)
    print(f"thread {threading.current_thread().name} ended.", flush=True)

print(f"thread {threading.current_thread().name} is running...", flush=True)
t = threading.Thread(target=loop, name="LoopThread")
t.start()
t.join()
print(f"thread {threading.current_thread().name} ended.", flush=True)
