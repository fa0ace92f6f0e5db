"""Compiles C++ and calls it, or says that it cannot; calls it in a process apart; stands in for it.

Run as a program, this file is that process apart: see `call_apart`.
"""

import atexit
import ctypes
import functools
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

GUARD, CELLS = -7.25e297, 64  # what lies before and behind every array in the process apart, and how much of it


class CompileError(Exception):
    """The compiler refused a source; the text is what it said."""


class NoCompiler(Exception):
    """There is no C++ compiler on this computer."""


# --- compile ------------------------------------------------------------------------------------------------------


_folders = []


def folder():
    """A temporary folder for sources and libraries, removed when this Python ends."""
    if not _folders or not _folders[-1].exists():
        path, owner = Path(tempfile.mkdtemp(prefix="mle-native-")), os.getpid()

        def remove():
            if os.getpid() == owner:  # and not in a copy of this process
                shutil.rmtree(path, ignore_errors=True)

        atexit.register(remove)
        _folders.append(path)
    return _folders[-1]


@functools.cache
def compiler():
    """The path of a C++ compiler that can make a library for this Python, or None."""
    for name in ("cl", "g++", "clang++", "c++") if os.name == "nt" else ("c++", "g++", "clang++"):
        path = shutil.which(name)
        if path is None or (sys.platform == "darwin" and path.startswith("/usr/bin/") and not _has_apple_tools()):
            continue
        try:
            library = _compiled(path, 'extern "C" int answer() { return 42; }\n', "answer")
            if ctypes.CDLL(str(library)).answer() == 42:
                return path
        except (CompileError, OSError):
            continue
    return None


def _has_apple_tools():
    """Whether the command line tools are there; without them /usr/bin/c++ only opens a window that offers them."""
    return subprocess.run(["/usr/bin/xcode-select", "-p"], capture_output=True).returncode == 0


def build(source, name):
    """Compile C++ source to a shared library that offers the function `name`; return its path.

    The same source is compiled once.

    Raises:
        NoCompiler: there is none here.
        CompileError: the compiler refused; its message is the text.
    """
    if compiler() is None:
        raise NoCompiler("no C++ compiler was found on this computer")
    return _compiled(compiler(), source, name)


def _compiled(path, source, name):
    digest = hashlib.sha256(f"{path}\n{name}\n{source}".encode()).hexdigest()[:16]
    ending = ".dll" if os.name == "nt" else ".so"
    library = folder() / f"{digest}{ending}"
    if library.exists():
        return library
    place = Path(tempfile.mkdtemp(dir=folder()))
    try:
        (place / "kernel.cpp").write_text(source, encoding="utf-8")
        made = f"kernel{ending}"
        if Path(path).stem.lower() == "cl":
            command = [path, "/nologo", "/LD", "/O2", "/EHsc", "/std:c++17", "kernel.cpp", f"/Fe:{made}"]
            command += ["/link", f"/EXPORT:{name}"]
        else:
            command = [path, "-O2", "-std=c++17", "-shared", "kernel.cpp", "-o", made]
            command += ["-static"] if os.name == "nt" else ["-fPIC"]
        environment = {**os.environ, "LC_ALL": "C", "TMPDIR": str(place)}
        try:
            done = subprocess.run(command, cwd=place, env=environment, capture_output=True, timeout=60)
        except subprocess.TimeoutExpired:
            raise CompileError("the compiler was not ready within 60 seconds") from None
        if done.returncode or not (place / made).exists():
            said = (done.stderr + done.stdout).decode(errors="replace").strip()
            raise CompileError("\n".join(said.splitlines()[:8]) or "the compiler failed without a message")
        os.replace(place / made, library)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    return library


def load(source, name, stand_in):
    """Compile and load a library; where there is no compiler, say so and return `stand_in()` in its place."""
    try:
        library = ctypes.CDLL(str(build(source, name)))
    except NoCompiler:
        print(f"NO C++ COMPILER was found here. A stand-in written in Python is called in place of {name}:")
        print("same results, none of the speed, and your C++ is not tested.")
        return stand_in()
    print(f"{name} was compiled with {Path(compiler()).name} and loaded")
    return library


