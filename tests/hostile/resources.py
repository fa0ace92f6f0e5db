"""Using more than a submission may: time, memory, processes, disk, output, and the process itself."""

from hostile.row import Submission, row

_AFTER = "what was earned before stays"


@row("prevented", f"the cell is interrupted after its time; {_AFTER}", earned=3, says="ran longer than 2 s")
def infinite_loop(s: Submission) -> None:
    s.do_right("mean")
    s.own_cell("while True:\n    pass")


@row("prevented", "costs the check that called it; the other exercises keep their points", earned=6,
     says="ran longer than 2 s")
def infinite_loop_in_a_function_called_by_a_check(s: Submission) -> None:
    s.do_right("mean", "spread")
    s.answer(geometric="def geometric(values):\n    while True:\n        pass")


@row("prevented", "killed three seconds after an interrupt that it ignores", earned=3, says="could not be interrupted")
def infinite_loop_that_catches_everything(s: Submission) -> None:
    s.do_right("mean")
    s.own_cell("while True:\n    try:\n        while True:\n            pass\n    except BaseException:\n        pass")


@row("prevented", "killed, as an ignored interrupt is followed by a kill", earned=3,
     says="did nothing|could not be interrupted")
def signals_ignored(s: Submission) -> None:
    s.do_right("mean")
    s.own_cell("import signal\nfor number in range(1, 32):\n    try:\n        signal.signal(number, signal.SIG_IGN)\n"
               "    except OSError:\n        pass\nimport time\nwhile True:\n    time.sleep(1)")


@row("prevented", "all of the notebook's time is one budget", says="took longer than its 24 s")
def many_cells_that_each_use_all_their_time(s: Submission) -> None:
    for _ in range(14):
        s.own_cell("import time\ntry:\n    time.sleep(100)\nexcept KeyboardInterrupt:\n    pass")


@row("prevented", "between two cells a process has no more time than in one", earned=3)
def hangs_between_two_cells(s: Submission) -> None:
    s.do_right("mean")
    s.own_cell("class Slow:\n    def __get__(self, *a):\n        while True:\n            pass\n"
               "type(get_ipython()).exit_asked = property(lambda self: [None for _ in iter(int, 1)])")


@row("prevented", "the number of processes is limited", earned=3, says="than the 24|24 processes|longer than 2 s")
def fork_bomb(s: Submission) -> None:
    s.do_right("mean")
    s.own_cell("import os\nwhile True:\n    os.fork()")


@row("prevented", "limited in number and ended with the cell", earned=3, says="processes|ran longer")
def fork_bomb_that_goes_on_when_refused(s: Submission) -> None:
    s.do_right("mean")
    s.own_cell("import os, time\nwhile True:\n    try:\n        if os.fork() == 0:\n            os.setsid()\n"
               "    except BaseException:\n        time.sleep(0.05)")


@row("prevented", "threads count as processes", earned=3, says="than the 24|24 processes|longer than 2 s")
def thread_bomb(s: Submission) -> None:
    s.do_right("mean")
    s.own_cell("import threading, time\nfor _ in range(500):\n"
               "    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()")


@row("prevented", "an allocation beyond the limit fails in the cell", earned=3, says="memory|Unable to allocate")
def memory_bomb(s: Submission) -> None:
    s.do_right("mean")
    s.own_cell("held = []\nwhile True:\n    held.append(bytearray(20_000_000))")


@row("prevented", "all processes of a submission together have one limit", earned=3, says="300 MiB of memory")
def memory_bomb_of_many_processes(s: Submission) -> None:
    s.do_right("mean")
    s.own_cell("import os, time\nfor _ in range(12):\n    if os.fork() == 0:\n        held = bytearray(60_000_000)\n"
               "        held[::4096] = b'x' * len(held[::4096])\n        time.sleep(30)\n        os._exit(0)\n"
               "time.sleep(30)")


@row("prevented", "memory that processes share is counted too", earned=3, says="300 MiB of memory")
def memory_bomb_of_shared_memory(s: Submission) -> None:
    s.do_right("mean")
    s.own_cell("import mmap, os, time\nheld = []\nfor _ in range(10):\n    part = mmap.mmap(-1, 50_000_000)\n"
               "    for at in range(0, len(part), 4096):\n        part[at] = 1\n    held.append(part)\n"
               "    if len(held) == 1 and os.fork() == 0:\n        time.sleep(30)\n        os._exit(0)\ntime.sleep(30)")


