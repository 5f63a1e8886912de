import threading

barrier = threading.Barrier(3)

def meet():
    try:
        barrier.wait()
    except threading.BrokenBarrierError:
        print(f"thread (tid {threading.get_native_id()}): the barrier is broken\n", end="")

for _ in range(2):
    threading.Thread(target=meet).start()
barrier.abort()