# --- memory, looked at with care ----------------------------------------------------------------------------------


def read_memory(address, size):
    """So many bytes from an address, or None where this process has no such memory."""
    if not address:
        return None if size else b""
    if os.name == "nt":
        kernel32, found = ctypes.WinDLL("kernel32"), ctypes.create_string_buffer(max(size, 1))
        kernel32.GetCurrentProcess.restype = ctypes.c_void_p
        process = ctypes.c_void_p(kernel32.GetCurrentProcess())
        fine = kernel32.ReadProcessMemory(process, ctypes.c_void_p(address), found, ctypes.c_size_t(size), None)
        return found.raw[:size] if fine or not size else None
    parts = list(_through_pipe("write", address, size))
    return None if None in parts else b"".join(parts)


def write_memory(address, data):
    """Put bytes at an address; return whether this process may write there."""
    if os.name == "nt":
        kernel32 = ctypes.WinDLL("kernel32")
        kernel32.GetCurrentProcess.restype = ctypes.c_void_p
        process = ctypes.c_void_p(kernel32.GetCurrentProcess())
        return bool(kernel32.WriteProcessMemory(process, ctypes.c_void_p(address), data, ctypes.c_size_t(len(data)),
                                                None)) or not data
    return all(part is not None for part in _through_pipe("read", address, len(data), data))


def _through_pipe(call, address, size, data=b"", step=4096):
    """The kernel copies between memory and a pipe, and refuses an address that is none: no crash."""
    libc = ctypes.CDLL(None)
    function = getattr(libc, call)
    function.argtypes, function.restype = [ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t], ctypes.c_ssize_t
    out, into = os.pipe()
    try:
        for start in range(0, size, step):
            count = min(step, size - start)
            if call == "write":
                yield os.read(out, count) if function(into, address + start, count) == count else None
            else:
                os.write(into, data[start:start + count])
                yield b"" if function(out, address + start, count) == count else None
    finally:
        os.close(out)
        os.close(into)


def doubles(address, count):
    """So many numbers of 64 bits from an address, as a list, or None where there is no such memory."""
    data = read_memory(address, 8 * count)
    return None if data is None else list((ctypes.c_double * count).from_buffer_copy(data))


def put_doubles(address, values):
    """Write numbers of 64 bits to an address; return whether that was possible."""
    return write_memory(address, bytes((ctypes.c_double * len(values))(*values)))


# --- stand-ins ----------------------------------------------------------------------------------------------------


class _Function(ctypes._CFuncPtr):
    """A function as a loaded library offers it: nothing is known of its arguments, and its result counts as int."""

    _flags_ = ctypes._FUNCFLAG_CDECL
    _restype_ = ctypes.c_int


class StandIn:
    """Looks like a loaded library with one function, which is written in Python and called as C++ would be.

    Attributes:
        calls: what the function was given in each call; an array is None where the pointer led nowhere.
    """

    def __init__(self, name, restype, argtypes, python):
        self.calls = []
        self._kept = ctypes.CFUNCTYPE(restype, *argtypes)(lambda *values: python(self.calls, *values))
        setattr(self, name, _Function(ctypes.cast(self._kept, ctypes.c_void_p).value))

    def __getitem__(self, name):
        return getattr(self, name)


def smooth_stand_in():
    """In place of `double smooth(double* values, int64_t count, double share)`."""

    def smooth(calls, values, count, share):
        numbers = doubles(values, count)
        calls.append({"values": numbers, "count": count, "share": share})
        level = 0.0
        for i, number in enumerate(numbers or []):
            level = number if i == 0 else level + share * (number - level)
            numbers[i] = level
        put_doubles(values, numbers or [])
        return level

    return StandIn("smooth", ctypes.c_double, [ctypes.c_void_p, ctypes.c_int64, ctypes.c_double], smooth)


