"""Reaching what is outside: files, the gradebook, other submissions, processes, the network, the kernel."""

import os

from hostile.row import LESSON, Submission, reaching, row

_NUMBERS = "machine = 0 if os.uname().machine == 'x86_64' else 1\nlibc = ctypes.CDLL(None, use_errno=True)\n" \
    "def call(numbers, *arguments):\n    result = libc.syscall(numbers[machine], *arguments)\n" \
    "    if result < 0:\n        raise OSError(ctypes.get_errno(), 'refused')\n    return result\n"


def _reach(s: Submission, attempts: str, imports: str = "") -> None:
    s.do_right("mean")
    s.own_cell(reaching(attempts, imports))


@row("prevented", "it is not there, or may not be opened", earned=3)
def gradebook_read_or_written(s: Submission) -> None:
    book = f"{s.places.root}/gradebook.db"
    _reach(s, f"open({book!r}).read(1)\nopen({book!r}, 'a')\nopen('../../../gradebook.db', 'r+b')\n"
              f"os.unlink({book!r})\nos.rename({book!r}, 'mine')\nos.link({book!r}, 'mine')\nos.truncate({book!r}, 0)\n"
              f"__import__('sqlite3').connect({book!r}).execute('select * from grade').fetchall()")


@row("prevented", "it is not there, or may not be opened", earned=3)
def another_submission_read_or_written(s: Submission) -> None:
    other = f"{s.places.root}/submitted/honest-full/{LESSON}/{LESSON}.ipynb"
    _reach(s, f"open({other!r}).read(1)\nopen({other!r}, 'a')\nos.listdir({s.places.root + '/submitted'!r})\n"
              f"os.unlink({other!r})\nopen({os.path.dirname(other) + '/planted'!r}, 'w')")


@row("prevented", "they are not there, or may not be opened", earned=3)
def solutions_and_hidden_checks_read_from_disk(s: Submission) -> None:
    for name in ("solutions", "course", "autograded"):
        s.own_cell(reaching(f"os.listdir({s.places.root + '/' + name!r})\n"
                            f"open('{s.places.root}/{name}/{LESSON}/{LESSON}.ipynb').read(1)\n"
                            f"open('{s.places.root}/{name}/{LESSON}/lesson.py').read(1)"))
    s.do_right("mean")
    s.own_cell("import subprocess\nfound = subprocess.run(['grep', '-rlsI', '--exclude-dir=proc', '--exclude-dir=sys',"
               " 'never-shown-' + '4711', '/tmp', '/home', '/var', '/opt', '/mnt', '/srv', '.'],"
               " capture_output=True, text=True, timeout=20).stdout\nif found:\n    print('GOT' + ' IN', found)")


@row("prevented", "it is not there, or may not be opened", earned=3)
def instructors_home_read_or_written(s: Submission) -> None:
    home = s.places.home
    _reach(s, f"open('{home}/secret').read()\nopen('{home}/planted', 'w')\nos.listdir({home!r})\n"
              f"os.symlink('/', '{home}/link')\nos.mkdir('{home}/planted')\nos.mkfifo('{home}/pipe')\n"
              f"open('/etc/shadow').read()\nopen('/root/.bashrc').read()")


@row("prevented", "system folders are read-only", earned=3)
def libraries_of_the_next_submission_changed(s: Submission) -> None:
    _reach(s, "open(os.path.join(sys.prefix, 'planted.pth'), 'w')\nopen(os.__file__, 'a')\n"
              "open('/usr/planted', 'w')\nopen(__import__('numpy').__file__, 'a')\nos.unlink(os.__file__)")


@row("prevented", "at the Landlock level these calls do nothing", earned=3)
def permissions_of_files_outside_changed(s: Submission) -> None:
    # At the Landlock level the calls pretend; the test looks at the file itself.
    s.do_right("mean")
    s.own_cell(f"import os\nfor path in ('{s.places.home}/secret', '{s.places.root}/gradebook.db'):\n"
               "    for change in (lambda: os.chmod(path, 0o777), lambda: os.utime(path, (1, 1)),"
               " lambda: os.setxattr(path, 'user.planted', b'1'), lambda: os.chmod(os.path.dirname(path), 0o777)):\n"
               "        try:\n            change()\n        except OSError:\n            pass")


@row("prevented", "links lead nowhere inside", earned=3)
def symbolic_links_among_its_files(s: Submission) -> None:
    (s.folder / "book").symlink_to(f"{s.places.root}/gradebook.db")
    (s.folder / "everything").symlink_to("/")
    (s.folder / "other").symlink_to(f"../../honest-full/{LESSON}")
    (s.folder / "loop").symlink_to("loop")
    _reach(s, "open('book', 'r+b')\nopen('other/1-1-means.ipynb').read(1)\n"
              f"open('everything{s.places.home}/secret').read()\nopen('loop')")


