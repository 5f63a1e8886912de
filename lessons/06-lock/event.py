import threading

start = threading.Event()

def run():
    start.wait()
    print(f"thread (tid {threading.get_native_id()}) runs\n", end="")

runners = [threading.Thread(target=run) for _ in range(3)]
for runner in runners:
    runner.start()
print(f"is it set? {start.is_set()}")
start.set()
for runner in runners:
    runner.join()

start.clear()
print(f"cleared; main waits for at most 0.2 s: is it set? {start.wait(0.2)}")
