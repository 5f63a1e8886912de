import threading

# Say this is the money you have in the bank:
balance = 0

def change_it(n):
    # First put it in, then take it out: the result should be 0.
    global balance
    balance = balance + n
    balance = int(balance) - n  # a call: here the interpreter may switch threads

def run_thread(n):
    for i in range(1000000):
        change_it(n)

t1 = threading.Thread(target=run_thread, args=(5,))
t2 = threading.Thread(target=run_thread, args=(8,))
t1.start()
t2.start()
t1.join()
t2.join()
print(f"balance ≈ {balance}")