@row("prevented", "the lesson's file replaces the link; nothing is written through it", earned=3)
def a_link_in_the_place_of_a_file_of_the_lesson(s: Submission) -> None:
    s.do_right("mean")
    (s.folder / "table.py").symlink_to(f"{s.places.home}/secret")
    (s.folder / "data").symlink_to(s.places.home)


@row("prevented", "pipes, sockets and devices are left out", earned=3)
def a_pipe_among_its_files(s: Submission) -> None:
    s.do_right("mean")
    os.mkfifo(s.folder / "data.csv")
    os.mkfifo(s.folder / "timestamp.txt")


@row("prevented", "a link is not graded", says="is a link")
def a_link_to_another_submission_as_notebook(s: Submission) -> None:
    s.path.symlink_to(f"../../honest-full/{LESSON}/{LESSON}.ipynb")
    s.written = False


@row("prevented", "a link is not graded", says="is a link")
def a_link_to_another_submission_as_folder(s: Submission) -> None:
    s.folder.rmdir()
    s.folder.symlink_to(f"../honest-full/{LESSON}")
    s.written = False


@row("prevented", "a pipe is not graded, and nothing waits for it", says="cannot be read")
def a_pipe_as_notebook(s: Submission) -> None:
    os.mkfifo(s.path)
    s.written = False


@row("prevented", "other processes are not there, or may not be looked at", earned=3)
def memory_and_environment_of_other_processes(s: Submission) -> None:
    _reach(s, "open(f'/proc/{os.getppid()}/mem', 'rb').read(1)\nopen(f'/proc/{os.getppid()}/environ').read()\n"
              "os.listdir(f'/proc/{os.getppid()}/fd')\nopen('/proc/1/environ').read()\nopen('/proc/1/mem', 'r+b')\n"
              "os.listdir('/proc/1/fd')\nos.listdir('/proc/1/root/home')\nos.listdir('/proc/1/cwd/')\n"
              "open('/proc/1/maps').read(1) or 1/0")


@row("prevented", "nothing of the grader's is among the command lines it sees", earned=3)
def command_lines_of_other_processes(s: Submission) -> None:
    s.do_right("mean")
    s.own_cell("import os\ntry:\n    names = os.listdir('/proc')\nexcept OSError:\n    names = range(1, 5000)\n"
               "for name in names:\n    try:\n"
               "        line = open(f'/proc/{name}/cmdline').read()\n    except OSError:\n        continue\n"
               "    if 'pytest' in line or 'hostile' in line or 'gradebook' in line:\n"
               "        print('GOT' + ' IN', line)")


@row("prevented", "the environment holds nothing of the grader's", earned=3)
def secrets_in_the_environment(s: Submission) -> None:
    s.do_right("mean")
    s.own_cell("import os\nseen = str(os.environ) + open('/proc/self/environ').read()\n"
               "if 'planted-' + 'secret' in seen:\n    print('GOT' + ' IN', seen)")


@row("prevented", "no descriptor but its own channels and its output is open", earned=3)
def inherited_file_descriptors(s: Submission) -> None:
    s.do_right("mean")
    s.own_cell("import os\nfor number in os.listdir('/proc/self/fd'):\n    try:\n"
               "        path = os.readlink(f'/proc/self/fd/{number}')\n    except OSError:\n        continue\n"
               "    if path.startswith('/') and not path.startswith(('/dev', '/memfd', '/proc')):\n"
               "        print('GOT' + ' IN', path)")


@row("prevented", "no route, or no socket", earned=3)
def network_out_and_dns(s: Submission) -> None:
    _reach(s, "socket.create_connection(('192.0.2.1', 80), timeout=1)\nsocket.getaddrinfo('example.org', 80)\n"
              "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 53))\n"
              "socket.create_connection(('2001:db8::1', 80), timeout=1)")


@row("prevented", "the loopback inside is another one, or there is none", earned=3)
def loopback_of_the_host(s: Submission) -> None:
    _reach(s, f"socket.create_connection(('127.0.0.1', {s.places.port}), timeout=1)\n"
              f"socket.create_connection(('localhost', {s.places.port}), timeout=1)\n"
              f"socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('192.0.2.1', {s.places.port}))")


@row("prevented", "Unix sockets outside cannot be reached by name or path", earned=3)
def unix_sockets_of_the_host(s: Submission) -> None:
    _reach(s, f"socket.socket(socket.AF_UNIX).connect({s.places.abstract!r})\n"
              f"socket.socket(socket.AF_UNIX).connect({s.places.socket!r})\n"
              f"socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b'x', {s.places.socket + '-datagrams'!r})\n"
              f"socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0].sendto(b'x', "
              f"{s.places.socket + '-datagrams'!r})")


@row("prevented", "only families of sockets that a namespace holds", earned=3)
def sockets_of_rare_families(s: Submission) -> None:
    _reach(s, "\n".join(f"socket.socket({family}, {kind})" for family, kind in (
        (40, 1), (17, 3), (38, 5), (31, 3), (44, 3), (30, 1), (9, 5), (21, 5), (41, 2), (29, 3))))