@row("prevented", "files without a name in memory are counted too", earned=3, says="300 MiB of memory")
def memory_bomb_of_nameless_files(s: Submission) -> None:
    s.do_right("mean")
    s.own_cell("import os, time\nheld = [os.memfd_create(str(n)) for n in range(20)]\nfor file in held:\n"
               "    os.write(file, bytes(30_000_000))\ntime.sleep(30)")


@row("prevented", "the working directory is limited", earned=3, says="32 MiB of files")
def disk_bomb(s: Submission) -> None:
    s.do_right("mean")
    s.own_cell("for n in range(100):\n    open(f'part{n}', 'wb').write(bytes(10_000_000))\nimport time; time.sleep(5)")


@row("prevented", "a single file is limited as well", earned=3, says="32 MiB of files")
def disk_bomb_of_one_file(s: Submission) -> None:
    s.do_right("mean")
    s.own_cell("file = open('part', 'wb')\nfor _ in range(100):\n    file.write(bytes(10_000_000))")


@row("prevented", "open files that have no name any more count as disk", earned=3, says="32 MiB of files")
def disk_bomb_of_deleted_files(s: Submission) -> None:
    s.do_right("mean")
    s.own_cell("import os, time\nheld = []\nfor n in range(30):\n    held.append(open('part', 'wb', 0))\n"
               "    os.unlink('part')\n    held[-1].write(bytes(10_000_000))\ntime.sleep(5)")


@row("prevented", "what a check writes is thrown away, so the next finds room", earned=6, says="32 MiB of files")
def disk_bomb_in_a_check(s: Submission) -> None:
    s.do_right("mean")
    s.answer(geometric="def geometric(values):\n    import time\n    for n in range(30):\n"
                       "        open(f'part{n}', 'wb').write(bytes(10_000_000))\n    time.sleep(1)",
             spread="def spread(values):\n    open('small', 'wb').write(bytes(1_000_000))\n"
                    "    values = np.asarray(values, dtype=float)\n    return values - values.mean()")


@row("prevented", "the number of files is limited", earned=3, says="files|ran longer than 2 s")
def inodes_exhausted(s: Submission) -> None:
    s.do_right("mean")
    s.own_cell("import os, time\nfor n in range(100_000):\n    os.close(os.open(str(n), os.O_CREAT | os.O_WRONLY))\n"
               "time.sleep(5)")


@row("prevented", "folders so deep that no path leads there are removed all the same", earned=3)
def folders_without_end(s: Submission) -> None:
    s.do_right("mean")
    s.own_cell("import os\nstart = os.getcwd()\ntry:\n    for _ in range(1500):\n        os.mkdir('deeper')\n"
               "        os.chdir('deeper')\nfinally:\n    os.chdir(start)\n    os.chmod('deeper', 0)")


@row("prevented", "open files are limited in number", earned=3, says="more files at a time|Too many open")
def file_descriptors_exhausted(s: Submission) -> None:
    s.do_right("mean")
    s.own_cell("import os\nheld = []\nwhile True:\n    held.append(os.open('/dev/null', os.O_RDONLY))")


@row("prevented", "the rest of the output is left out", earned=6, says="the rest is left out")
def a_gigabyte_of_output(s: Submission) -> None:
    s.do_right("mean", "geometric")
    s.own_cell("line = 'x' * 1_000_000\nfor _ in range(1000):\n    print(line)")


@row("prevented", "the rest of the output is left out", earned=6)
def a_gigabyte_of_output_past_python(s: Submission) -> None:
    s.do_right("mean", "geometric")
    s.own_cell("import os\ntry:\n    for _ in range(1000):\n        os.write(1, b'x' * 1_000_000)\n"
               "except OSError:\n    pass")


@row("prevented", "an exception's text is cut", earned=6, says="ValueError")
def an_error_of_fifty_megabytes(s: Submission) -> None:
    s.do_right("mean", "geometric")
    s.own_cell("raise ValueError('x' * 50_000_000)")


@row("prevented", "so many outputs are left out", earned=6)
def a_hundred_thousand_displays(s: Submission) -> None:
    s.do_right("mean", "geometric")
    s.own_cell("from IPython.display import display\ntry:\n    for n in range(100_000):\n"
               "        display({'text/plain': 'x'}, raw=True)\nexcept KeyboardInterrupt:\n    pass")


