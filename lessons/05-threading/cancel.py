import threading

stop = threading.Event()

def work():
    rounds = 0
    while True:
        rounds = rounds + 1
        print(f"round {rounds}, and a wait of at most a minute", flush=True)
        if stop.wait(60):
            break
    print("I have been asked to stop", flush=True)

t = threading.Thread(target=work)
t.start()
stop.set()
t.join()