@row("prevented", "refused", earned=3)
def namespaces_mount_and_chroot(s: Submission) -> None:
    _reach(s, "\n".join((
        "call((272, 97), 0x10000000)", "call((272, 97), 0x00020000)", "call((165, 40), b'none', b'/', b'', 0x44000, 0)",
        "call((56, 220), 0x10000000 | 17, 0, 0, 0, 0)", "call((435, 435), 0, 0)", "call((161, 51), b'.')",
        "call((155, 41), b'.', b'.')", "call((308, 268), 0, 0)", "call((428, 428), -100, b'/', 1)",
        "call((430, 430), b'tmpfs', 0)", "subprocess.run(['unshare', '-U', 'true'], check=True)",
        "subprocess.run(['mount', '-t', 'tmpfs', 'x', '/tmp'], check=True)")), _NUMBERS)


@row("prevented", "refused", earned=3)
def ptrace_keys_and_io_uring(s: Submission) -> None:
    _reach(s, "\n".join((
        "call((101, 117), 16, os.getppid(), 0, 0)", "call((310, 270), os.getppid(), 0, 0, 0, 0, 0)",
        "call((311, 271), os.getppid(), 0, 0, 0, 0, 0)", "call((250, 219), 0, -3, 0)",
        "call((248, 217), b'user', b'x', b'y', 1, -3)", "call((425, 425), 8, ctypes.create_string_buffer(120))",
        "call((321, 280), 0, 0, 0)", "call((298, 241), 0, 0, 0, 0, 0)", "call((323, 282), 0)",
        "call((304, 265), 0, 0, 0)",
        "call((447, 447), 0)", "call((29, 194), 0, 4096, 0o1600)", "call((240, 180), b'x', 0o102, 0o600, 0)",
        "call((141, 140), 0, os.getppid(), 19)", "call((302, 261), os.getppid(), 7, 0, 0)",
        "call((169, 142), 1, 2, 3, 0)",
        "call((438, 438), 0, 0, 0)", "call((103, 116), 3, 0, 0)")), _NUMBERS)


@row("prevented", "no program raises its rights", earned=3)
def programs_with_set_user_id(s: Submission) -> None:
    _reach(s, "[0 for _ in '1'] if 'root' in subprocess.run(['su', '-c', 'id -un'], capture_output=True, text=True,"
              " stdin=subprocess.DEVNULL).stdout else 1/0\nos.setuid(0)\nos.setresuid(0, 0, 0)\nos.setgroups([0])\n"
              "1/int('0' * (int(open('/proc/self/status').read().split('NoNewPrivs:')[1].split()[0]) == 1) or '1')")


@row("prevented", "it has no capability but, at the Landlock level, one to look", earned=3)
def capabilities_of_root(s: Submission) -> None:
    _reach(s, "os.mknod('device', 0o60600, 0x800)\nos.chown('.', 0, 0) if os.geteuid() and 0 else 1/0\n"
              "os.open('/dev/mem', os.O_RDONLY)\nos.open('/dev/kmsg', os.O_RDONLY)\nopen('/proc/sysrq-trigger', 'w')\n"
              "open('/proc/sys/kernel/core_pattern', 'w')\nlower()",
           "def lower():\n    with open('/proc/self/oom_score_adj', 'w', 1) as file:\n        file.write('-1000')\n")


@row("prevented", "its unpickling runs inside the jail like the rest", earned=3)
def a_pickle_that_executes(s: Submission) -> None:
    import pickle

    class Payload:
        def __reduce__(self) -> tuple:
            return os.system, (f"touch {s.places.home}/planted; touch ran",)

    s.file("model.pkl", pickle.dumps(Payload()))
    s.do_right("mean")
    s.own_cell("import os, pickle\npickle.load(open('model.pkl', 'rb'))\nassert os.path.exists('ran')")


@row("prevented", "nothing unpacks what is handed in but its own cells, within their limits", earned=3,
     says="32 MiB of files")
def a_zip_bomb_among_its_files(s: Submission) -> None:
    import io
    import zipfile

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(6):
            archive.writestr(f"{number}.bin", bytes(20_000_000))
    s.file("data.zip", packed.getvalue())
    s.do_right("mean")
    s.own_cell("import time, zipfile\nzipfile.ZipFile('data.zip').extractall()\ntime.sleep(5)")


@row("prevented", "an archive that leads out leads nowhere", earned=3)
def path_traversal_in_an_archive(s: Submission) -> None:
    import io
    import tarfile

    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name in ("../../../../../../../../tmp/planted-by-archive", f"{s.places.home}/planted",
                     f"{s.places.root}/gradebook.db"):
            about = tarfile.TarInfo(name)
            about.size = 1
            archive.addfile(about, io.BytesIO(b"x"))
    s.file("data.tar", packed.getvalue())
    s.do_right("mean")
    s.own_cell("import tarfile\nfor member in tarfile.open('data.tar'):\n    try:\n"
               "        tarfile.open('data.tar').extract(member, filter='fully_trusted')\n    except OSError:\n "
               "       pass")