def warp_stand_in():
    """In place of the `warp_distances` that the lesson describes."""

    def warp_distances(calls, query, n, curves, k, m, penalty, out):
        sane = 0 <= n <= 10**6 and 0 <= m <= 10**6 and 0 <= k <= 10**6 and k * m <= 10**7
        numbers, table = (doubles(query, n), doubles(curves, k * m)) if sane else (None, None)
        calls.append({"n": n, "k": k, "m": m, "penalty": penalty, "query": numbers, "curves": table})
        if sane and numbers is not None and table is not None:
            found = [_warp(numbers, table[i * m : i * m + m], penalty) for i in range(k)]
            calls[-1]["written"] = put_doubles(out, found)

    types = [ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_double]
    return StandIn("warp_distances", None, [*types, ctypes.c_void_p], warp_distances)


def _warp(query, curve, penalty):
    row = [0.0] + len(curve) * [float("inf")]
    for value in query:
        above, row = row, [float("inf")]
        for j, other in enumerate(curve):
            row.append(abs(value - other) + min(above[j], above[j + 1] + penalty, row[j] + penalty))
    return row[-1]


# --- a process apart ----------------------------------------------------------------------------------------------


def call_apart(source, cases, seconds=10):
    """Compile `warp_distances` and call it in a process of its own, which may crash without harm.

    Args:
        source: C++.
        cases: lists [query, curves, penalty]; curves is a list of lists, all of the same length.

    Returns:
        For each case a dictionary with `distances`, `harm` (what was done to memory, or empty) and `ended` (how the
        process ended, where it did not come to an end of this case; empty otherwise).

    Raises:
        NoCompiler, CompileError: see `build`.
    """
    library = build(source, "warp_distances")
    sent = json.dumps({"library": str(library), "cases": cases}).encode()
    command = [sys.executable, "-I", str(Path("native.py" if Path("native.py").exists() else __file__).resolve())]
    try:
        done = subprocess.run(command, input=sent, capture_output=True, timeout=seconds)
        said, ended = done.stdout, _how_it_ended(done.returncode, done.stderr)
    except subprocess.TimeoutExpired as error:
        said, ended = error.stdout or b"", f"it had not returned after {seconds} seconds"
    results = [json.loads(line) | {"ended": ""} for line in said.decode().splitlines() if line.endswith("}")]
    return results + [{"distances": None, "harm": "", "ended": ended}] * (len(cases) - len(results))


def _how_it_ended(code, said):
    if b"no such function" in said:
        return 'the library has no function warp_distances: is extern "C" before it, and is the name right?'
    if code < 0:
        name = signal.Signals(-code).name
        return f"its process was ended by {name}: memory was touched that is not its own" if name in {
            "SIGSEGV", "SIGBUS", "SIGABRT"} else f"its process was ended by {name}"
    return f"its process ended with code {code}: it crashed" if code else "its process ended too early"


def _apart():
    """The process apart: calls the function with arrays between guards, and prints what became of them."""
    order = json.load(sys.stdin)
    say = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the function prints must not get between the answers
    try:
        function = ctypes.CDLL(order["library"]).warp_distances
    except AttributeError:
        sys.exit("no such function")
    pointer, number = ctypes.POINTER(ctypes.c_double), ctypes.c_int64
    function.argtypes = [pointer, number, pointer, number, number, ctypes.c_double, pointer]
    function.restype = None
    for query, curves, penalty in order["cases"]:
        flat, k, m = [value for curve in curves for value in curve], len(curves), len(curves[0]) if curves else 1
        arrays = [_guarded(values) for values in (query, flat, k * [GUARD])]
        places = [ctypes.cast(ctypes.addressof(array) + 8 * CELLS, pointer) for array in arrays]
        function(places[0], len(query), places[1], k, m, penalty, places[2])
        harm = ""
        for name, array, before in zip(("query", "curves", "out"), arrays, (query, flat, None)):
            inside = array[CELLS : len(array) - CELLS]
            if any(value != GUARD for value in [*array[:CELLS], *array[len(array) - CELLS :]]):
                harm = harm or f"wrote outside of {name}"
            elif before is not None and inside != before:
                harm = harm or f"changed {name}"
        distances = arrays[2][CELLS : CELLS + k]
        print(json.dumps({"distances": [repr(value) for value in distances], "harm": harm}), file=say, flush=True)


def _guarded(values):
    return (ctypes.c_double * (len(values) + 2 * CELLS))(*CELLS * [GUARD], *values, *CELLS * [GUARD])


if __name__ == "__main__":
    _apart()