@row("prevented", "half a character in an output is replaced", earned=6)
def output_that_is_no_text(s: Submission) -> None:
    s.do_right("mean", "geometric")
    s.own_cell("print('\\ud800')\nfrom IPython.display import display\n"
               "display({'text/plain': '\\udfff', 'application/json': {'\\ud800': '\\ud800'}}, raw=True)\n"
               "raise ValueError('\\ud800')")


@row("prevented", "an output of the wrong shape is dropped", earned=6)
def outputs_that_are_no_outputs(s: Submission) -> None:
    s.do_right("mean", "geometric")
    s.own_cell("own = get_ipython().outputs.cells\nfor outputs in list(own.values()):\n"
               "    outputs += [{'output_type': ['stream'], 'name': {}}, 7, None, {'output_type': 'stream', "
               "'name': []},"
               " {'output_type': 'display_data', 'data': {'text/plain': {'a': 1}}, 'metadata': [], 'x': 1}]")


@row("prevented", f"the cell's process is gone; {_AFTER}", earned=3, says="ended while it ran")
def os__exit(s: Submission) -> None:
    s.do_right("mean")
    s.own_cell("import os\nos._exit(0)")


@row("prevented", "costs the check that called it", earned=6, says="ended while it ran")
def os__exit_in_a_check(s: Submission) -> None:
    s.do_right("mean", "spread")
    s.answer(geometric="def geometric(values):\n    import os\n    os._exit(0)")


@row("prevented", "an exception like others", earned=6)
def sys_exit(s: Submission) -> None:
    s.do_right("mean", "spread")
    s.answer(geometric="def geometric(values):\n    import sys\n    sys.exit(0)")
    s.own_cell("import sys\nsys.exit(0)")


@row("prevented", "an exception like others", earned=6)
def system_exit_raised(s: Submission) -> None:
    s.do_right("mean", "spread")
    s.answer(geometric="def geometric(values):\n    raise SystemExit")
    s.own_cell("raise SystemExit(0)")


def _kills(name: str, target: str, points: float, why: str, says: str = "") -> None:
    def kill(s: Submission) -> None:
        s.do_right("mean")
        s.own_cell(f"import os, signal\n{target}")

    kill.__name__ = name
    row("prevented", why, earned=points, says=says)(kill)


_kills("sigkill_to_itself", "os.kill(os.getpid(), signal.SIGKILL)", 3, f"the cell's process is gone; {_AFTER}",
       "signal 9")
_kills("sigkill_to_its_parent", "os.kill(os.getppid(), signal.SIGKILL)", 3, "the watcher cannot be killed from inside")
_kills("sigkill_to_its_group", "os.killpg(0, signal.SIGKILL)", 3, "what waits with checks is in other groups",
       "signal 9")
_kills("sigkill_to_every_process", "os.kill(-1, signal.SIGKILL)", 3,
       "nothing outside is reached; at the level of namespaces, checks whose process it killed run again in another")
_kills("sigkill_to_one_process_after_the_other",
       "for pid in range(1, 70_000):\n    try:\n        pid == os.getpid() or os.kill(pid, signal.SIGKILL)\n"
       "    except OSError:\n        pass", 3,
       "nothing outside is reached; checks whose process it killed run again in another")
_kills("sigstop_to_itself", "os.kill(os.getpid(), signal.SIGSTOP)", 3, "out of time like a loop", "did nothing")
_kills("sigstop_to_its_watcher", "os.kill(os.getppid(), signal.SIGSTOP)", 3, "the watcher cannot be stopped")
_kills("sigstop_to_every_process", "os.kill(-1, signal.SIGSTOP)", 3,
       "nothing outside is stopped; checks whose process hangs run again in another")


@row("prevented", "an exception", earned=6, says="RecursionError")
def recursion_without_end(s: Submission) -> None:
    s.do_right("mean", "spread")
    s.answer(geometric="def geometric(values):\n    return geometric(values)")


@row("prevented", "the stack is limited; costs the cell", earned=3, says="signal|RecursionError|memory")
def recursion_beyond_the_stack(s: Submission) -> None:
    s.do_right("mean")
    s.own_cell("import sys\nsys.setrecursionlimit(10**9)\ndef f(x):\n    return sorted([x], key=f)\nf(1)")


@row("prevented", "costs the check that called it", earned=6, says="signal 11")
def crash_in_c(s: Submission) -> None:
    s.do_right("mean", "spread")
    s.answer(geometric="def geometric(values):\n    import ctypes\n    ctypes.string_at(0)")


