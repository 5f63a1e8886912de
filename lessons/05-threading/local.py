import threading

local_school = threading.local()

def process_student():
    print(f"Hello, {local_school.student} (in {threading.current_thread().name})", flush=True)

def process_thread(name):
    local_school.student = name
    process_student()

threads = [
    threading.Thread(target=process_thread, args=("Alice",), name="Thread-A"),
    threading.Thread(target=process_thread, args=("Bob",), name="Thread-B"),
]
for t in threads:
    t.start()
    t.join()
print(f"main has a student: {hasattr(local_school, 'student')}")