@row("prevented", "no core is written", earned=3)
def core_dump(s: Submission) -> None:
    s.do_right("mean")
    s.own_cell("import os, resource, time\ntry:\n    resource.setrlimit(resource.RLIMIT_CORE, (-1, -1))\n"
               "except (ValueError, OSError):\n    pass\nif os.fork() == 0:\n    os.abort()\nos.wait()\n"
               "if any('core' in name for name in os.listdir()):\n    print('GOT' + ' IN', os.listdir())")


@row("prevented", "out of time like a loop", earned=3, says="ran longer than 2 s|did nothing")
def deadlocked_threads(s: Submission) -> None:
    s.do_right("mean")
    s.own_cell("import threading\na, b = threading.Lock(), threading.Lock()\nbarrier = threading.Barrier(2)\n"
               "def work(x, y):\n    with x:\n        barrier.wait()\n        with y:\n            pass\n"
               "threads = [threading.Thread(target=work, args=p) for p in ((a, b), (b, a))]\n"
               "[t.start() for t in threads]\n[t.join() for t in threads]")


@row("prevented", "killed before any check runs", earned=6)
def background_process(s: Submission) -> None:
    s.do_right("mean", "spread")
    s.own_cell("import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n"
               "        time.sleep(300)\n    os._exit(0)\nos.wait()\n"
               "import subprocess\nsubprocess.Popen(['sleep', '300'], start_new_session=True)")


@row("prevented", "killed when its check has run", earned=6)
def background_process_of_a_check(s: Submission) -> None:
    s.do_right("mean", "spread")
    s.answer(geometric="def geometric(values):\n    import os, time\n    if os.fork() == 0:\n        os.setsid()\n"
                       "        if os.fork() == 0:\n            time.sleep(300)\n        os._exit(0)\n    return 0")


@row("prevented", "limits can be lowered only", earned=3)
def its_own_limits_raised(s: Submission) -> None:
    s.do_right("mean")
    s.own_cell("import os, resource as r\nfor what in (r.RLIMIT_DATA, r.RLIMIT_NPROC, r.RLIMIT_FSIZE, r.RLIMIT_CPU,"
               " r.RLIMIT_NOFILE):\n    for change in (lambda: r.setrlimit(what, (r.RLIM_INFINITY,) * 2),"
               " lambda: r.prlimit(os.getppid(), what, (1, 1))):\n        try:\n            change()\n"
               "        except (ValueError, OSError):\n            continue\n        print('GOT' + ' IN', what)")


@row("prevented", "the notebook ends there", earned=3)
def every_file_descriptor_closed(s: Submission) -> None:
    s.do_right("mean")
    s.own_cell("import os\nos.closerange(0, 4096)")


@row("prevented", "what is no message ends the notebook", earned=3, says="grader's own channel|ended")
def the_graders_socket_filled(s: Submission) -> None:
    s.do_right("mean")
    s.own_cell("import os, stat\nfor number in range(3, 600):\n    try:\n"
               "        if stat.S_ISSOCK(os.fstat(number).st_mode):\n            os.set_blocking(number, True)\n"
               "            for _ in range(300):\n                os.write(number, b'\\x7f' * 1_000_000)\n"
               "    except OSError:\n        pass")


@row("prevented", "a message is limited in length", earned=3, says="grader's own channel|ended")
def a_message_of_a_hundred_megabytes(s: Submission) -> None:
    s.do_right("mean")
    s.own_cell("import os, stat, struct\nfor number in range(3, 600):\n    try:\n"
               "        if stat.S_ISSOCK(os.fstat(number).st_mode):\n"
               "            os.write(number, struct.pack('!I', 100_000_000))\n"
               "            for _ in range(100):\n                os.write(number, b'[' * 1_000_000)\n"
               "    except OSError:\n        pass")


@row("prevented", "the clock cannot be set", earned=3)
def the_clock_changed(s: Submission) -> None:
    s.do_right("mean")
    s.own_cell("import time\ntry:\n    time.clock_settime(time.CLOCK_REALTIME, 0)\nexcept OSError:\n    pass\n"
               "else:\n    print('GOT' + ' IN')")


@row("prevented", "time is measured outside its process", earned=3, says="ran longer than 2 s")
def time_patched(s: Submission) -> None:
    s.do_right("mean")
    s.own_cell("import time, signal\ntime.time = time.monotonic = time.perf_counter = lambda: 0.0\nwhile True:\n"
               "    pass")
