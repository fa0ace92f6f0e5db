# %% [markdown]
# ## land


# %% right="land" name="both versions from the history, asked first whether there is anything to merge"
def land(repo, branch):
    if repo.git("merge-base", "main", branch) != repo.git("rev-parse", branch):
        try:
            repo.git("merge", "--no-ff", "--no-commit", branch)
        except GitError:
            lines = repo.git("ls-files", "--unmerged").splitlines()
            files = sorted({line.split("\t")[1] for line in lines})
            if files != ["features.txt"]:
                repo.git("reset", "--hard")
                raise MergeConflict(files) from None
            both = [repo.git("show", f"{name}:features.txt").split("\n") for name in ("main", branch)]
            repo.write("features.txt", "\n".join(sorted(set(both[0]) | set(both[1]))) + "\n")
            repo.git("add", "--all")
        repo.git("commit", "--message", f"Merge {branch}")
    repo.git("branch", "--delete", branch)
    return repo.git("log", "-1", "--format=%H")


# %% right="land" name="the names from git status, the markers taken out of the file"
def land(repo, branch):
    message = f"Merge {branch}\n\nLanded by a program."
    got = outcome_of(repo.git, "merge", "--no-ff", "--message", message, branch)
    if isinstance(got, GitError):
        status = repo.git("status", "--porcelain", "-z").split("\0")
        files = sorted(line[3:] for line in status if line[:2] in ("UU", "AA", "DD", "DU", "UD", "AU", "UA"))
        if any(name != "features.txt" for name in files):
            repo.git("merge", "--abort")
            raise MergeConflict(files)
        kept = []
        for line in (repo.folder / "features.txt").read_text(encoding="utf-8").splitlines():
            if line not in kept and not line.startswith(("<<<<<<< ", ">>>>>>> ")) and line != "=======":
                kept.append(line)
        kept.sort()
        (repo.folder / "features.txt").write_text("\n".join([*kept, ""]), encoding="utf-8", newline="\n")
        repo.git("commit", "-a", "-m", message)
    repo.git("branch", "-d", branch)
    return repo.git("rev-parse", "main")


# %% wrong="land" name="lets git fast-forward" fails="land-merge"
def land(repo, branch):
    try:
        repo.git("merge", "-m", f"Merge {branch}", branch)
    except GitError:
        files = repo.git("diff", "--name-only", "--diff-filter=U").splitlines()
        if files != ["features.txt"]:
            repo.git("merge", "--abort")
            raise MergeConflict(sorted(files)) from None
        main = repo.git("show", "main:features.txt").splitlines()
        other = repo.git("show", f"{branch}:features.txt").splitlines()
        repo.write("features.txt", "".join(line + "\n" for line in sorted({*main, *other})))
        repo.git("add", "features.txt")
        repo.git("commit", "-m", f"Merge {branch}")
    repo.git("branch", "-d", branch)
    return repo.git("rev-parse", "HEAD")


# %% wrong="land" name="git's own message" fails="land-merge"
def land(repo, branch):
    try:
        repo.git("merge", "--no-ff", branch)
    except GitError:
        files = repo.git("diff", "--name-only", "--diff-filter=U").splitlines()
        if files != ["features.txt"]:
            repo.git("merge", "--abort")
            raise MergeConflict(sorted(files)) from None
        main = repo.git("show", "main:features.txt").splitlines()
        other = repo.git("show", f"{branch}:features.txt").splitlines()
        repo.write("features.txt", "".join(line + "\n" for line in sorted({*main, *other})))
        repo.git("add", "features.txt")
        repo.git("commit", "-m", f"Merge {branch}")
    repo.git("branch", "-d", branch)
    return repo.git("rev-parse", "HEAD")


# %% wrong="land" name="squashes the branch into one commit" fails="land-merge"
def land(repo, branch):
    try:
        repo.git("merge", "--squash", branch)
        if repo.git("status", "--porcelain"):
            repo.git("commit", "-m", f"Merge {branch}")
    except GitError:
        files = repo.git("diff", "--name-only", "--diff-filter=U").splitlines()
        if files != ["features.txt"]:
            repo.git("merge", "--abort")
            raise MergeConflict(sorted(files)) from None
        main = repo.git("show", "main:features.txt").splitlines()
        other = repo.git("show", f"{branch}:features.txt").splitlines()
        repo.write("features.txt", "".join(line + "\n" for line in sorted({*main, *other})))
        repo.git("add", "features.txt")
        repo.git("commit", "-m", f"Merge {branch}")
    repo.git("branch", "-D", branch)
    return repo.git("rev-parse", "HEAD")


# %% wrong="land" name="merges main into the branch" fails="land-merge"
def land(repo, branch):
    try:
        repo.git("switch", branch)
        repo.git("merge", "--no-ff", "-m", f"Merge {branch}", "main")
        repo.git("switch", "main")
        repo.git("merge", branch)
    except GitError:
        files = repo.git("diff", "--name-only", "--diff-filter=U").splitlines()
        if files != ["features.txt"]:
            repo.git("switch", branch)
        repo.git("merge", "--abort")
            raise MergeConflict(sorted(files)) from None
        main = repo.git("show", "main:features.txt").splitlines()
        other = repo.git("show", f"{branch}:features.txt").splitlines()
        repo.write("features.txt", "".join(line + "\n" for line in sorted({*main, *other})))
        repo.git("add", "features.txt")
        repo.git("commit", "-m", f"Merge {branch}")
    repo.git("branch", "-d", branch)
    return repo.git("rev-parse", "HEAD")


# %% wrong="land" name="forgets to delete the branch" fails="land-merge"
def land(repo, branch):
    try:
        repo.git("merge", "--no-ff", "-m", f"Merge {branch}", branch)
    except GitError:
        files = repo.git("diff", "--name-only", "--diff-filter=U").splitlines()
        if files != ["features.txt"]:
            repo.git("merge", "--abort")
            raise MergeConflict(sorted(files)) from None
        main = repo.git("show", "main:features.txt").splitlines()
        other = repo.git("show", f"{branch}:features.txt").splitlines()
        repo.write("features.txt", "".join(line + "\n" for line in sorted({*main, *other})))
        repo.git("add", "features.txt")
        repo.git("commit", "-m", f"Merge {branch}")
    return repo.git("rev-parse", "HEAD")


# %% wrong="land" name="deletes the branch, whatever happened" fails="land-refuses"
def land(repo, branch):
    try:
        repo.git("merge", "--no-ff", "-m", f"Merge {branch}", branch)
    except GitError:
        files = repo.git("diff", "--name-only", "--diff-filter=U").splitlines()
        if files != ["features.txt"]:
            repo.git("merge", "--abort")
            repo.git("branch", "-D", branch)
            raise MergeConflict(sorted(files)) from None
        main = repo.git("show", "main:features.txt").splitlines()
        other = repo.git("show", f"{branch}:features.txt").splitlines()
        repo.write("features.txt", "".join(line + "\n" for line in sorted({*main, *other})))
        repo.git("add", "features.txt")
        repo.git("commit", "-m", f"Merge {branch}")
    repo.git("branch", "-d", branch)
    return repo.git("rev-parse", "HEAD")


# %% wrong="land" name="returns the short name of the commit" fails="land-merge"
def land(repo, branch):
    try:
        repo.git("merge", "--no-ff", "-m", f"Merge {branch}", branch)
    except GitError:
        files = repo.git("diff", "--name-only", "--diff-filter=U").splitlines()
        if files != ["features.txt"]:
            repo.git("merge", "--abort")
            raise MergeConflict(sorted(files)) from None
        main = repo.git("show", "main:features.txt").splitlines()
        other = repo.git("show", f"{branch}:features.txt").splitlines()
        repo.write("features.txt", "".join(line + "\n" for line in sorted({*main, *other})))
        repo.git("add", "features.txt")
        repo.git("commit", "-m", f"Merge {branch}")
    repo.git("branch", "-d", branch)
    return repo.git("rev-parse", "--short", "HEAD")


# %% wrong="land" name="returns what git printed" fails="land-merge"
def land(repo, branch):
    try:
        repo.git("merge", "--no-ff", "-m", f"Merge {branch}", branch)
    except GitError:
        files = repo.git("diff", "--name-only", "--diff-filter=U").splitlines()
        if files != ["features.txt"]:
            repo.git("merge", "--abort")
            raise MergeConflict(sorted(files)) from None
        main = repo.git("show", "main:features.txt").splitlines()
        other = repo.git("show", f"{branch}:features.txt").splitlines()
        repo.write("features.txt", "".join(line + "\n" for line in sorted({*main, *other})))
        repo.git("add", "features.txt")
        repo.git("commit", "-m", f"Merge {branch}")
    repo.git("branch", "-d", branch)
    return repo.git("log", "-1", "--oneline")


# %% wrong="land" name="returns the tip of the branch" fails="land-merge"
def land(repo, branch):
    try:
        repo.git("merge", "--no-ff", "-m", f"Merge {branch}", branch)
    except GitError:
        files = repo.git("diff", "--name-only", "--diff-filter=U").splitlines()
        if files != ["features.txt"]:
            repo.git("merge", "--abort")
            raise MergeConflict(sorted(files)) from None
        main = repo.git("show", "main:features.txt").splitlines()
        other = repo.git("show", f"{branch}:features.txt").splitlines()
        repo.write("features.txt", "".join(line + "\n" for line in sorted({*main, *other})))
        repo.git("add", "features.txt")
        repo.git("commit", "-m", f"Merge {branch}")
    tip = repo.git("rev-parse", branch)
    repo.git("branch", "-d", branch)
    return tip


# %% wrong="land" name="sorts features.txt after every merge" fails="land-merge"
def land(repo, branch):
    try:
        repo.git("merge", "--no-ff", "-m", f"Merge {branch}", branch)
    except GitError:
        files = repo.git("diff", "--name-only", "--diff-filter=U").splitlines()
        if files != ["features.txt"]:
            repo.git("merge", "--abort")
            raise MergeConflict(sorted(files)) from None
        main = repo.git("show", "main:features.txt").splitlines()
        other = repo.git("show", f"{branch}:features.txt").splitlines()
        repo.write("features.txt", "".join(line + "\n" for line in sorted({*main, *other})))
        repo.git("add", "features.txt")
        repo.git("commit", "-m", f"Merge {branch}")
    repo.write("features.txt", "".join(line + "\n" for line in sorted(repo.read("features.txt").splitlines())))
    if repo.git("status", "--porcelain"):
        repo.git("commit", "--all", "--amend", "--no-edit")
    repo.git("branch", "-d", branch)
    return repo.git("rev-parse", "HEAD")


# %% wrong="land" name="makes an empty commit where there is nothing to merge" fails="land-merge"
def land(repo, branch):
    try:
        repo.git("merge", "--no-ff", "-m", f"Merge {branch}", branch)
        if "Already" in repo.git("merge", branch) and repo.git("log", "-1", "--format=%s") != f"Merge {branch}":
            repo.git("commit", "--allow-empty", "-m", f"Merge {branch}")
    except GitError:
        files = repo.git("diff", "--name-only", "--diff-filter=U").splitlines()
        if files != ["features.txt"]:
            repo.git("merge", "--abort")
            raise MergeConflict(sorted(files)) from None
        main = repo.git("show", "main:features.txt").splitlines()
        other = repo.git("show", f"{branch}:features.txt").splitlines()
        repo.write("features.txt", "".join(line + "\n" for line in sorted({*main, *other})))
        repo.git("add", "features.txt")
        repo.git("commit", "-m", f"Merge {branch}")
    repo.git("branch", "-d", branch)
    return repo.git("rev-parse", "HEAD")


# %% wrong="land" name="stays on the branch" fails="land-merge"
def land(repo, branch):
    try:
        repo.git("merge", "--no-ff", "-m", f"Merge {branch}", branch)
    except GitError:
        files = repo.git("diff", "--name-only", "--diff-filter=U").splitlines()
        if files != ["features.txt"]:
            repo.git("merge", "--abort")
            raise MergeConflict(sorted(files)) from None
        main = repo.git("show", "main:features.txt").splitlines()
        other = repo.git("show", f"{branch}:features.txt").splitlines()
        repo.write("features.txt", "".join(line + "\n" for line in sorted({*main, *other})))
        repo.git("add", "features.txt")
        repo.git("commit", "-m", f"Merge {branch}")
    head = repo.git("rev-parse", "HEAD")
    repo.git("branch", "-d", branch)
    repo.git("switch", "-c", "done")
    return head


# %% wrong="land" name="leaves a note in the folder" fails="land-merge"
def land(repo, branch):
    try:
        repo.git("merge", "--no-ff", "-m", f"Merge {branch}", branch)
    except GitError:
        files = repo.git("diff", "--name-only", "--diff-filter=U").splitlines()
        if files != ["features.txt"]:
            repo.git("merge", "--abort")
            raise MergeConflict(sorted(files)) from None
        main = repo.git("show", "main:features.txt").splitlines()
        other = repo.git("show", f"{branch}:features.txt").splitlines()
        repo.write("features.txt", "".join(line + "\n" for line in sorted({*main, *other})))
        repo.git("add", "features.txt")
        repo.git("commit", "-m", f"Merge {branch}")
    repo.git("branch", "-d", branch)
    repo.write("merged.txt", branch)
    return repo.git("rev-parse", "HEAD")


# %% wrong="land" name="commits the conflict markers" fails="land-conflict"
def land(repo, branch):
    try:
        repo.git("merge", "--no-ff", "-m", f"Merge {branch}", branch)
    except GitError:
        files = repo.git("diff", "--name-only", "--diff-filter=U").splitlines()
        if files != ["features.txt"]:
            repo.git("merge", "--abort")
            raise MergeConflict(sorted(files)) from None
        repo.git("add", "features.txt")
        repo.git("commit", "-m", f"Merge {branch}")
    repo.git("branch", "-d", branch)
    return repo.git("rev-parse", "HEAD")


# %% wrong="land" name="takes the side of main" fails="land-conflict"
def land(repo, branch):
    try:
        repo.git("merge", "--no-ff", "-m", f"Merge {branch}", branch)
    except GitError:
        files = repo.git("diff", "--name-only", "--diff-filter=U").splitlines()
        if files != ["features.txt"]:
            repo.git("merge", "--abort")
            raise MergeConflict(sorted(files)) from None
        main = repo.git("show", "main:features.txt").splitlines()
        other = []
        repo.write("features.txt", "".join(line + "\n" for line in sorted({*main, *other})))
        repo.git("add", "features.txt")
        repo.git("commit", "-m", f"Merge {branch}")
    repo.git("branch", "-d", branch)
    return repo.git("rev-parse", "HEAD")


# %% wrong="land" name="lets git choose the side of the branch" fails="land-conflict land-refuses"
def land(repo, branch):
    try:
        repo.git("merge", "--no-ff", "-X", "theirs", "-m", f"Merge {branch}", branch)
    except GitError:
        files = repo.git("diff", "--name-only", "--diff-filter=U").splitlines()
        if files != ["features.txt"]:
            repo.git("merge", "--abort")
            raise MergeConflict(sorted(files)) from None
        main = repo.git("show", "main:features.txt").splitlines()
        other = repo.git("show", f"{branch}:features.txt").splitlines()
        repo.write("features.txt", "".join(line + "\n" for line in sorted({*main, *other})))
        repo.git("add", "features.txt")
        repo.git("commit", "-m", f"Merge {branch}")
    repo.git("branch", "-d", branch)
    return repo.git("rev-parse", "HEAD")


# %% wrong="land" name="main first, then the branch, nothing sorted" fails="land-conflict"
def land(repo, branch):
    try:
        repo.git("merge", "--no-ff", "-m", f"Merge {branch}", branch)
    except GitError:
        files = repo.git("diff", "--name-only", "--diff-filter=U").splitlines()
        if files != ["features.txt"]:
            repo.git("merge", "--abort")
            raise MergeConflict(sorted(files)) from None
        main = repo.git("show", "main:features.txt").splitlines()
        other = repo.git("show", f"{branch}:features.txt").splitlines()
        repo.write("features.txt", "".join(line + "\n" for line in dict.fromkeys([*main, *other])))
        repo.git("add", "features.txt")
        repo.git("commit", "-m", f"Merge {branch}")
    repo.git("branch", "-d", branch)
    return repo.git("rev-parse", "HEAD")


# %% wrong="land" name="keeps what both sides have added twice" fails="land-conflict"
def land(repo, branch):
    try:
        repo.git("merge", "--no-ff", "-m", f"Merge {branch}", branch)
    except GitError:
        files = repo.git("diff", "--name-only", "--diff-filter=U").splitlines()
        if files != ["features.txt"]:
            repo.git("merge", "--abort")
            raise MergeConflict(sorted(files)) from None
        main = repo.git("show", "main:features.txt").splitlines()
        other = repo.git("show", f"{branch}:features.txt").splitlines()
        other = [line for line in other if line not in main[:1]]
        repo.write("features.txt", "".join(line + "\n" for line in sorted(main + other)))
        repo.git("add", "features.txt")
        repo.git("commit", "-m", f"Merge {branch}")
    repo.git("branch", "-d", branch)
    return repo.git("rev-parse", "HEAD")


# %% wrong="land" name="only what is in both" fails="land-conflict"
def land(repo, branch):
    try:
        repo.git("merge", "--no-ff", "-m", f"Merge {branch}", branch)
    except GitError:
        files = repo.git("diff", "--name-only", "--diff-filter=U").splitlines()
        if files != ["features.txt"]:
            repo.git("merge", "--abort")
            raise MergeConflict(sorted(files)) from None
        main = repo.git("show", "main:features.txt").splitlines()
        other = repo.git("show", f"{branch}:features.txt").splitlines()
        repo.write("features.txt", "".join(line + "\n" for line in sorted({*main} & {*other})))
        repo.git("add", "features.txt")
        repo.git("commit", "-m", f"Merge {branch}")
    repo.git("branch", "-d", branch)
    return repo.git("rev-parse", "HEAD")


# %% wrong="land" name="no line end at the end" fails="land-conflict"
def land(repo, branch):
    try:
        repo.git("merge", "--no-ff", "-m", f"Merge {branch}", branch)
    except GitError:
        files = repo.git("diff", "--name-only", "--diff-filter=U").splitlines()
        if files != ["features.txt"]:
            repo.git("merge", "--abort")
            raise MergeConflict(sorted(files)) from None
        main = repo.git("show", "main:features.txt").splitlines()
        other = repo.git("show", f"{branch}:features.txt").splitlines()
        repo.write("features.txt", "\n".join(sorted({*main, *other})))
        repo.git("add", "features.txt")
        repo.git("commit", "-m", f"Merge {branch}")
    repo.git("branch", "-d", branch)
    return repo.git("rev-parse", "HEAD")


# %% wrong="land" name="takes every line that begins like a marker" fails="land-conflict"
def land(repo, branch):
    try:
        repo.git("merge", "--no-ff", "-m", f"Merge {branch}", branch)
    except GitError:
        files = repo.git("diff", "--name-only", "--diff-filter=U").splitlines()
        if files != ["features.txt"]:
            repo.git("merge", "--abort")
            raise MergeConflict(sorted(files)) from None
        main = [line for line in repo.read("features.txt").splitlines() if line[0] not in "<=>"]
        other = []
        repo.write("features.txt", "".join(line + "\n" for line in sorted({*main, *other})))
        repo.git("add", "features.txt")
        repo.git("commit", "-m", f"Merge {branch}")
    repo.git("branch", "-d", branch)
    return repo.git("rev-parse", "HEAD")


# %% wrong="land" name="sorts without regard to capitals" fails="land-conflict"
def land(repo, branch):
    try:
        repo.git("merge", "--no-ff", "-m", f"Merge {branch}", branch)
    except GitError:
        files = repo.git("diff", "--name-only", "--diff-filter=U").splitlines()
        if files != ["features.txt"]:
            repo.git("merge", "--abort")
            raise MergeConflict(sorted(files)) from None
        main = repo.git("show", "main:features.txt").splitlines()
        other = repo.git("show", f"{branch}:features.txt").splitlines()
        repo.write("features.txt", "".join(line + "\n" for line in sorted({*main, *other}, key=str.lower)))
        repo.git("add", "features.txt")
        repo.git("commit", "-m", f"Merge {branch}")
    repo.git("branch", "-d", branch)
    return repo.git("rev-parse", "HEAD")


# %% wrong="land" name="solves the first conflict of a file only" fails="land-conflict"
def land(repo, branch):
    try:
        repo.git("merge", "--no-ff", "-m", f"Merge {branch}", branch)
    except GitError:
        files = repo.git("diff", "--name-only", "--diff-filter=U").splitlines()
        if files != ["features.txt"]:
            repo.git("merge", "--abort")
            raise MergeConflict(sorted(files)) from None
        text = repo.read("features.txt")
        for mark in ("<<<<<<< HEAD\n", "=======\n", f">>>>>>> {branch}\n"):
            text = text.replace(mark, "", 1)
        main, other = text.splitlines(), []
        repo.write("features.txt", "".join(line + "\n" for line in sorted({*main, *other})))
        repo.git("add", "features.txt")
        repo.git("commit", "-m", f"Merge {branch}")
    repo.git("branch", "-d", branch)
    return repo.git("rev-parse", "HEAD")


# %% wrong="land" name="adds the file and forgets the commit" fails="land-conflict"
def land(repo, branch):
    try:
        repo.git("merge", "--no-ff", "-m", f"Merge {branch}", branch)
    except GitError:
        files = repo.git("diff", "--name-only", "--diff-filter=U").splitlines()
        if files != ["features.txt"]:
            repo.git("merge", "--abort")
            raise MergeConflict(sorted(files)) from None
        main = repo.git("show", "main:features.txt").splitlines()
        other = repo.git("show", f"{branch}:features.txt").splitlines()
        repo.write("features.txt", "".join(line + "\n" for line in sorted({*main, *other})))
        repo.git("add", "features.txt")
    repo.git("branch", "-D", branch)
    return repo.git("rev-parse", "HEAD")


# %% wrong="land" name="leaves the branch where there was a conflict" fails="land-conflict"
def land(repo, branch):
    try:
        repo.git("merge", "--no-ff", "-m", f"Merge {branch}", branch)
    except GitError:
        files = repo.git("diff", "--name-only", "--diff-filter=U").splitlines()
        if files != ["features.txt"]:
            repo.git("merge", "--abort")
            raise MergeConflict(sorted(files)) from None
        main = repo.git("show", "main:features.txt").splitlines()
        other = repo.git("show", f"{branch}:features.txt").splitlines()
        repo.write("features.txt", "".join(line + "\n" for line in sorted({*main, *other})))
        repo.git("add", "features.txt")
        repo.git("commit", "-m", f"Merge {branch}")
        return repo.git("rev-parse", "HEAD")
    repo.git("branch", "-d", branch)
    return repo.git("rev-parse", "HEAD")


# %% wrong="land" name="another message where there was a conflict" fails="land-conflict"
def land(repo, branch):
    try:
        repo.git("merge", "--no-ff", "-m", f"Merge {branch}", branch)
    except GitError:
        files = repo.git("diff", "--name-only", "--diff-filter=U").splitlines()
        if files != ["features.txt"]:
            repo.git("merge", "--abort")
            raise MergeConflict(sorted(files)) from None
        main = repo.git("show", "main:features.txt").splitlines()
        other = repo.git("show", f"{branch}:features.txt").splitlines()
        repo.write("features.txt", "".join(line + "\n" for line in sorted({*main, *other})))
        repo.git("add", "features.txt")
        repo.git("commit", "-m", "Solve the conflict in features.txt")
    repo.git("branch", "-d", branch)
    return repo.git("rev-parse", "HEAD")


# %% wrong="land" name="calls every conflict off" fails="land-conflict"
def land(repo, branch):
    try:
        repo.git("merge", "--no-ff", "-m", f"Merge {branch}", branch)
    except GitError:
        files = repo.git("diff", "--name-only", "--diff-filter=U").splitlines()
        if files:
            repo.git("merge", "--abort")
            raise MergeConflict(sorted(files)) from None
        main = repo.git("show", "main:features.txt").splitlines()
        other = repo.git("show", f"{branch}:features.txt").splitlines()
        repo.write("features.txt", "".join(line + "\n" for line in sorted({*main, *other})))
        repo.git("add", "features.txt")
        repo.git("commit", "-m", f"Merge {branch}")
    repo.git("branch", "-d", branch)
    return repo.git("rev-parse", "HEAD")


# %% wrong="land" name="calls it off, and writes the features by hand" fails="land-conflict"
def land(repo, branch):
    try:
        repo.git("merge", "--no-ff", "-m", f"Merge {branch}", branch)
    except GitError:
        files = repo.git("diff", "--name-only", "--diff-filter=U").splitlines()
        if files != ["features.txt"]:
            repo.git("merge", "--abort")
            raise MergeConflict(sorted(files)) from None
        main = repo.git("show", "main:features.txt").splitlines()
        other = repo.git("show", f"{branch}:features.txt").splitlines()
        repo.write("features.txt", "".join(line + "\n" for line in sorted({*main, *other})))
        text = repo.read("features.txt")
        repo.git("merge", "--abort")
        repo.write("features.txt", text)
        repo.git("add", "features.txt")
        repo.git("commit", "-m", f"Merge {branch}")
    repo.git("branch", "-D", branch)
    return repo.git("rev-parse", "HEAD")


# %% wrong="land" name="loses the branch's other files in a conflict" fails="land-conflict"
def land(repo, branch):
    try:
        repo.git("merge", "--no-ff", "-m", f"Merge {branch}", branch)
    except GitError:
        files = repo.git("diff", "--name-only", "--diff-filter=U").splitlines()
        if files != ["features.txt"]:
            repo.git("merge", "--abort")
            raise MergeConflict(sorted(files)) from None
        main = repo.git("show", "main:features.txt").splitlines()
        other = repo.git("show", f"{branch}:features.txt").splitlines()
        repo.write("features.txt", "".join(line + "\n" for line in sorted({*main, *other})))
        text = repo.read("features.txt")
        repo.git("checkout", "main", "--", ".")
        repo.git("rm", "-q", "-f", "--ignore-unmatch", "new.txt")
        repo.write("features.txt", text)
        repo.git("add", "features.txt")
        repo.git("commit", "-m", f"Merge {branch}")
    repo.git("branch", "-d", branch)
    return repo.git("rev-parse", "HEAD")


# %% wrong="land" name="does not call the merge off" fails="land-refuses"
def land(repo, branch):
    try:
        repo.git("merge", "--no-ff", "-m", f"Merge {branch}", branch)
    except GitError:
        files = repo.git("diff", "--name-only", "--diff-filter=U").splitlines()
        if files != ["features.txt"]:
            raise MergeConflict(sorted(files)) from None
        main = repo.git("show", "main:features.txt").splitlines()
        other = repo.git("show", f"{branch}:features.txt").splitlines()
        repo.write("features.txt", "".join(line + "\n" for line in sorted({*main, *other})))
        repo.git("add", "features.txt")
        repo.git("commit", "-m", f"Merge {branch}")
    repo.git("branch", "-d", branch)
    return repo.git("rev-parse", "HEAD")


# %% wrong="land" name="solves features.txt even if another file is in conflict" fails="land-refuses"
def land(repo, branch):
    try:
        repo.git("merge", "--no-ff", "-m", f"Merge {branch}", branch)
    except GitError:
        files = repo.git("diff", "--name-only", "--diff-filter=U").splitlines()
        if "features.txt" not in files:
            repo.git("merge", "--abort")
            raise MergeConflict(sorted(files)) from None
        main = repo.git("show", "main:features.txt").splitlines()
        other = repo.git("show", f"{branch}:features.txt").splitlines()
        repo.write("features.txt", "".join(line + "\n" for line in sorted({*main, *other})))
        repo.git("add", "features.txt")
        repo.git("commit", "-m", f"Merge {branch}")
    repo.git("branch", "-d", branch)
    return repo.git("rev-parse", "HEAD")


# %% wrong="land" name="names only the other files" fails="land-refuses"
def land(repo, branch):
    try:
        repo.git("merge", "--no-ff", "-m", f"Merge {branch}", branch)
    except GitError:
        files = repo.git("diff", "--name-only", "--diff-filter=U").splitlines()
        if files != ["features.txt"]:
            repo.git("merge", "--abort")
            raise MergeConflict([name for name in files if name != "features.txt"]) from None
        main = repo.git("show", "main:features.txt").splitlines()
        other = repo.git("show", f"{branch}:features.txt").splitlines()
        repo.write("features.txt", "".join(line + "\n" for line in sorted({*main, *other})))
        repo.git("add", "features.txt")
        repo.git("commit", "-m", f"Merge {branch}")
    repo.git("branch", "-d", branch)
    return repo.git("rev-parse", "HEAD")


# %% wrong="land" name="cuts names at their spaces" fails="land-refuses"
def land(repo, branch):
    try:
        repo.git("merge", "--no-ff", "-m", f"Merge {branch}", branch)
    except GitError:
        files = repo.git("diff", "--name-only", "--diff-filter=U").split()
        if files != ["features.txt"]:
            repo.git("merge", "--abort")
            raise MergeConflict(sorted(files)) from None
        main = repo.git("show", "main:features.txt").splitlines()
        other = repo.git("show", f"{branch}:features.txt").splitlines()
        repo.write("features.txt", "".join(line + "\n" for line in sorted({*main, *other})))
        repo.git("add", "features.txt")
        repo.git("commit", "-m", f"Merge {branch}")
    repo.git("branch", "-d", branch)
    return repo.git("rev-parse", "HEAD")


# %% wrong="land" name="names only what both sides changed" fails="land-refuses"
def land(repo, branch):
    try:
        repo.git("merge", "--no-ff", "-m", f"Merge {branch}", branch)
    except GitError:
        files = [line[3:].strip('"') for line in repo.git("status", "--short").splitlines() if line.startswith("UU")]
        if files != ["features.txt"]:
            repo.git("merge", "--abort")
            raise MergeConflict(sorted(files)) from None
        main = repo.git("show", "main:features.txt").splitlines()
        other = repo.git("show", f"{branch}:features.txt").splitlines()
        repo.write("features.txt", "".join(line + "\n" for line in sorted({*main, *other})))
        repo.git("add", "features.txt")
        repo.git("commit", "-m", f"Merge {branch}")
    repo.git("branch", "-d", branch)
    return repo.git("rev-parse", "HEAD")


# %% wrong="land" name="lets the error of git through" fails="land-refuses"
def land(repo, branch):
    try:
        repo.git("merge", "--no-ff", "-m", f"Merge {branch}", branch)
    except GitError:
        files = repo.git("diff", "--name-only", "--diff-filter=U").splitlines()
        if files != ["features.txt"]:
            repo.git("merge", "--abort")
            raise
        main = repo.git("show", "main:features.txt").splitlines()
        other = repo.git("show", f"{branch}:features.txt").splitlines()
        repo.write("features.txt", "".join(line + "\n" for line in sorted({*main, *other})))
        repo.git("add", "features.txt")
        repo.git("commit", "-m", f"Merge {branch}")
    repo.git("branch", "-d", branch)
    return repo.git("rev-parse", "HEAD")


# %% wrong="land" name="names all files that differ" fails="land-refuses"
def land(repo, branch):
    try:
        repo.git("merge", "--no-ff", "-m", f"Merge {branch}", branch)
    except GitError:
        files = repo.git("diff", "--name-only", "main", branch).splitlines()
        if not {*files} <= {"features.txt", "shops.csv", "new.txt"}:
            repo.git("merge", "--abort")
            raise MergeConflict(sorted(files)) from None
        main = repo.git("show", "main:features.txt").splitlines()
        other = repo.git("show", f"{branch}:features.txt").splitlines()
        repo.write("features.txt", "".join(line + "\n" for line in sorted({*main, *other})))
        repo.git("add", "features.txt")
        repo.git("commit", "-m", f"Merge {branch}")
    repo.git("branch", "-d", branch)
    return repo.git("rev-parse", "HEAD")


# %% wrong="land" name="throws main back by one commit" fails="land-refuses"
def land(repo, branch):
    try:
        repo.git("merge", "--no-ff", "-m", f"Merge {branch}", branch)
    except GitError:
        files = repo.git("diff", "--name-only", "--diff-filter=U").splitlines()
        if files != ["features.txt"]:
            repo.git("reset", "--hard", "HEAD~1")
            raise MergeConflict(sorted(files)) from None
        main = repo.git("show", "main:features.txt").splitlines()
        other = repo.git("show", f"{branch}:features.txt").splitlines()
        repo.write("features.txt", "".join(line + "\n" for line in sorted({*main, *other})))
        repo.git("add", "features.txt")
        repo.git("commit", "-m", f"Merge {branch}")
    repo.git("branch", "-d", branch)
    return repo.git("rev-parse", "HEAD")


# %% [markdown]
# ## package


# %% right="package" name="packages named one by one, data for all of them"
PYPROJECT = """
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "breadscore"
dynamic = ["version"]
description = "Scores"
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["numpy>=2.0"]

[project.optional-dependencies]
test = ["pytest>=8"]

[project.scripts]
breadscore = "breadscore.terminal:main"

[tool.setuptools.dynamic]
version = {attr = "breadscore.__version__"}

[tool.setuptools]
packages = ["breadscore", "breadscore.calendar"]
package-dir = {"" = "src"}

[tool.setuptools.package-data]
"*" = ["*.csv"]
"""


# %% right="package" name="found below src, a range for Python, dotted keys"
PYPROJECT = """
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "breadscore"
dynamic = ["version"]
description = "Scores"
readme = "README.md"
requires-python = ">=3.11,<4"
dependencies = ["numpy >= 2"]

[project.optional-dependencies]
test = ["pytest>=8"]

[project.scripts]
breadscore = "breadscore.terminal:main"

[tool.setuptools.packages.find]
where = ["src"]

[tool.setuptools]
dynamic.version.attr = "breadscore.__version__"

[tool.setuptools.package-data]
breadscore = ["calendar/*.csv"]
"""


# %% wrong="package" name="forgets the data file" fails="package-builds package-works"
PYPROJECT = """
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "breadscore"
dynamic = ["version"]
description = "Scores"
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["numpy>=2.0"]

[project.optional-dependencies]
test = ["pytest>=8"]

[project.scripts]
breadscore = "breadscore.terminal:main"

[tool.setuptools.dynamic]
version = {attr = "breadscore.__version__"}

"""


# %% wrong="package" name="names the one data file" fails="package-builds"
PYPROJECT = """
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "breadscore"
dynamic = ["version"]
description = "Scores"
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["numpy>=2.0"]

[project.optional-dependencies]
test = ["pytest>=8"]

[project.scripts]
breadscore = "breadscore.terminal:main"

[tool.setuptools.dynamic]
version = {attr = "breadscore.__version__"}

[tool.setuptools.package-data]
"breadscore.calendar" = ["closed.csv"]
"""


# %% wrong="package" name="data of the wrong package" fails="package-builds"
PYPROJECT = """
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "breadscore"
dynamic = ["version"]
description = "Scores"
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["numpy>=2.0"]

[project.optional-dependencies]
test = ["pytest>=8"]

[project.scripts]
breadscore = "breadscore.terminal:main"

[tool.setuptools.dynamic]
version = {attr = "breadscore.__version__"}

[tool.setuptools.package-data]
"breadscore" = ["*.csv"]
"""


# %% wrong="package" name="only the top package" fails="package-builds"
PYPROJECT = """
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "breadscore"
dynamic = ["version"]
description = "Scores"
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["numpy>=2.0"]

[project.optional-dependencies]
test = ["pytest>=8"]

[project.scripts]
breadscore = "breadscore.terminal:main"

[tool.setuptools.dynamic]
version = {attr = "breadscore.__version__"}

[tool.setuptools]
packages = ["breadscore"]
package-dir = {"" = "src"}

[tool.setuptools.package-data]
"breadscore.calendar" = ["*.csv"]
"""


# %% wrong="package" name="packs the tests as well" fails="package-builds"
PYPROJECT = """
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "breadscore"
dynamic = ["version"]
description = "Scores"
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["numpy>=2.0"]

[project.optional-dependencies]
test = ["pytest>=8"]

[project.scripts]
breadscore = "breadscore.terminal:main"

[tool.setuptools.dynamic]
version = {attr = "breadscore.__version__"}

[tool.setuptools]
packages = ["breadscore", "breadscore.calendar", "tests"]
package-dir = {breadscore = "src/breadscore", tests = "tests"}

[tool.setuptools.package-data]
"breadscore.calendar" = ["*.csv"]
"""


# %% wrong="package" name="takes src for the package" fails="package-builds"
PYPROJECT = """
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "breadscore"
dynamic = ["version"]
description = "Scores"
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["numpy>=2.0"]

[project.optional-dependencies]
test = ["pytest>=8"]

[project.scripts]
breadscore = "breadscore.terminal:main"

[tool.setuptools.dynamic]
version = {attr = "src.breadscore.__version__"}

[tool.setuptools]
packages = ["src", "src.breadscore", "src.breadscore.calendar"]

[tool.setuptools.package-data]
"breadscore.calendar" = ["*.csv"]
"""


# %% wrong="package" name="another name" fails="package-builds"
PYPROJECT = """
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "bread-score"
dynamic = ["version"]
description = "Scores"
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["numpy>=2.0"]

[project.optional-dependencies]
test = ["pytest>=8"]

[project.scripts]
breadscore = "breadscore.terminal:main"

[tool.setuptools.dynamic]
version = {attr = "breadscore.__version__"}

[tool.setuptools.package-data]
"breadscore.calendar" = ["*.csv"]
"""


# %% wrong="package" name="another build backend" fails="package-builds"
PYPROJECT = """
[build-system]
requires = ["setuptools>=77"]
build-backend = "hatchling.build"

[project]
name = "breadscore"
dynamic = ["version"]
description = "Scores"
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["numpy>=2.0"]

[project.optional-dependencies]
test = ["pytest>=8"]

[project.scripts]
breadscore = "breadscore.terminal:main"

[tool.setuptools.dynamic]
version = {attr = "breadscore.__version__"}

[tool.setuptools.package-data]
"breadscore.calendar" = ["*.csv"]
"""


# %% wrong="package" name="does not say that it is built by setuptools" fails="package-builds"
PYPROJECT = """
[build-system]
requires = []
build-backend = "setuptools.build_meta"

[project]
name = "breadscore"
dynamic = ["version"]
description = "Scores"
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["numpy>=2.0"]

[project.optional-dependencies]
test = ["pytest>=8"]

[project.scripts]
breadscore = "breadscore.terminal:main"

[tool.setuptools.dynamic]
version = {attr = "breadscore.__version__"}

[tool.setuptools.package-data]
"breadscore.calendar" = ["*.csv"]
"""


# %% wrong="package" name="a table without its bracket" fails="package-builds"
PYPROJECT = """
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project
name = "breadscore"
dynamic = ["version"]
description = "Scores"
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["numpy>=2.0"]

[project.optional-dependencies]
test = ["pytest>=8"]

[project.scripts]
breadscore = "breadscore.terminal:main"

[tool.setuptools.dynamic]
version = {attr = "breadscore.__version__"}

[tool.setuptools.package-data]
"breadscore.calendar" = ["*.csv"]
"""


# %% wrong="package" name="a license file that is none" fails="package-builds"
PYPROJECT = """
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "breadscore"
dynamic = ["version"]
description = "Scores"
readme = ["README.md"]
requires-python = ">=3.11"
dependencies = ["numpy>=2.0"]

[project.optional-dependencies]
test = ["pytest>=8"]

[project.scripts]
breadscore = "breadscore.terminal:main"

[tool.setuptools.dynamic]
version = {attr = "breadscore.__version__"}

[tool.setuptools.package-data]
"breadscore.calendar" = ["*.csv"]
"""


# %% wrong="package" name="the version a second time" fails="package-version"
PYPROJECT = """
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "breadscore"
version = "1.0.0"
description = "Scores"
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["numpy>=2.0"]

[project.optional-dependencies]
test = ["pytest>=8"]

[project.scripts]
breadscore = "breadscore.terminal:main"


[tool.setuptools.package-data]
"breadscore.calendar" = ["*.csv"]
"""


# %% wrong="package" name="no version at all" fails="package-version"
PYPROJECT = """
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "breadscore"
dynamic = ["version"]
description = "Scores"
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["numpy>=2.0"]

[project.optional-dependencies]
test = ["pytest>=8"]

[project.scripts]
breadscore = "breadscore.terminal:main"


[tool.setuptools.package-data]
"breadscore.calendar" = ["*.csv"]
"""


# %% wrong="package" name="no command" fails="package-works"
PYPROJECT = """
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "breadscore"
dynamic = ["version"]
description = "Scores"
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["numpy>=2.0"]

[project.optional-dependencies]
test = ["pytest>=8"]


[tool.setuptools.dynamic]
version = {attr = "breadscore.__version__"}

[tool.setuptools.package-data]
"breadscore.calendar" = ["*.csv"]
"""


# %% wrong="package" name="the command names the module and no function" fails="package-works"
PYPROJECT = """
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "breadscore"
dynamic = ["version"]
description = "Scores"
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["numpy>=2.0"]

[project.optional-dependencies]
test = ["pytest>=8"]

[project.scripts]
breadscore = "breadscore.terminal"

[tool.setuptools.dynamic]
version = {attr = "breadscore.__version__"}

[tool.setuptools.package-data]
"breadscore.calendar" = ["*.csv"]
"""


# %% wrong="package" name="the command names the folder src" fails="package-works"
PYPROJECT = """
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "breadscore"
dynamic = ["version"]
description = "Scores"
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["numpy>=2.0"]

[project.optional-dependencies]
test = ["pytest>=8"]

[project.scripts]
breadscore = "src.breadscore.terminal:main"

[tool.setuptools.dynamic]
version = {attr = "breadscore.__version__"}

[tool.setuptools.package-data]
"breadscore.calendar" = ["*.csv"]
"""


# %% wrong="package" name="the command is called otherwise" fails="package-works"
PYPROJECT = """
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "breadscore"
dynamic = ["version"]
description = "Scores"
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["numpy>=2.0"]

[project.optional-dependencies]
test = ["pytest>=8"]

[project.scripts]
score = "breadscore.terminal:main"

[tool.setuptools.dynamic]
version = {attr = "breadscore.__version__"}

[tool.setuptools.package-data]
"breadscore.calendar" = ["*.csv"]
"""


# %% wrong="package" name="the command calls another function" fails="package-works"
PYPROJECT = """
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "breadscore"
dynamic = ["version"]
description = "Scores"
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["numpy>=2.0"]

[project.optional-dependencies]
test = ["pytest>=8"]

[project.scripts]
breadscore = "breadscore:wape"

[tool.setuptools.dynamic]
version = {attr = "breadscore.__version__"}

[tool.setuptools.package-data]
"breadscore.calendar" = ["*.csv"]
"""


# %% wrong="package" name="the command is no function of the module" fails="package-works"
PYPROJECT = """
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "breadscore"
dynamic = ["version"]
description = "Scores"
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["numpy>=2.0"]

[project.optional-dependencies]
test = ["pytest>=8"]

[project.scripts]
breadscore = "breadscore.terminal:__doc__.strip"

[tool.setuptools.dynamic]
version = {attr = "breadscore.__version__"}

[tool.setuptools.package-data]
"breadscore.calendar" = ["*.csv"]
"""


# %% wrong="package" name="numpy pinned to one version" fails="package-metadata"
PYPROJECT = """
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "breadscore"
dynamic = ["version"]
description = "Scores"
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["numpy==2.4.1"]

[project.optional-dependencies]
test = ["pytest>=8"]

[project.scripts]
breadscore = "breadscore.terminal:main"

[tool.setuptools.dynamic]
version = {attr = "breadscore.__version__"}

[tool.setuptools.package-data]
"breadscore.calendar" = ["*.csv"]
"""


# %% wrong="package" name="numpy below 3" fails="package-metadata"
PYPROJECT = """
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "breadscore"
dynamic = ["version"]
description = "Scores"
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["numpy>=2.0,<3"]

[project.optional-dependencies]
test = ["pytest>=8"]

[project.scripts]
breadscore = "breadscore.terminal:main"

[tool.setuptools.dynamic]
version = {attr = "breadscore.__version__"}

[tool.setuptools.package-data]
"breadscore.calendar" = ["*.csv"]
"""


# %% wrong="package" name="numpy of any age" fails="package-metadata"
PYPROJECT = """
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "breadscore"
dynamic = ["version"]
description = "Scores"
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["numpy"]

[project.optional-dependencies]
test = ["pytest>=8"]

[project.scripts]
breadscore = "breadscore.terminal:main"

[tool.setuptools.dynamic]
version = {attr = "breadscore.__version__"}

[tool.setuptools.package-data]
"breadscore.calendar" = ["*.csv"]
"""


# %% wrong="package" name="numpy above 2.0" fails="package-metadata"
PYPROJECT = """
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "breadscore"
dynamic = ["version"]
description = "Scores"
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["numpy>2.0"]

[project.optional-dependencies]
test = ["pytest>=8"]

[project.scripts]
breadscore = "breadscore.terminal:main"

[tool.setuptools.dynamic]
version = {attr = "breadscore.__version__"}

[tool.setuptools.package-data]
"breadscore.calendar" = ["*.csv"]
"""


# %% wrong="package" name="pytest for everybody" fails="package-metadata"
PYPROJECT = """
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "breadscore"
dynamic = ["version"]
description = "Scores"
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["numpy>=2.0", "pytest>=8"]

[project.optional-dependencies]
test = ["pytest>=8"]

[project.scripts]
breadscore = "breadscore.terminal:main"

[tool.setuptools.dynamic]
version = {attr = "breadscore.__version__"}

[tool.setuptools.package-data]
"breadscore.calendar" = ["*.csv"]
"""


# %% wrong="package" name="pytest of any age" fails="package-metadata"
PYPROJECT = """
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "breadscore"
dynamic = ["version"]
description = "Scores"
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["numpy>=2.0"]

[project.optional-dependencies]
test = ["pytest"]

[project.scripts]
breadscore = "breadscore.terminal:main"

[tool.setuptools.dynamic]
version = {attr = "breadscore.__version__"}

[tool.setuptools.package-data]
"breadscore.calendar" = ["*.csv"]
"""


# %% wrong="package" name="no numpy" fails="package-metadata"
PYPROJECT = """
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "breadscore"
dynamic = ["version"]
description = "Scores"
readme = "README.md"
requires-python = ">=3.11"

[project.optional-dependencies]
test = ["pytest>=8"]

[project.scripts]
breadscore = "breadscore.terminal:main"

[tool.setuptools.dynamic]
version = {attr = "breadscore.__version__"}

[tool.setuptools.package-data]
"breadscore.calendar" = ["*.csv"]
"""


# %% wrong="package" name="the extra has another name" fails="package-metadata"
PYPROJECT = """
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "breadscore"
dynamic = ["version"]
description = "Scores"
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["numpy>=2.0"]

[project.optional-dependencies]
dev = ["pytest>=8"]

[project.scripts]
breadscore = "breadscore.terminal:main"

[tool.setuptools.dynamic]
version = {attr = "breadscore.__version__"}

[tool.setuptools.package-data]
"breadscore.calendar" = ["*.csv"]
"""


# %% wrong="package" name="only Python 3.11" fails="package-metadata"
PYPROJECT = """
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "breadscore"
dynamic = ["version"]
description = "Scores"
readme = "README.md"
requires-python = "==3.11.*"
dependencies = ["numpy>=2.0"]

[project.optional-dependencies]
test = ["pytest>=8"]

[project.scripts]
breadscore = "breadscore.terminal:main"

[tool.setuptools.dynamic]
version = {attr = "breadscore.__version__"}

[tool.setuptools.package-data]
"breadscore.calendar" = ["*.csv"]
"""


# %% wrong="package" name="Python above 3.11" fails="package-metadata"
PYPROJECT = """
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "breadscore"
dynamic = ["version"]
description = "Scores"
readme = "README.md"
requires-python = ">3.11"
dependencies = ["numpy>=2.0"]

[project.optional-dependencies]
test = ["pytest>=8"]

[project.scripts]
breadscore = "breadscore.terminal:main"

[tool.setuptools.dynamic]
version = {attr = "breadscore.__version__"}

[tool.setuptools.package-data]
"breadscore.calendar" = ["*.csv"]
"""


# %% wrong="package" name="any Python 3" fails="package-metadata"
PYPROJECT = """
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "breadscore"
dynamic = ["version"]
description = "Scores"
readme = "README.md"
requires-python = ">=3"
dependencies = ["numpy>=2.0"]

[project.optional-dependencies]
test = ["pytest>=8"]

[project.scripts]
breadscore = "breadscore.terminal:main"

[tool.setuptools.dynamic]
version = {attr = "breadscore.__version__"}

[tool.setuptools.package-data]
"breadscore.calendar" = ["*.csv"]
"""


# %% wrong="package" name="says nothing about Python" fails="package-metadata"
PYPROJECT = """
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "breadscore"
dynamic = ["version"]
description = "Scores"
readme = "README.md"
dependencies = ["numpy>=2.0"]

[project.optional-dependencies]
test = ["pytest>=8"]

[project.scripts]
breadscore = "breadscore.terminal:main"

[tool.setuptools.dynamic]
version = {attr = "breadscore.__version__"}

[tool.setuptools.package-data]
"breadscore.calendar" = ["*.csv"]
"""


# %% wrong="package" name="no README" fails="package-metadata"
PYPROJECT = """
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "breadscore"
dynamic = ["version"]
description = "Scores"
requires-python = ">=3.11"
dependencies = ["numpy>=2.0"]

[project.optional-dependencies]
test = ["pytest>=8"]

[project.scripts]
breadscore = "breadscore.terminal:main"

[tool.setuptools.dynamic]
version = {attr = "breadscore.__version__"}

[tool.setuptools.package-data]
"breadscore.calendar" = ["*.csv"]
"""


# %% wrong="package" name="no description" fails="package-metadata"
PYPROJECT = """
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "breadscore"
dynamic = ["version"]
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["numpy>=2.0"]

[project.optional-dependencies]
test = ["pytest>=8"]

[project.scripts]
breadscore = "breadscore.terminal:main"

[tool.setuptools.dynamic]
version = {attr = "breadscore.__version__"}

[tool.setuptools.package-data]
"breadscore.calendar" = ["*.csv"]
"""


# %% [markdown]
# ## write-tests


# %% right="write-tests" name="one test for each sentence"
# %%writefile test_breadscore.py
import pytest

from breadscore import wape, worst_shops


def test_wape():
    assert wape([10, 41, 0], [13, 31, 2]) == pytest.approx(15 / 51)


def test_lengths():
    with pytest.raises(ValueError):
        wape([1, 2], [1])
    with pytest.raises(ValueError):
        wape([1], [1, 2])


def test_nothing_sold():
    with pytest.raises(ValueError):
        wape([0, 0], [1, 2])
    with pytest.raises(ValueError):
        wape([], [])


def test_wape_keeps_lists():
    sold, forecast = [5, 1], [4, 3]
    wape(sold, forecast)
    assert sold == [5, 1] and forecast == [4, 3]


ERRORS = {"Quay": 0.0, "Mill": 0.25, "Dock": 0.5, "Arch": 0.25}


def test_order():
    assert worst_shops(dict(ERRORS), 4) == ["Dock", "Arch", "Mill", "Quay"]
    assert worst_shops(dict(ERRORS), 2) == ["Dock", "Arch"]


def test_borders():
    assert worst_shops(dict(ERRORS), 0) == []
    assert len(worst_shops(dict(ERRORS), 7)) == 4


def test_negative():
    with pytest.raises(ValueError):
        worst_shops(dict(ERRORS), -1)


def test_keeps_errors():
    errors = dict(ERRORS)
    worst_shops(errors, 2)
    assert errors == ERRORS


# %% right="write-tests" name="an oracle on many random inputs"
# %%writefile test_breadscore.py
import copy
import random

import breadscore
import pytest


class TestWape:
    def test_many(self):
        draw = random.Random(1)
        for days in (1, 2, 3, 30):
            sold = [draw.choice([0, 1, 7, 40]) for _ in range(days)] + [3, 0]
            forecast = [draw.randint(0, 50) for _ in sold]
            given = copy.deepcopy((sold, forecast))
            expected = sum(max(s, f) - min(s, f) for s, f in zip(sold, forecast)) / sum(sold)
            assert abs(breadscore.wape(sold, forecast) - expected) < 1e-6
            assert (sold, forecast) == given

    @pytest.mark.parametrize(
        "sold, forecast",
        [([3], []), ([], [3]), ([3], [3, 0]), ([3, 1], [3]), ([], []), ([0], [1])],
    )
    def test_refuses(self, sold, forecast):
        with pytest.raises(ValueError):
            breadscore.wape(sold, forecast)


def test_worst_shops():
    draw = random.Random(2)
    for k in range(12):
        errors = {draw.choice("abcdefghijkl"): draw.choice([0, 0.1, 0.2]) for _ in range(14)}
        given = dict(errors)
        assert breadscore.worst_shops(errors, k) == sorted(sorted(errors), key=errors.get, reverse=True)[:k]
        assert errors == given


@pytest.mark.parametrize("k", [-1, -2, -100])
def test_negative(k):
    pytest.raises(ValueError, breadscore.worst_shops, {"a": 0.5, "b": 0.1}, k)


# %% wrong="write-tests" name="only that it runs" fails="write-tests-coarse write-tests-fine write-tests-hidden"
# %%writefile test_breadscore.py
from breadscore import wape, worst_shops


def test_wape():
    wape([1, 2], [2, 1])


def test_worst_shops():
    assert isinstance(worst_shops({"a": 1.0}, 1), list)


# %% wrong="write-tests" name="no tests" fails="write-tests-coarse"
# %%writefile test_breadscore.py
import breadscore


# %% wrong="write-tests" name="a file that pytest cannot read" fails="write-tests-coarse"
# %%writefile test_breadscore.py
import pytest

from breadscore import wape, worst_shops


def test_wape()
    assert wape([10, 41, 0], [13, 31, 2]) == pytest.approx(15 / 51)


def test_lengths():
    with pytest.raises(ValueError):
        wape([1, 2], [1])
    with pytest.raises(ValueError):
        wape([1], [1, 2])


def test_nothing_sold():
    with pytest.raises(ValueError):
        wape([0, 0], [1, 2])
    with pytest.raises(ValueError):
        wape([], [])


def test_wape_keeps_lists():
    sold, forecast = [5, 1], [4, 3]
    wape(sold, forecast)
    assert sold == [5, 1] and forecast == [4, 3]


ERRORS = {"Quay": 0.0, "Mill": 0.25, "Dock": 0.5, "Arch": 0.25}


def test_order():
    assert worst_shops(dict(ERRORS), 4) == ["Dock", "Arch", "Mill", "Quay"]
    assert worst_shops(dict(ERRORS), 2) == ["Dock", "Arch"]


def test_borders():
    assert worst_shops(dict(ERRORS), 0) == []
    assert len(worst_shops(dict(ERRORS), 7)) == 4


def test_negative():
    with pytest.raises(ValueError):
        worst_shops(dict(ERRORS), -1)


def test_keeps_errors():
    errors = dict(ERRORS)
    worst_shops(errors, 2)
    assert errors == ERRORS


# %% wrong="write-tests" name="imports from a module that is not promised" fails="write-tests-coarse"
# %%writefile test_breadscore.py
import pytest

from breadscore.scores import wape, worst_shops


def test_wape():
    assert wape([10, 41, 0], [13, 31, 2]) == pytest.approx(15 / 51)


def test_lengths():
    with pytest.raises(ValueError):
        wape([1, 2], [1])
    with pytest.raises(ValueError):
        wape([1], [1, 2])


def test_nothing_sold():
    with pytest.raises(ValueError):
        wape([0, 0], [1, 2])
    with pytest.raises(ValueError):
        wape([], [])


def test_wape_keeps_lists():
    sold, forecast = [5, 1], [4, 3]
    wape(sold, forecast)
    assert sold == [5, 1] and forecast == [4, 3]


ERRORS = {"Quay": 0.0, "Mill": 0.25, "Dock": 0.5, "Arch": 0.25}


def test_order():
    assert worst_shops(dict(ERRORS), 4) == ["Dock", "Arch", "Mill", "Quay"]
    assert worst_shops(dict(ERRORS), 2) == ["Dock", "Arch"]


def test_borders():
    assert worst_shops(dict(ERRORS), 0) == []
    assert len(worst_shops(dict(ERRORS), 7)) == 4


def test_negative():
    with pytest.raises(ValueError):
        worst_shops(dict(ERRORS), -1)


def test_keeps_errors():
    errors = dict(ERRORS)
    worst_shops(errors, 2)
    assert errors == ERRORS


# %% wrong="write-tests" name="floats compared by ==" fails="write-tests-coarse"
# %%writefile test_breadscore.py
import pytest

from breadscore import wape, worst_shops


def test_wape():
    assert wape([0.1, 0.2, 0.3], [0.4, 0.1, 0.7]) == 0.7999999999999999 / 0.6000000000000001


def test_lengths():
    with pytest.raises(ValueError):
        wape([1, 2], [1])
    with pytest.raises(ValueError):
        wape([1], [1, 2])


def test_nothing_sold():
    with pytest.raises(ValueError):
        wape([0, 0], [1, 2])
    with pytest.raises(ValueError):
        wape([], [])


def test_wape_keeps_lists():
    sold, forecast = [5, 1], [4, 3]
    wape(sold, forecast)
    assert sold == [5, 1] and forecast == [4, 3]


ERRORS = {"Quay": 0.0, "Mill": 0.25, "Dock": 0.5, "Arch": 0.25}


def test_order():
    assert worst_shops(dict(ERRORS), 4) == ["Dock", "Arch", "Mill", "Quay"]
    assert worst_shops(dict(ERRORS), 2) == ["Dock", "Arch"]


def test_borders():
    assert worst_shops(dict(ERRORS), 0) == []
    assert len(worst_shops(dict(ERRORS), 7)) == 4


def test_negative():
    with pytest.raises(ValueError):
        worst_shops(dict(ERRORS), -1)


def test_keeps_errors():
    errors = dict(ERRORS)
    worst_shops(errors, 2)
    assert errors == ERRORS


# %% wrong="write-tests" name="demands the wording of an error" fails="write-tests-coarse"
# %%writefile test_breadscore.py
import pytest

from breadscore import wape, worst_shops


def test_wape():
    assert wape([10, 41, 0], [13, 31, 2]) == pytest.approx(15 / 51)


def test_lengths():
    with pytest.raises(ValueError, match="length"):
        wape([1, 2], [1])
    with pytest.raises(ValueError):
        wape([1], [1, 2])


def test_nothing_sold():
    with pytest.raises(ValueError):
        wape([0, 0], [1, 2])
    with pytest.raises(ValueError):
        wape([], [])


def test_wape_keeps_lists():
    sold, forecast = [5, 1], [4, 3]
    wape(sold, forecast)
    assert sold == [5, 1] and forecast == [4, 3]


ERRORS = {"Quay": 0.0, "Mill": 0.25, "Dock": 0.5, "Arch": 0.25}


def test_order():
    assert worst_shops(dict(ERRORS), 4) == ["Dock", "Arch", "Mill", "Quay"]
    assert worst_shops(dict(ERRORS), 2) == ["Dock", "Arch"]


def test_borders():
    assert worst_shops(dict(ERRORS), 0) == []
    assert len(worst_shops(dict(ERRORS), 7)) == 4


def test_negative():
    with pytest.raises(ValueError):
        worst_shops(dict(ERRORS), -1)


def test_keeps_errors():
    errors = dict(ERRORS)
    worst_shops(errors, 2)
    assert errors == ERRORS


# %% wrong="write-tests" name="demands exactly a ValueError" fails="write-tests-coarse"
# %%writefile test_breadscore.py
import pytest

from breadscore import wape, worst_shops


def test_wape():
    assert wape([10, 41, 0], [13, 31, 2]) == pytest.approx(15 / 51)


def test_lengths():
    with pytest.raises(ValueError):
        wape([1, 2], [1])
    with pytest.raises(ValueError):
        wape([1], [1, 2])


def test_nothing_sold():
    with pytest.raises(ValueError):
        wape([0, 0], [1, 2])
    with pytest.raises(ValueError):
        wape([], [])


def test_wape_keeps_lists():
    sold, forecast = [5, 1], [4, 3]
    wape(sold, forecast)
    assert sold == [5, 1] and forecast == [4, 3]


ERRORS = {"Quay": 0.0, "Mill": 0.25, "Dock": 0.5, "Arch": 0.25}


def test_order():
    assert worst_shops(dict(ERRORS), 4) == ["Dock", "Arch", "Mill", "Quay"]
    assert worst_shops(dict(ERRORS), 2) == ["Dock", "Arch"]


def test_borders():
    assert worst_shops(dict(ERRORS), 0) == []
    assert len(worst_shops(dict(ERRORS), 7)) == 4


def test_negative():
    with pytest.raises(ValueError) as caught:
        worst_shops(dict(ERRORS), -1)
    assert caught.type is ValueError


def test_keeps_errors():
    errors = dict(ERRORS)
    worst_shops(errors, 2)
    assert errors == ERRORS


# %% wrong="write-tests" name="skips what it is not sure of" fails="write-tests-coarse"
# %%writefile test_breadscore.py
import pytest

from breadscore import wape, worst_shops


def test_wape():
    assert wape([10, 41, 0], [13, 31, 2]) == pytest.approx(15 / 51)


def test_lengths():
    with pytest.raises(ValueError):
        wape([1, 2], [1])
    with pytest.raises(ValueError):
        wape([1], [1, 2])


def test_nothing_sold():
    with pytest.raises(ValueError):
        wape([0, 0], [1, 2])
    with pytest.raises(ValueError):
        wape([], [])


def test_wape_keeps_lists():
    sold, forecast = [5, 1], [4, 3]
    wape(sold, forecast)
    assert sold == [5, 1] and forecast == [4, 3]


ERRORS = {"Quay": 0.0, "Mill": 0.25, "Dock": 0.5, "Arch": 0.25}


def test_order():
    assert worst_shops(dict(ERRORS), 4) == ["Dock", "Arch", "Mill", "Quay"]
    assert worst_shops(dict(ERRORS), 2) == ["Dock", "Arch"]


def test_borders():
    assert worst_shops(dict(ERRORS), 0) == []
    assert len(worst_shops(dict(ERRORS), 7)) == 4


@pytest.mark.skip("later")
def test_negative():
    with pytest.raises(ValueError):
        worst_shops(dict(ERRORS), -1)


def test_keeps_errors():
    errors = dict(ERRORS)
    worst_shops(errors, 2)
    assert errors == ERRORS


# %% wrong="write-tests" name="expects a test to fail" fails="write-tests-coarse"
# %%writefile test_breadscore.py
import pytest

from breadscore import wape, worst_shops


def test_wape():
    assert wape([10, 41, 0], [13, 31, 2]) == pytest.approx(15 / 51)


def test_lengths():
    with pytest.raises(ValueError):
        wape([1, 2], [1])
    with pytest.raises(ValueError):
        wape([1], [1, 2])


def test_nothing_sold():
    with pytest.raises(ValueError):
        wape([0, 0], [1, 2])
    with pytest.raises(ValueError):
        wape([], [])


def test_wape_keeps_lists():
    sold, forecast = [5, 1], [4, 3]
    wape(sold, forecast)
    assert sold == [5, 1] and forecast == [4, 3]


ERRORS = {"Quay": 0.0, "Mill": 0.25, "Dock": 0.5, "Arch": 0.25}


def test_order():
    assert worst_shops(dict(ERRORS), 4) == ["Dock", "Arch", "Mill", "Quay"]
    assert worst_shops(dict(ERRORS), 2) == ["Dock", "Arch"]


def test_borders():
    assert worst_shops(dict(ERRORS), 0) == []
    assert len(worst_shops(dict(ERRORS), 7)) == 4


@pytest.mark.xfail
def test_negative():
    assert worst_shops(dict(ERRORS), -1) == []


def test_keeps_errors():
    errors = dict(ERRORS)
    worst_shops(errors, 2)
    assert errors == ERRORS


# %% wrong="write-tests" name="ends Python" fails="write-tests-coarse"
# %%writefile test_breadscore.py
import pytest

from breadscore import wape, worst_shops


def test_wape():
    import os

    os._exit(0)
    assert wape([10, 41, 0], [13, 31, 2]) == pytest.approx(15 / 51)


def test_lengths():
    with pytest.raises(ValueError):
        wape([1, 2], [1])
    with pytest.raises(ValueError):
        wape([1], [1, 2])


def test_nothing_sold():
    with pytest.raises(ValueError):
        wape([0, 0], [1, 2])
    with pytest.raises(ValueError):
        wape([], [])


def test_wape_keeps_lists():
    sold, forecast = [5, 1], [4, 3]
    wape(sold, forecast)
    assert sold == [5, 1] and forecast == [4, 3]


ERRORS = {"Quay": 0.0, "Mill": 0.25, "Dock": 0.5, "Arch": 0.25}


def test_order():
    assert worst_shops(dict(ERRORS), 4) == ["Dock", "Arch", "Mill", "Quay"]
    assert worst_shops(dict(ERRORS), 2) == ["Dock", "Arch"]


def test_borders():
    assert worst_shops(dict(ERRORS), 0) == []
    assert len(worst_shops(dict(ERRORS), 7)) == 4


def test_negative():
    with pytest.raises(ValueError):
        worst_shops(dict(ERRORS), -1)


def test_keeps_errors():
    errors = dict(ERRORS)
    worst_shops(errors, 2)
    assert errors == ERRORS


# %% wrong="write-tests" name="swallows the failure" fails="write-tests-coarse"
# %%writefile test_breadscore.py
import pytest

from breadscore import wape, worst_shops


def test_wape():
    try:
        assert wape([10, 41, 0], [13, 31, 2]) == pytest.approx(15 / 51)
    except AssertionError:
        print("wrong")


def test_lengths():
    with pytest.raises(ValueError):
        wape([1, 2], [1])
    with pytest.raises(ValueError):
        wape([1], [1, 2])


def test_nothing_sold():
    with pytest.raises(ValueError):
        wape([0, 0], [1, 2])
    with pytest.raises(ValueError):
        wape([], [])


def test_wape_keeps_lists():
    sold, forecast = [5, 1], [4, 3]
    wape(sold, forecast)
    assert sold == [5, 1] and forecast == [4, 3]


ERRORS = {"Quay": 0.0, "Mill": 0.25, "Dock": 0.5, "Arch": 0.25}


def test_order():
    assert worst_shops(dict(ERRORS), 4) == ["Dock", "Arch", "Mill", "Quay"]
    assert worst_shops(dict(ERRORS), 2) == ["Dock", "Arch"]


def test_borders():
    assert worst_shops(dict(ERRORS), 0) == []
    assert len(worst_shops(dict(ERRORS), 7)) == 4


def test_negative():
    with pytest.raises(ValueError):
        worst_shops(dict(ERRORS), -1)


def test_keeps_errors():
    errors = dict(ERRORS)
    worst_shops(errors, 2)
    assert errors == ERRORS


# %% wrong="write-tests" name="nothing about wape but its errors" fails="write-tests-coarse write-tests-hidden"
# %%writefile test_breadscore.py
import pytest

from breadscore import wape, worst_shops


def test_wape():
    wape([10, 41, 0], [13, 31, 2])


def test_lengths():
    with pytest.raises(ValueError):
        wape([1, 2], [1])
    with pytest.raises(ValueError):
        wape([1], [1, 2])


def test_nothing_sold():
    with pytest.raises(ValueError):
        wape([0, 0], [1, 2])
    with pytest.raises(ValueError):
        wape([], [])


def test_wape_keeps_lists():
    sold, forecast = [5, 1], [4, 3]
    wape(sold, forecast)
    assert sold == [5, 1] and forecast == [4, 3]


ERRORS = {"Quay": 0.0, "Mill": 0.25, "Dock": 0.5, "Arch": 0.25}


def test_order():
    assert worst_shops(dict(ERRORS), 4) == ["Dock", "Arch", "Mill", "Quay"]
    assert worst_shops(dict(ERRORS), 2) == ["Dock", "Arch"]


def test_borders():
    assert worst_shops(dict(ERRORS), 0) == []
    assert len(worst_shops(dict(ERRORS), 7)) == 4


def test_negative():
    with pytest.raises(ValueError):
        worst_shops(dict(ERRORS), -1)


def test_keeps_errors():
    errors = dict(ERRORS)
    worst_shops(errors, 2)
    assert errors == ERRORS


# %% wrong="write-tests" name="every day the same, each error upward" fails="write-tests-fine"
# %%writefile test_breadscore.py
import pytest

from breadscore import wape, worst_shops


def test_wape():
    assert wape([10, 10], [11, 11]) == pytest.approx(0.1)


def test_lengths():
    with pytest.raises(ValueError):
        wape([1, 2], [1])
    with pytest.raises(ValueError):
        wape([1], [1, 2])


def test_nothing_sold():
    with pytest.raises(ValueError):
        wape([0, 0], [1, 2])
    with pytest.raises(ValueError):
        wape([], [])


def test_wape_keeps_lists():
    sold, forecast = [5, 1], [4, 3]
    wape(sold, forecast)
    assert sold == [5, 1] and forecast == [4, 3]


ERRORS = {"Quay": 0.0, "Mill": 0.25, "Dock": 0.5, "Arch": 0.25}


def test_order():
    assert worst_shops(dict(ERRORS), 4) == ["Dock", "Arch", "Mill", "Quay"]
    assert worst_shops(dict(ERRORS), 2) == ["Dock", "Arch"]


def test_borders():
    assert worst_shops(dict(ERRORS), 0) == []
    assert len(worst_shops(dict(ERRORS), 7)) == 4


def test_negative():
    with pytest.raises(ValueError):
        worst_shops(dict(ERRORS), -1)


def test_keeps_errors():
    errors = dict(ERRORS)
    worst_shops(errors, 2)
    assert errors == ERRORS


# %% wrong="write-tests" name="errors of 1 only" fails="write-tests-fine"
# %%writefile test_breadscore.py
import pytest

from breadscore import wape, worst_shops


def test_wape():
    assert wape([10, 40, 0], [11, 39, 0]) == pytest.approx(2 / 50)


def test_lengths():
    with pytest.raises(ValueError):
        wape([1, 2], [1])
    with pytest.raises(ValueError):
        wape([1], [1, 2])


def test_nothing_sold():
    with pytest.raises(ValueError):
        wape([0, 0], [1, 2])
    with pytest.raises(ValueError):
        wape([], [])


def test_wape_keeps_lists():
    sold, forecast = [5, 1], [4, 3]
    wape(sold, forecast)
    assert sold == [5, 1] and forecast == [4, 3]


ERRORS = {"Quay": 0.0, "Mill": 0.25, "Dock": 0.5, "Arch": 0.25}


def test_order():
    assert worst_shops(dict(ERRORS), 4) == ["Dock", "Arch", "Mill", "Quay"]
    assert worst_shops(dict(ERRORS), 2) == ["Dock", "Arch"]


def test_borders():
    assert worst_shops(dict(ERRORS), 0) == []
    assert len(worst_shops(dict(ERRORS), 7)) == 4


def test_negative():
    with pytest.raises(ValueError):
        worst_shops(dict(ERRORS), -1)


def test_keeps_errors():
    errors = dict(ERRORS)
    worst_shops(errors, 2)
    assert errors == ERRORS


# %% wrong="write-tests" name="no equal errors" fails="write-tests-fine"
# %%writefile test_breadscore.py
import pytest

from breadscore import wape, worst_shops


def test_wape():
    assert wape([10, 41, 0], [13, 31, 2]) == pytest.approx(15 / 51)


def test_lengths():
    with pytest.raises(ValueError):
        wape([1, 2], [1])
    with pytest.raises(ValueError):
        wape([1], [1, 2])


def test_nothing_sold():
    with pytest.raises(ValueError):
        wape([0, 0], [1, 2])
    with pytest.raises(ValueError):
        wape([], [])


def test_wape_keeps_lists():
    sold, forecast = [5, 1], [4, 3]
    wape(sold, forecast)
    assert sold == [5, 1] and forecast == [4, 3]


ERRORS = {"Quay": 0.0, "Mill": 0.2, "Dock": 0.5, "Arch": 0.25}


def test_order():
    assert worst_shops(dict(ERRORS), 4) == ["Dock", "Arch", "Mill", "Quay"]
    assert worst_shops(dict(ERRORS), 2) == ["Dock", "Arch"]


def test_borders():
    assert worst_shops(dict(ERRORS), 0) == []
    assert len(worst_shops(dict(ERRORS), 7)) == 4


def test_negative():
    with pytest.raises(ValueError):
        worst_shops(dict(ERRORS), -1)


def test_keeps_errors():
    errors = dict(ERRORS)
    worst_shops(errors, 2)
    assert errors == ERRORS


# %% wrong="write-tests" name="forgets negative k" fails="write-tests-fine"
# %%writefile test_breadscore.py
import pytest

from breadscore import wape, worst_shops


def test_wape():
    assert wape([10, 41, 0], [13, 31, 2]) == pytest.approx(15 / 51)


def test_lengths():
    with pytest.raises(ValueError):
        wape([1, 2], [1])
    with pytest.raises(ValueError):
        wape([1], [1, 2])


def test_nothing_sold():
    with pytest.raises(ValueError):
        wape([0, 0], [1, 2])
    with pytest.raises(ValueError):
        wape([], [])


def test_wape_keeps_lists():
    sold, forecast = [5, 1], [4, 3]
    wape(sold, forecast)
    assert sold == [5, 1] and forecast == [4, 3]


ERRORS = {"Quay": 0.0, "Mill": 0.25, "Dock": 0.5, "Arch": 0.25}


def test_order():
    assert worst_shops(dict(ERRORS), 4) == ["Dock", "Arch", "Mill", "Quay"]
    assert worst_shops(dict(ERRORS), 2) == ["Dock", "Arch"]


def test_borders():
    assert worst_shops(dict(ERRORS), 0) == []
    assert len(worst_shops(dict(ERRORS), 7)) == 4


def test_one():
    assert worst_shops(dict(ERRORS), 1) == ["Dock"]


def test_keeps_errors():
    errors = dict(ERRORS)
    worst_shops(errors, 2)
    assert errors == ERRORS


# %% wrong="write-tests" name="never more than there are" fails="write-tests-fine"
# %%writefile test_breadscore.py
import pytest

from breadscore import wape, worst_shops


def test_wape():
    assert wape([10, 41, 0], [13, 31, 2]) == pytest.approx(15 / 51)


def test_lengths():
    with pytest.raises(ValueError):
        wape([1, 2], [1])
    with pytest.raises(ValueError):
        wape([1], [1, 2])


def test_nothing_sold():
    with pytest.raises(ValueError):
        wape([0, 0], [1, 2])
    with pytest.raises(ValueError):
        wape([], [])


def test_wape_keeps_lists():
    sold, forecast = [5, 1], [4, 3]
    wape(sold, forecast)
    assert sold == [5, 1] and forecast == [4, 3]


ERRORS = {"Quay": 0.0, "Mill": 0.25, "Dock": 0.5, "Arch": 0.25}


def test_order():
    assert worst_shops(dict(ERRORS), 4) == ["Dock", "Arch", "Mill", "Quay"]
    assert worst_shops(dict(ERRORS), 2) == ["Dock", "Arch"]


def test_borders():
    assert worst_shops(dict(ERRORS), 0) == []
    assert len(worst_shops(dict(ERRORS), 3)) == 3


def test_negative():
    with pytest.raises(ValueError):
        worst_shops(dict(ERRORS), -1)


def test_keeps_errors():
    errors = dict(ERRORS)
    worst_shops(errors, 2)
    assert errors == ERRORS


# %% wrong="write-tests" name="forgets that nothing may be sold" fails="write-tests-fine"
# %%writefile test_breadscore.py
import pytest

from breadscore import wape, worst_shops


def test_wape():
    assert wape([10, 41, 0], [13, 31, 2]) == pytest.approx(15 / 51)


def test_lengths():
    with pytest.raises(ValueError):
        wape([1, 2], [1])
    with pytest.raises(ValueError):
        wape([1], [1, 2])


def test_nothing_sold():
    with pytest.raises(ValueError):
        wape([], [])


def test_wape_keeps_lists():
    sold, forecast = [5, 1], [4, 3]
    wape(sold, forecast)
    assert sold == [5, 1] and forecast == [4, 3]


ERRORS = {"Quay": 0.0, "Mill": 0.25, "Dock": 0.5, "Arch": 0.25}


def test_order():
    assert worst_shops(dict(ERRORS), 4) == ["Dock", "Arch", "Mill", "Quay"]
    assert worst_shops(dict(ERRORS), 2) == ["Dock", "Arch"]


def test_borders():
    assert worst_shops(dict(ERRORS), 0) == []
    assert len(worst_shops(dict(ERRORS), 7)) == 4


def test_negative():
    with pytest.raises(ValueError):
        worst_shops(dict(ERRORS), -1)


def test_keeps_errors():
    errors = dict(ERRORS)
    worst_shops(errors, 2)
    assert errors == ERRORS


# %% wrong="write-tests" name="no lists of different lengths" fails="write-tests-fine"
# %%writefile test_breadscore.py
import pytest

from breadscore import wape, worst_shops


def test_wape():
    assert wape([10, 41, 0], [13, 31, 2]) == pytest.approx(15 / 51)


def test_lengths():
    with pytest.raises(ValueError):
        wape([], [])
    with pytest.raises(ValueError):
        wape([0], [0])


def test_nothing_sold():
    with pytest.raises(ValueError):
        wape([0, 0], [1, 2])
    with pytest.raises(ValueError):
        wape([], [])


def test_wape_keeps_lists():
    sold, forecast = [5, 1], [4, 3]
    wape(sold, forecast)
    assert sold == [5, 1] and forecast == [4, 3]


ERRORS = {"Quay": 0.0, "Mill": 0.25, "Dock": 0.5, "Arch": 0.25}


def test_order():
    assert worst_shops(dict(ERRORS), 4) == ["Dock", "Arch", "Mill", "Quay"]
    assert worst_shops(dict(ERRORS), 2) == ["Dock", "Arch"]


def test_borders():
    assert worst_shops(dict(ERRORS), 0) == []
    assert len(worst_shops(dict(ERRORS), 7)) == 4


def test_negative():
    with pytest.raises(ValueError):
        worst_shops(dict(ERRORS), -1)


def test_keeps_errors():
    errors = dict(ERRORS)
    worst_shops(errors, 2)
    assert errors == ERRORS


# %% wrong="write-tests" name="only a forecast that is too short" fails="write-tests-hidden"
# %%writefile test_breadscore.py
import pytest

from breadscore import wape, worst_shops


def test_wape():
    assert wape([10, 41, 0], [13, 31, 2]) == pytest.approx(15 / 51)


def test_lengths():
    with pytest.raises(ValueError):
        wape([1, 2], [1])


def test_nothing_sold():
    with pytest.raises(ValueError):
        wape([0, 0], [1, 2])
    with pytest.raises(ValueError):
        wape([], [])


def test_wape_keeps_lists():
    sold, forecast = [5, 1], [4, 3]
    wape(sold, forecast)
    assert sold == [5, 1] and forecast == [4, 3]


ERRORS = {"Quay": 0.0, "Mill": 0.25, "Dock": 0.5, "Arch": 0.25}


def test_order():
    assert worst_shops(dict(ERRORS), 4) == ["Dock", "Arch", "Mill", "Quay"]
    assert worst_shops(dict(ERRORS), 2) == ["Dock", "Arch"]


def test_borders():
    assert worst_shops(dict(ERRORS), 0) == []
    assert len(worst_shops(dict(ERRORS), 7)) == 4


def test_negative():
    with pytest.raises(ValueError):
        worst_shops(dict(ERRORS), -1)


def test_keeps_errors():
    errors = dict(ERRORS)
    worst_shops(errors, 2)
    assert errors == ERRORS


# %% wrong="write-tests" name="only a forecast that is too long" fails="write-tests-hidden"
# %%writefile test_breadscore.py
import pytest

from breadscore import wape, worst_shops


def test_wape():
    assert wape([10, 41, 0], [13, 31, 2]) == pytest.approx(15 / 51)


def test_lengths():
    with pytest.raises(ValueError):
        wape([1], [1, 2])


def test_nothing_sold():
    with pytest.raises(ValueError):
        wape([0, 0], [1, 2])
    with pytest.raises(ValueError):
        wape([], [])


def test_wape_keeps_lists():
    sold, forecast = [5, 1], [4, 3]
    wape(sold, forecast)
    assert sold == [5, 1] and forecast == [4, 3]


ERRORS = {"Quay": 0.0, "Mill": 0.25, "Dock": 0.5, "Arch": 0.25}


def test_order():
    assert worst_shops(dict(ERRORS), 4) == ["Dock", "Arch", "Mill", "Quay"]
    assert worst_shops(dict(ERRORS), 2) == ["Dock", "Arch"]


def test_borders():
    assert worst_shops(dict(ERRORS), 0) == []
    assert len(worst_shops(dict(ERRORS), 7)) == 4


def test_negative():
    with pytest.raises(ValueError):
        worst_shops(dict(ERRORS), -1)


def test_keeps_errors():
    errors = dict(ERRORS)
    worst_shops(errors, 2)
    assert errors == ERRORS


# %% wrong="write-tests" name="a round result" fails="write-tests-hidden"
# %%writefile test_breadscore.py
import pytest

from breadscore import wape, worst_shops


def test_wape():
    assert wape([10, 40, 0], [13, 32, 1]) == pytest.approx(0.24)


def test_lengths():
    with pytest.raises(ValueError):
        wape([1, 2], [1])
    with pytest.raises(ValueError):
        wape([1], [1, 2])


def test_nothing_sold():
    with pytest.raises(ValueError):
        wape([0, 0], [1, 2])
    with pytest.raises(ValueError):
        wape([], [])


def test_wape_keeps_lists():
    sold, forecast = [5, 1], [4, 3]
    wape(sold, forecast)
    assert sold == [5, 1] and forecast == [4, 3]


ERRORS = {"Quay": 0.0, "Mill": 0.25, "Dock": 0.5, "Arch": 0.25}


def test_order():
    assert worst_shops(dict(ERRORS), 4) == ["Dock", "Arch", "Mill", "Quay"]
    assert worst_shops(dict(ERRORS), 2) == ["Dock", "Arch"]


def test_borders():
    assert worst_shops(dict(ERRORS), 0) == []
    assert len(worst_shops(dict(ERRORS), 7)) == 4


def test_negative():
    with pytest.raises(ValueError):
        worst_shops(dict(ERRORS), -1)


def test_keeps_errors():
    errors = dict(ERRORS)
    worst_shops(errors, 2)
    assert errors == ERRORS


# %% wrong="write-tests" name="each day sold something" fails="write-tests-hidden"
# %%writefile test_breadscore.py
import pytest

from breadscore import wape, worst_shops


def test_wape():
    assert wape([10, 41, 7], [13, 31, 9]) == pytest.approx(15 / 58)


def test_lengths():
    with pytest.raises(ValueError):
        wape([1, 2], [1])
    with pytest.raises(ValueError):
        wape([1], [1, 2])


def test_nothing_sold():
    with pytest.raises(ValueError):
        wape([0, 0], [1, 2])
    with pytest.raises(ValueError):
        wape([], [])


def test_wape_keeps_lists():
    sold, forecast = [5, 1], [4, 3]
    wape(sold, forecast)
    assert sold == [5, 1] and forecast == [4, 3]


ERRORS = {"Quay": 0.0, "Mill": 0.25, "Dock": 0.5, "Arch": 0.25}


def test_order():
    assert worst_shops(dict(ERRORS), 4) == ["Dock", "Arch", "Mill", "Quay"]
    assert worst_shops(dict(ERRORS), 2) == ["Dock", "Arch"]


def test_borders():
    assert worst_shops(dict(ERRORS), 0) == []
    assert len(worst_shops(dict(ERRORS), 7)) == 4


def test_negative():
    with pytest.raises(ValueError):
        worst_shops(dict(ERRORS), -1)


def test_keeps_errors():
    errors = dict(ERRORS)
    worst_shops(errors, 2)
    assert errors == ERRORS


# %% wrong="write-tests" name="no empty lists" fails="write-tests-hidden"
# %%writefile test_breadscore.py
import pytest

from breadscore import wape, worst_shops


def test_wape():
    assert wape([10, 41, 0], [13, 31, 2]) == pytest.approx(15 / 51)


def test_lengths():
    with pytest.raises(ValueError):
        wape([1, 2], [1])
    with pytest.raises(ValueError):
        wape([1], [1, 2])


def test_nothing_sold():
    with pytest.raises(ValueError):
        wape([0, 0], [1, 2])


def test_wape_keeps_lists():
    sold, forecast = [5, 1], [4, 3]
    wape(sold, forecast)
    assert sold == [5, 1] and forecast == [4, 3]


ERRORS = {"Quay": 0.0, "Mill": 0.25, "Dock": 0.5, "Arch": 0.25}


def test_order():
    assert worst_shops(dict(ERRORS), 4) == ["Dock", "Arch", "Mill", "Quay"]
    assert worst_shops(dict(ERRORS), 2) == ["Dock", "Arch"]


def test_borders():
    assert worst_shops(dict(ERRORS), 0) == []
    assert len(worst_shops(dict(ERRORS), 7)) == 4


def test_negative():
    with pytest.raises(ValueError):
        worst_shops(dict(ERRORS), -1)


def test_keeps_errors():
    errors = dict(ERRORS)
    worst_shops(errors, 2)
    assert errors == ERRORS


# %% wrong="write-tests" name="does not look at the lists afterwards" fails="write-tests-hidden"
# %%writefile test_breadscore.py
import pytest

from breadscore import wape, worst_shops


def test_wape():
    assert wape([10, 41, 0], [13, 31, 2]) == pytest.approx(15 / 51)


def test_lengths():
    with pytest.raises(ValueError):
        wape([1, 2], [1])
    with pytest.raises(ValueError):
        wape([1], [1, 2])


def test_nothing_sold():
    with pytest.raises(ValueError):
        wape([0, 0], [1, 2])
    with pytest.raises(ValueError):
        wape([], [])


def test_wape_keeps_lists():
    sold, forecast = [5, 1], [4, 3]
    wape(sold, forecast)


ERRORS = {"Quay": 0.0, "Mill": 0.25, "Dock": 0.5, "Arch": 0.25}


def test_order():
    assert worst_shops(dict(ERRORS), 4) == ["Dock", "Arch", "Mill", "Quay"]
    assert worst_shops(dict(ERRORS), 2) == ["Dock", "Arch"]


def test_borders():
    assert worst_shops(dict(ERRORS), 0) == []
    assert len(worst_shops(dict(ERRORS), 7)) == 4


def test_negative():
    with pytest.raises(ValueError):
        worst_shops(dict(ERRORS), -1)


def test_keeps_errors():
    errors = dict(ERRORS)
    worst_shops(errors, 2)
    assert errors == ERRORS


# %% wrong="write-tests" name="does not look at the dictionary afterwards" fails="write-tests-hidden"
# %%writefile test_breadscore.py
import pytest

from breadscore import wape, worst_shops


def test_wape():
    assert wape([10, 41, 0], [13, 31, 2]) == pytest.approx(15 / 51)


def test_lengths():
    with pytest.raises(ValueError):
        wape([1, 2], [1])
    with pytest.raises(ValueError):
        wape([1], [1, 2])


def test_nothing_sold():
    with pytest.raises(ValueError):
        wape([0, 0], [1, 2])
    with pytest.raises(ValueError):
        wape([], [])


def test_wape_keeps_lists():
    sold, forecast = [5, 1], [4, 3]
    wape(sold, forecast)
    assert sold == [5, 1] and forecast == [4, 3]


ERRORS = {"Quay": 0.0, "Mill": 0.25, "Dock": 0.5, "Arch": 0.25}


def test_order():
    assert worst_shops(dict(ERRORS), 4) == ["Dock", "Arch", "Mill", "Quay"]
    assert worst_shops(dict(ERRORS), 2) == ["Dock", "Arch"]


def test_borders():
    assert worst_shops(dict(ERRORS), 0) == []
    assert len(worst_shops(dict(ERRORS), 7)) == 4


def test_negative():
    with pytest.raises(ValueError):
        worst_shops(dict(ERRORS), -1)


def test_keeps_errors():
    errors = dict(ERRORS)
    worst_shops(errors, 2)


# %% wrong="write-tests" name="compares a list with itself" fails="write-tests-hidden"
# %%writefile test_breadscore.py
import pytest

from breadscore import wape, worst_shops


def test_wape():
    assert wape([10, 41, 0], [13, 31, 2]) == pytest.approx(15 / 51)


def test_lengths():
    with pytest.raises(ValueError):
        wape([1, 2], [1])
    with pytest.raises(ValueError):
        wape([1], [1, 2])


def test_nothing_sold():
    with pytest.raises(ValueError):
        wape([0, 0], [1, 2])
    with pytest.raises(ValueError):
        wape([], [])


def test_wape_keeps_lists():
    sold, forecast = [5, 1], [4, 3]
    before = sold, forecast
    wape(sold, forecast)
    assert (sold, forecast) == before


ERRORS = {"Quay": 0.0, "Mill": 0.25, "Dock": 0.5, "Arch": 0.25}


def test_order():
    assert worst_shops(dict(ERRORS), 4) == ["Dock", "Arch", "Mill", "Quay"]
    assert worst_shops(dict(ERRORS), 2) == ["Dock", "Arch"]


def test_borders():
    assert worst_shops(dict(ERRORS), 0) == []
    assert len(worst_shops(dict(ERRORS), 7)) == 4


def test_negative():
    with pytest.raises(ValueError):
        worst_shops(dict(ERRORS), -1)


def test_keeps_errors():
    errors = dict(ERRORS)
    worst_shops(errors, 2)
    assert errors == ERRORS


# %% wrong="write-tests" name="k = -3 in place of -1" fails="write-tests-hidden"
# %%writefile test_breadscore.py
import pytest

from breadscore import wape, worst_shops


def test_wape():
    assert wape([10, 41, 0], [13, 31, 2]) == pytest.approx(15 / 51)


def test_lengths():
    with pytest.raises(ValueError):
        wape([1, 2], [1])
    with pytest.raises(ValueError):
        wape([1], [1, 2])


def test_nothing_sold():
    with pytest.raises(ValueError):
        wape([0, 0], [1, 2])
    with pytest.raises(ValueError):
        wape([], [])


def test_wape_keeps_lists():
    sold, forecast = [5, 1], [4, 3]
    wape(sold, forecast)
    assert sold == [5, 1] and forecast == [4, 3]


ERRORS = {"Quay": 0.0, "Mill": 0.25, "Dock": 0.5, "Arch": 0.25}


def test_order():
    assert worst_shops(dict(ERRORS), 4) == ["Dock", "Arch", "Mill", "Quay"]
    assert worst_shops(dict(ERRORS), 2) == ["Dock", "Arch"]


def test_borders():
    assert worst_shops(dict(ERRORS), 0) == []
    assert len(worst_shops(dict(ERRORS), 7)) == 4


def test_negative():
    with pytest.raises(ValueError):
        worst_shops(dict(ERRORS), -3)


def test_keeps_errors():
    errors = dict(ERRORS)
    worst_shops(errors, 2)
    assert errors == ERRORS


# %% wrong="write-tests" name="no k = 0" fails="write-tests-hidden"
# %%writefile test_breadscore.py
import pytest

from breadscore import wape, worst_shops


def test_wape():
    assert wape([10, 41, 0], [13, 31, 2]) == pytest.approx(15 / 51)


def test_lengths():
    with pytest.raises(ValueError):
        wape([1, 2], [1])
    with pytest.raises(ValueError):
        wape([1], [1, 2])


def test_nothing_sold():
    with pytest.raises(ValueError):
        wape([0, 0], [1, 2])
    with pytest.raises(ValueError):
        wape([], [])


def test_wape_keeps_lists():
    sold, forecast = [5, 1], [4, 3]
    wape(sold, forecast)
    assert sold == [5, 1] and forecast == [4, 3]


ERRORS = {"Quay": 0.0, "Mill": 0.25, "Dock": 0.5, "Arch": 0.25}


def test_order():
    assert worst_shops(dict(ERRORS), 4) == ["Dock", "Arch", "Mill", "Quay"]
    assert worst_shops(dict(ERRORS), 2) == ["Dock", "Arch"]


def test_borders():
    assert len(worst_shops(dict(ERRORS), 7)) == 4


def test_negative():
    with pytest.raises(ValueError):
        worst_shops(dict(ERRORS), -1)


def test_keeps_errors():
    errors = dict(ERRORS)
    worst_shops(errors, 2)
    assert errors == ERRORS


# %% wrong="write-tests" name="no shop without an error" fails="write-tests-hidden"
# %%writefile test_breadscore.py
import pytest

from breadscore import wape, worst_shops


def test_wape():
    assert wape([10, 41, 0], [13, 31, 2]) == pytest.approx(15 / 51)


def test_lengths():
    with pytest.raises(ValueError):
        wape([1, 2], [1])
    with pytest.raises(ValueError):
        wape([1], [1, 2])


def test_nothing_sold():
    with pytest.raises(ValueError):
        wape([0, 0], [1, 2])
    with pytest.raises(ValueError):
        wape([], [])


def test_wape_keeps_lists():
    sold, forecast = [5, 1], [4, 3]
    wape(sold, forecast)
    assert sold == [5, 1] and forecast == [4, 3]


ERRORS = {"Quay": 0.1, "Mill": 0.25, "Dock": 0.5, "Arch": 0.25}


def test_order():
    assert worst_shops(dict(ERRORS), 4) == ["Dock", "Arch", "Mill", "Quay"]
    assert worst_shops(dict(ERRORS), 2) == ["Dock", "Arch"]


def test_borders():
    assert worst_shops(dict(ERRORS), 0) == []
    assert len(worst_shops(dict(ERRORS), 7)) == 4


def test_negative():
    with pytest.raises(ValueError):
        worst_shops(dict(ERRORS), -1)


def test_keeps_errors():
    errors = dict(ERRORS)
    worst_shops(errors, 2)
    assert errors == ERRORS


# %% [markdown]
# ## lint


# %% right="lint" name="the limit as a default value"
# %%writefile nightly.py
"""The nightly job of the bakeries."""


def read_sales(lines):
    """Add up what each shop sold."""
    totals = {}
    for number, line in enumerate(lines, 1):
        try:
            shop, pieces = line.split(";")
            totals[shop] = totals.get(shop, 0) + int(pieces)
        except ValueError as error:
            raise ValueError(f"line {number}: {line!r}") from error
    return totals


def open_shops(states):
    """The shops that are not closed."""
    return [shop for shop, state in states if state != "closed"]


def pair_up(shops, plans):
    """A dictionary from each shop to its plan."""
    return dict(zip(shops, plans, strict=True))


def make_alarms(limits):
    """For each shop, a function that says whether a number of pieces is below its limit."""
    alarms = {}
    for shop, limit in limits.items():
        alarms[shop] = lambda pieces, limit=limit: pieces < limit
    return alarms


def shortfall(planned, sold):
    """The share of the planned pieces that was not sold."""
    missing = max(planned - sold, 0)
    return missing / planned


# %% right="lint" name="written anew"
# %%writefile nightly.py
import functools
import operator
from collections import Counter


def read_sales(lines, totals=None):
    totals = Counter(totals or {})
    for number, line in enumerate(lines, 1):
        shop, _, pieces = line.partition(";")
        try:
            totals[shop] += int(pieces)
        except Exception:
            raise ValueError("there is something wrong in line " + str(number)) from None
    return dict(totals)


def open_shops(states):
    found = []
    for shop, state in states:
        if not state == "closed":
            found.append(shop)
    return found


def pair_up(shops, plans):
    if len(shops) != len(plans):
        raise ValueError("not as many plans as shops")
    return {shop: plan for shop, plan in zip(shops, plans, strict=False)}


def make_alarms(limits):
    return {shop: functools.partial(operator.gt, limit) for shop, limit in limits.items()}


def shortfall(planned, sold):
    return 1 - sold / planned if sold < planned else 0


# %% wrong="lint" name="silences the linter for the whole file" fails="lint-clean"
# %%writefile nightly.py
# ruff: noqa
"""The nightly job of the bakeries: reads what was sold, and says which shops fell behind their plan."""

import os


def read_sales(lines, totals={}):
    """Add up what each shop sold.

    Each line is SHOP;PIECES. Returns a new dictionary from shop to pieces, of these lines and no others. A line of
    another form raises a ValueError whose text holds the number of the line, counted from 1. Whoever stops the job
    with Ctrl+C gets a KeyboardInterrupt.
    """
    for number, line in enumerate(lines, 1):
        try:
            shop, pieces = line.split(";")
            totals[shop] = totals.get(shop, 0) + int(pieces)
        except:
            raise ValueError(f"line {nubmer}: {line!r}")
    return totals


def open_shops(states):
    """The shops that are not "closed", in the given order, of pairs (shop, state)."""
    return [shop for shop, state in states if state is not "closed"]


def pair_up(shops, plans):
    """A dictionary from each shop to its plan; a ValueError if there are not as many plans as shops."""
    return dict(zip(shops, plans))


def make_alarms(limits):
    """For each shop in `limits`, a function that says whether a number of pieces is below the limit of that shop."""
    alarms = {}
    for shop, limit in limits.items():
        alarms[shop] = lambda pieces: pieces < limit
    return alarms


def shortfall(planned, sold):
    """The share of the planned pieces (more than 0) that was not sold; 0 if all of them were sold, or more."""
    missing = max(planned - sold, 0)
    share = missing / planned
    return missing


# %% wrong="lint" name="silences each line" fails="lint-clean"
# %%writefile nightly.py
"""The nightly job of the bakeries: reads what was sold, and says which shops fell behind their plan."""

import os  # noqa


def read_sales(lines, totals={}):  # noqa
    """Add up what each shop sold.

    Each line is SHOP;PIECES. Returns a new dictionary from shop to pieces, of these lines and no others. A line of
    another form raises a ValueError whose text holds the number of the line, counted from 1. Whoever stops the job
    with Ctrl+C gets a KeyboardInterrupt.
    """
    for number, line in enumerate(lines, 1):  # noqa
        try:
            shop, pieces = line.split(";")
            totals[shop] = totals.get(shop, 0) + int(pieces)
        except:  # noqa
            raise ValueError(f"line {nubmer}: {line!r}")  # noqa
    return totals


def open_shops(states):
    """The shops that are not "closed", in the given order, of pairs (shop, state)."""
    return [shop for shop, state in states if state is not "closed"]  # noqa


def pair_up(shops, plans):
    """A dictionary from each shop to its plan; a ValueError if there are not as many plans as shops."""
    return dict(zip(shops, plans))  # noqa


def make_alarms(limits):
    """For each shop in `limits`, a function that says whether a number of pieces is below the limit of that shop."""
    alarms = {}
    for shop, limit in limits.items():
        alarms[shop] = lambda pieces: pieces < limit  # noqa
    return alarms


def shortfall(planned, sold):
    """The share of the planned pieces (more than 0) that was not sold; 0 if all of them were sold, or more."""
    missing = max(planned - sold, 0)
    share = missing / planned  # noqa
    return missing


# %% wrong="lint" name="a file without the functions" fails="lint-clean"
# %%writefile nightly.py
"""Nothing here."""


# %% wrong="lint" name="a file that cannot be imported" fails="lint-clean"
# %%writefile nightly.py
"""The nightly job of the bakeries."""

import breadscores

breadscores.check()


def read_sales(lines):
    """Add up what each shop sold."""
    totals = {}
    for number, line in enumerate(lines, 1):
        try:
            shop, pieces = line.split(";")
            totals[shop] = totals.get(shop, 0) + int(pieces)
        except ValueError as error:
            raise ValueError(f"line {number}: {line!r}") from error
    return totals


def open_shops(states):
    """The shops that are not closed."""
    return [shop for shop, state in states if state != "closed"]


def pair_up(shops, plans):
    """A dictionary from each shop to its plan."""
    return dict(zip(shops, plans, strict=True))


def make_alarms(limits):
    """For each shop, a function that says whether a number of pieces is below its limit."""
    alarms = {}
    for shop, limit in limits.items():
        alarms[shop] = lambda pieces, limit=limit: pieces < limit
    return alarms


def shortfall(planned, sold):
    """The share of the planned pieces that was not sold."""
    missing = max(planned - sold, 0)
    return missing / planned


# %% wrong="lint" name="a function that is gone" fails="lint-clean"
# %%writefile nightly.py
"""The nightly job of the bakeries."""


def read_sales(lines):
    """Add up what each shop sold."""
    totals = {}
    for number, line in enumerate(lines, 1):
        try:
            shop, pieces = line.split(";")
            totals[shop] = totals.get(shop, 0) + int(pieces)
        except ValueError as error:
            raise ValueError(f"line {number}: {line!r}") from error
    return totals


def open_shops(states):
    """The shops that are not closed."""
    return [shop for shop, state in states if state != "closed"]


def pair(shops, plans):
    """A dictionary from each shop to its plan."""
    return dict(zip(shops, plans, strict=True))


def make_alarms(limits):
    """For each shop, a function that says whether a number of pieces is below its limit."""
    alarms = {}
    for shop, limit in limits.items():
        alarms[shop] = lambda pieces, limit=limit: pieces < limit
    return alarms


def shortfall(planned, sold):
    """The share of the planned pieces that was not sold."""
    missing = max(planned - sold, 0)
    return missing / planned


# %% wrong="lint" name="functions that do nothing" fails="lint-clean"
# %%writefile nightly.py
"""The nightly job of the bakeries."""


def read_sales(lines):
    """Add up what each shop sold."""
    totals = {}
    for number, line in enumerate(lines, 1):
        try:
            shop, pieces = line.split(";")
            totals[shop] = totals.get(shop, 0) + int(pieces)
        except ValueError as error:
            raise ValueError(f"line {number}: {line!r}") from error
    return totals


def open_shops(states):
    """The shops that are not closed."""
    return [shop for shop, state in states if state != "closed"]


def pair_up(shops, plans):
    """A dictionary from each shop to its plan."""
    return {}


def make_alarms(limits):
    """For each shop, a function that says whether a number of pieces is below its limit."""
    alarms = {}
    for shop, limit in limits.items():
        alarms[shop] = lambda pieces, limit=limit: pieces < limit
    return alarms


def shortfall(planned, sold):
    """The share of the planned pieces that was not sold."""
    missing = max(planned - sold, 0)
    return missing / planned


# %% wrong="lint" name="leaves an import that nobody uses" fails="lint-clean"
# %%writefile nightly.py
"""The nightly job of the bakeries."""

import os


def read_sales(lines):
    """Add up what each shop sold."""
    totals = {}
    for number, line in enumerate(lines, 1):
        try:
            shop, pieces = line.split(";")
            totals[shop] = totals.get(shop, 0) + int(pieces)
        except ValueError as error:
            raise ValueError(f"line {number}: {line!r}") from error
    return totals


def open_shops(states):
    """The shops that are not closed."""
    return [shop for shop, state in states if state != "closed"]


def pair_up(shops, plans):
    """A dictionary from each shop to its plan."""
    return dict(zip(shops, plans, strict=True))


def make_alarms(limits):
    """For each shop, a function that says whether a number of pieces is below its limit."""
    alarms = {}
    for shop, limit in limits.items():
        alarms[shop] = lambda pieces, limit=limit: pieces < limit
    return alarms


def shortfall(planned, sold):
    """The share of the planned pieces that was not sold."""
    missing = max(planned - sold, 0)
    return missing / planned


# %% wrong="lint" name="a default value that is a dictionary" fails="lint-clean lint-sales"
# %%writefile nightly.py
"""The nightly job of the bakeries."""


def read_sales(lines, totals={}):
    """Add up what each shop sold."""
    for number, line in enumerate(lines, 1):
        try:
            shop, pieces = line.split(";")
            totals[shop] = totals.get(shop, 0) + int(pieces)
        except ValueError as error:
            raise ValueError(f"line {number}: {line!r}") from error
    return totals


def open_shops(states):
    """The shops that are not closed."""
    return [shop for shop, state in states if state != "closed"]


def pair_up(shops, plans):
    """A dictionary from each shop to its plan."""
    return dict(zip(shops, plans, strict=True))


def make_alarms(limits):
    """For each shop, a function that says whether a number of pieces is below its limit."""
    alarms = {}
    for shop, limit in limits.items():
        alarms[shop] = lambda pieces, limit=limit: pieces < limit
    return alarms


def shortfall(planned, sold):
    """The share of the planned pieces that was not sold."""
    missing = max(planned - sold, 0)
    return missing / planned


# %% wrong="lint" name="a dictionary of the module in place of the default" fails="lint-sales"
# %%writefile nightly.py
"""The nightly job of the bakeries."""


TOTALS = {}


def read_sales(lines):
    """Add up what each shop sold."""
    totals = TOTALS
    for number, line in enumerate(lines, 1):
        try:
            shop, pieces = line.split(";")
            totals[shop] = totals.get(shop, 0) + int(pieces)
        except ValueError as error:
            raise ValueError(f"line {number}: {line!r}") from error
    return totals


def open_shops(states):
    """The shops that are not closed."""
    return [shop for shop, state in states if state != "closed"]


def pair_up(shops, plans):
    """A dictionary from each shop to its plan."""
    return dict(zip(shops, plans, strict=True))


def make_alarms(limits):
    """For each shop, a function that says whether a number of pieces is below its limit."""
    alarms = {}
    for shop, limit in limits.items():
        alarms[shop] = lambda pieces, limit=limit: pieces < limit
    return alarms


def shortfall(planned, sold):
    """The share of the planned pieces that was not sold."""
    missing = max(planned - sold, 0)
    return missing / planned


# %% wrong="lint" name="one result for all calls, emptied at each" fails="lint-sales"
# %%writefile nightly.py
"""The nightly job of the bakeries."""


TOTALS = {}


def read_sales(lines):
    """Add up what each shop sold."""
    totals = TOTALS
    totals.clear()
    for number, line in enumerate(lines, 1):
        try:
            shop, pieces = line.split(";")
            totals[shop] = totals.get(shop, 0) + int(pieces)
        except ValueError as error:
            raise ValueError(f"line {number}: {line!r}") from error
    return totals


def open_shops(states):
    """The shops that are not closed."""
    return [shop for shop, state in states if state != "closed"]


def pair_up(shops, plans):
    """A dictionary from each shop to its plan."""
    return dict(zip(shops, plans, strict=True))


def make_alarms(limits):
    """For each shop, a function that says whether a number of pieces is below its limit."""
    alarms = {}
    for shop, limit in limits.items():
        alarms[shop] = lambda pieces, limit=limit: pieces < limit
    return alarms


def shortfall(planned, sold):
    """The share of the planned pieces that was not sold."""
    missing = max(planned - sold, 0)
    return missing / planned


# %% wrong="lint" name="the last line of a shop counts" fails="lint-sales"
# %%writefile nightly.py
"""The nightly job of the bakeries."""


def read_sales(lines):
    """Add up what each shop sold."""
    totals = {}
    for number, line in enumerate(lines, 1):
        try:
            shop, pieces = line.split(";")
            totals[shop] = int(pieces)
        except ValueError as error:
            raise ValueError(f"line {number}: {line!r}") from error
    return totals


def open_shops(states):
    """The shops that are not closed."""
    return [shop for shop, state in states if state != "closed"]


def pair_up(shops, plans):
    """A dictionary from each shop to its plan."""
    return dict(zip(shops, plans, strict=True))


def make_alarms(limits):
    """For each shop, a function that says whether a number of pieces is below its limit."""
    alarms = {}
    for shop, limit in limits.items():
        alarms[shop] = lambda pieces, limit=limit: pieces < limit
    return alarms


def shortfall(planned, sold):
    """The share of the planned pieces that was not sold."""
    missing = max(planned - sold, 0)
    return missing / planned


# %% wrong="lint" name="the report without the number" fails="lint-sales"
# %%writefile nightly.py
"""The nightly job of the bakeries."""


def read_sales(lines):
    """Add up what each shop sold."""
    totals = {}
    for number, line in enumerate(lines, 1):
        try:
            shop, pieces = line.split(";")
            totals[shop] = totals.get(shop, 0) + int(pieces)
        except ValueError as error:
            raise ValueError(f"bad line: {line!r}") from error
    return totals


def open_shops(states):
    """The shops that are not closed."""
    return [shop for shop, state in states if state != "closed"]


def pair_up(shops, plans):
    """A dictionary from each shop to its plan."""
    return dict(zip(shops, plans, strict=True))


def make_alarms(limits):
    """For each shop, a function that says whether a number of pieces is below its limit."""
    alarms = {}
    for shop, limit in limits.items():
        alarms[shop] = lambda pieces, limit=limit: pieces < limit
    return alarms


def shortfall(planned, sold):
    """The share of the planned pieces that was not sold."""
    missing = max(planned - sold, 0)
    return missing / planned


# %% wrong="lint" name="the number counted from 0" fails="lint-sales"
# %%writefile nightly.py
"""The nightly job of the bakeries."""


def read_sales(lines):
    """Add up what each shop sold."""
    totals = {}
    for number, line in enumerate(lines):
        try:
            shop, pieces = line.split(";")
            totals[shop] = totals.get(shop, 0) + int(pieces)
        except ValueError as error:
            raise ValueError(f"line {number}: {line!r}") from error
    return totals


def open_shops(states):
    """The shops that are not closed."""
    return [shop for shop, state in states if state != "closed"]


def pair_up(shops, plans):
    """A dictionary from each shop to its plan."""
    return dict(zip(shops, plans, strict=True))


def make_alarms(limits):
    """For each shop, a function that says whether a number of pieces is below its limit."""
    alarms = {}
    for shop, limit in limits.items():
        alarms[shop] = lambda pieces, limit=limit: pieces < limit
    return alarms


def shortfall(planned, sold):
    """The share of the planned pieces that was not sold."""
    missing = max(planned - sold, 0)
    return missing / planned


# %% wrong="lint" name="skips broken lines" fails="lint-sales"
# %%writefile nightly.py
"""The nightly job of the bakeries."""


def read_sales(lines):
    """Add up what each shop sold."""
    totals = {}
    for number, line in enumerate(lines, 1):
        try:
            shop, pieces = line.split(";")
            totals[shop] = totals.get(shop, 0) + int(pieces)
        except ValueError as error:
            print(number, error)
    return totals


def open_shops(states):
    """The shops that are not closed."""
    return [shop for shop, state in states if state != "closed"]


def pair_up(shops, plans):
    """A dictionary from each shop to its plan."""
    return dict(zip(shops, plans, strict=True))


def make_alarms(limits):
    """For each shop, a function that says whether a number of pieces is below its limit."""
    alarms = {}
    for shop, limit in limits.items():
        alarms[shop] = lambda pieces, limit=limit: pieces < limit
    return alarms


def shortfall(planned, sold):
    """The share of the planned pieces that was not sold."""
    missing = max(planned - sold, 0)
    return missing / planned


# %% wrong="lint" name="another type of error" fails="lint-sales"
# %%writefile nightly.py
"""The nightly job of the bakeries."""


def read_sales(lines):
    """Add up what each shop sold."""
    totals = {}
    for number, line in enumerate(lines, 1):
        try:
            shop, pieces = line.split(";")
            totals[shop] = totals.get(shop, 0) + int(pieces)
        except ValueError as error:
            raise RuntimeError(f"line {number}: {line!r}") from error
    return totals


def open_shops(states):
    """The shops that are not closed."""
    return [shop for shop, state in states if state != "closed"]


def pair_up(shops, plans):
    """A dictionary from each shop to its plan."""
    return dict(zip(shops, plans, strict=True))


def make_alarms(limits):
    """For each shop, a function that says whether a number of pieces is below its limit."""
    alarms = {}
    for shop, limit in limits.items():
        alarms[shop] = lambda pieces, limit=limit: pieces < limit
    return alarms


def shortfall(planned, sold):
    """The share of the planned pieces that was not sold."""
    missing = max(planned - sold, 0)
    return missing / planned


# %% wrong="lint" name="catches everything there is" fails="lint-sales"
# %%writefile nightly.py
"""The nightly job of the bakeries."""


def read_sales(lines):
    """Add up what each shop sold."""
    totals = {}
    for number, line in enumerate(lines, 1):
        try:
            shop, pieces = line.split(";")
            totals[shop] = totals.get(shop, 0) + int(pieces)
        except BaseException as error:
            raise ValueError(f"line {number}: {line!r}") from error
    return totals


def open_shops(states):
    """The shops that are not closed."""
    return [shop for shop, state in states if state != "closed"]


def pair_up(shops, plans):
    """A dictionary from each shop to its plan."""
    return dict(zip(shops, plans, strict=True))


def make_alarms(limits):
    """For each shop, a function that says whether a number of pieces is below its limit."""
    alarms = {}
    for shop, limit in limits.items():
        alarms[shop] = lambda pieces, limit=limit: pieces < limit
    return alarms


def shortfall(planned, sold):
    """The share of the planned pieces that was not sold."""
    missing = max(planned - sold, 0)
    return missing / planned


# %% wrong="lint" name="catches what split cannot raise" fails="lint-sales"
# %%writefile nightly.py
"""The nightly job of the bakeries."""


def read_sales(lines):
    """Add up what each shop sold."""
    totals = {}
    for number, line in enumerate(lines, 1):
        try:
            shop, pieces = line.split(";")
            totals[shop] = totals.get(shop, 0) + int(pieces)
        except IndexError as error:
            raise ValueError(f"line {number}: {line!r}") from error
    return totals


def open_shops(states):
    """The shops that are not closed."""
    return [shop for shop, state in states if state != "closed"]


def pair_up(shops, plans):
    """A dictionary from each shop to its plan."""
    return dict(zip(shops, plans, strict=True))


def make_alarms(limits):
    """For each shop, a function that says whether a number of pieces is below its limit."""
    alarms = {}
    for shop, limit in limits.items():
        alarms[shop] = lambda pieces, limit=limit: pieces < limit
    return alarms


def shortfall(planned, sold):
    """The share of the planned pieces that was not sold."""
    missing = max(planned - sold, 0)
    return missing / planned


# %% wrong="lint" name="too many parts are cut off" fails="lint-sales"
# %%writefile nightly.py
"""The nightly job of the bakeries."""


def read_sales(lines):
    """Add up what each shop sold."""
    totals = {}
    for number, line in enumerate(lines, 1):
        try:
            shop, pieces = line.split(";")[:2]
            totals[shop] = totals.get(shop, 0) + int(pieces)
        except ValueError as error:
            raise ValueError(f"line {number}: {line!r}") from error
    return totals


def open_shops(states):
    """The shops that are not closed."""
    return [shop for shop, state in states if state != "closed"]


def pair_up(shops, plans):
    """A dictionary from each shop to its plan."""
    return dict(zip(shops, plans, strict=True))


def make_alarms(limits):
    """For each shop, a function that says whether a number of pieces is below its limit."""
    alarms = {}
    for shop, limit in limits.items():
        alarms[shop] = lambda pieces, limit=limit: pieces < limit
    return alarms


def shortfall(planned, sold):
    """The share of the planned pieces that was not sold."""
    missing = max(planned - sold, 0)
    return missing / planned


# %% wrong="lint" name="half pieces are allowed" fails="lint-sales"
# %%writefile nightly.py
"""The nightly job of the bakeries."""


def read_sales(lines):
    """Add up what each shop sold."""
    totals = {}
    for number, line in enumerate(lines, 1):
        try:
            shop, pieces = line.split(";")
            totals[shop] = totals.get(shop, 0) + int(float(pieces))
        except ValueError as error:
            raise ValueError(f"line {number}: {line!r}") from error
    return totals


def open_shops(states):
    """The shops that are not closed."""
    return [shop for shop, state in states if state != "closed"]


def pair_up(shops, plans):
    """A dictionary from each shop to its plan."""
    return dict(zip(shops, plans, strict=True))


def make_alarms(limits):
    """For each shop, a function that says whether a number of pieces is below its limit."""
    alarms = {}
    for shop, limit in limits.items():
        alarms[shop] = lambda pieces, limit=limit: pieces < limit
    return alarms


def shortfall(planned, sold):
    """The share of the planned pieces that was not sold."""
    missing = max(planned - sold, 0)
    return missing / planned


# %% wrong="lint" name="forgets what was negative" fails="lint-sales"
# %%writefile nightly.py
"""The nightly job of the bakeries."""


def read_sales(lines):
    """Add up what each shop sold."""
    totals = {}
    for number, line in enumerate(lines, 1):
        try:
            shop, pieces = line.split(";")
            totals[shop] = totals.get(shop, 0) + max(int(pieces), 0)
        except ValueError as error:
            raise ValueError(f"line {number}: {line!r}") from error
    return totals


def open_shops(states):
    """The shops that are not closed."""
    return [shop for shop, state in states if state != "closed"]


def pair_up(shops, plans):
    """A dictionary from each shop to its plan."""
    return dict(zip(shops, plans, strict=True))


def make_alarms(limits):
    """For each shop, a function that says whether a number of pieces is below its limit."""
    alarms = {}
    for shop, limit in limits.items():
        alarms[shop] = lambda pieces, limit=limit: pieces < limit
    return alarms


def shortfall(planned, sold):
    """The share of the planned pieces that was not sold."""
    missing = max(planned - sold, 0)
    return missing / planned


# %% wrong="lint" name="compares by is" fails="lint-others"
# %%writefile nightly.py
"""The nightly job of the bakeries."""


def read_sales(lines):
    """Add up what each shop sold."""
    totals = {}
    for number, line in enumerate(lines, 1):
        try:
            shop, pieces = line.split(";")
            totals[shop] = totals.get(shop, 0) + int(pieces)
        except ValueError as error:
            raise ValueError(f"line {number}: {line!r}") from error
    return totals


CLOSED = "closed"


def open_shops(states):
    """The shops that are not closed."""
    return [shop for shop, state in states if state not in (CLOSED,) or state is not CLOSED]


def pair_up(shops, plans):
    """A dictionary from each shop to its plan."""
    return dict(zip(shops, plans, strict=True))


def make_alarms(limits):
    """For each shop, a function that says whether a number of pieces is below its limit."""
    alarms = {}
    for shop, limit in limits.items():
        alarms[shop] = lambda pieces, limit=limit: pieces < limit
    return alarms


def shortfall(planned, sold):
    """The share of the planned pieces that was not sold."""
    missing = max(planned - sold, 0)
    return missing / planned


# %% wrong="lint" name="only the open ones" fails="lint-others"
# %%writefile nightly.py
"""The nightly job of the bakeries."""


def read_sales(lines):
    """Add up what each shop sold."""
    totals = {}
    for number, line in enumerate(lines, 1):
        try:
            shop, pieces = line.split(";")
            totals[shop] = totals.get(shop, 0) + int(pieces)
        except ValueError as error:
            raise ValueError(f"line {number}: {line!r}") from error
    return totals


def open_shops(states):
    """The shops that are not closed."""
    return [shop for shop, state in states if state == "open"]


def pair_up(shops, plans):
    """A dictionary from each shop to its plan."""
    return dict(zip(shops, plans, strict=True))


def make_alarms(limits):
    """For each shop, a function that says whether a number of pieces is below its limit."""
    alarms = {}
    for shop, limit in limits.items():
        alarms[shop] = lambda pieces, limit=limit: pieces < limit
    return alarms


def shortfall(planned, sold):
    """The share of the planned pieces that was not sold."""
    missing = max(planned - sold, 0)
    return missing / planned


# %% wrong="lint" name="the closed ones" fails="lint-others lint-clean"
# %%writefile nightly.py
"""The nightly job of the bakeries."""


def read_sales(lines):
    """Add up what each shop sold."""
    totals = {}
    for number, line in enumerate(lines, 1):
        try:
            shop, pieces = line.split(";")
            totals[shop] = totals.get(shop, 0) + int(pieces)
        except ValueError as error:
            raise ValueError(f"line {number}: {line!r}") from error
    return totals


def open_shops(states):
    """The shops that are not closed."""
    return [shop for shop, state in states if state == "closed"]


def pair_up(shops, plans):
    """A dictionary from each shop to its plan."""
    return dict(zip(shops, plans, strict=True))


def make_alarms(limits):
    """For each shop, a function that says whether a number of pieces is below its limit."""
    alarms = {}
    for shop, limit in limits.items():
        alarms[shop] = lambda pieces, limit=limit: pieces < limit
    return alarms


def shortfall(planned, sold):
    """The share of the planned pieces that was not sold."""
    missing = max(planned - sold, 0)
    return missing / planned


# %% wrong="lint" name="states in any spelling" fails="lint-others"
# %%writefile nightly.py
"""The nightly job of the bakeries."""


def read_sales(lines):
    """Add up what each shop sold."""
    totals = {}
    for number, line in enumerate(lines, 1):
        try:
            shop, pieces = line.split(";")
            totals[shop] = totals.get(shop, 0) + int(pieces)
        except ValueError as error:
            raise ValueError(f"line {number}: {line!r}") from error
    return totals


def open_shops(states):
    """The shops that are not closed."""
    return [shop for shop, state in states if state.lower() != "closed"]


def pair_up(shops, plans):
    """A dictionary from each shop to its plan."""
    return dict(zip(shops, plans, strict=True))


def make_alarms(limits):
    """For each shop, a function that says whether a number of pieces is below its limit."""
    alarms = {}
    for shop, limit in limits.items():
        alarms[shop] = lambda pieces, limit=limit: pieces < limit
    return alarms


def shortfall(planned, sold):
    """The share of the planned pieces that was not sold."""
    missing = max(planned - sold, 0)
    return missing / planned


# %% wrong="lint" name="open shops in alphabetical order" fails="lint-others"
# %%writefile nightly.py
"""The nightly job of the bakeries."""


def read_sales(lines):
    """Add up what each shop sold."""
    totals = {}
    for number, line in enumerate(lines, 1):
        try:
            shop, pieces = line.split(";")
            totals[shop] = totals.get(shop, 0) + int(pieces)
        except ValueError as error:
            raise ValueError(f"line {number}: {line!r}") from error
    return totals


def open_shops(states):
    """The shops that are not closed."""
    return sorted(shop for shop, state in states if state != "closed")


def pair_up(shops, plans):
    """A dictionary from each shop to its plan."""
    return dict(zip(shops, plans, strict=True))


def make_alarms(limits):
    """For each shop, a function that says whether a number of pieces is below its limit."""
    alarms = {}
    for shop, limit in limits.items():
        alarms[shop] = lambda pieces, limit=limit: pieces < limit
    return alarms


def shortfall(planned, sold):
    """The share of the planned pieces that was not sold."""
    missing = max(planned - sold, 0)
    return missing / planned


# %% wrong="lint" name="strict=False" fails="lint-others"
# %%writefile nightly.py
"""The nightly job of the bakeries."""


def read_sales(lines):
    """Add up what each shop sold."""
    totals = {}
    for number, line in enumerate(lines, 1):
        try:
            shop, pieces = line.split(";")
            totals[shop] = totals.get(shop, 0) + int(pieces)
        except ValueError as error:
            raise ValueError(f"line {number}: {line!r}") from error
    return totals


def open_shops(states):
    """The shops that are not closed."""
    return [shop for shop, state in states if state != "closed"]


def pair_up(shops, plans):
    """A dictionary from each shop to its plan."""
    return dict(zip(shops, plans, strict=False))


def make_alarms(limits):
    """For each shop, a function that says whether a number of pieces is below its limit."""
    alarms = {}
    for shop, limit in limits.items():
        alarms[shop] = lambda pieces, limit=limit: pieces < limit
    return alarms


def shortfall(planned, sold):
    """The share of the planned pieces that was not sold."""
    missing = max(planned - sold, 0)
    return missing / planned


# %% wrong="lint" name="only too few plans are refused" fails="lint-others"
# %%writefile nightly.py
"""The nightly job of the bakeries."""


def read_sales(lines):
    """Add up what each shop sold."""
    totals = {}
    for number, line in enumerate(lines, 1):
        try:
            shop, pieces = line.split(";")
            totals[shop] = totals.get(shop, 0) + int(pieces)
        except ValueError as error:
            raise ValueError(f"line {number}: {line!r}") from error
    return totals


def open_shops(states):
    """The shops that are not closed."""
    return [shop for shop, state in states if state != "closed"]


def pair_up(shops, plans):
    """A dictionary from each shop to its plan."""
    if len(plans) < len(shops):
        raise ValueError("plans are missing")
    return dict(zip(shops, plans, strict=False))


def make_alarms(limits):
    """For each shop, a function that says whether a number of pieces is below its limit."""
    alarms = {}
    for shop, limit in limits.items():
        alarms[shop] = lambda pieces, limit=limit: pieces < limit
    return alarms


def shortfall(planned, sold):
    """The share of the planned pieces that was not sold."""
    missing = max(planned - sold, 0)
    return missing / planned


# %% wrong="lint" name="shops without a plan are left out" fails="lint-others"
# %%writefile nightly.py
"""The nightly job of the bakeries."""


def read_sales(lines):
    """Add up what each shop sold."""
    totals = {}
    for number, line in enumerate(lines, 1):
        try:
            shop, pieces = line.split(";")
            totals[shop] = totals.get(shop, 0) + int(pieces)
        except ValueError as error:
            raise ValueError(f"line {number}: {line!r}") from error
    return totals


def open_shops(states):
    """The shops that are not closed."""
    return [shop for shop, state in states if state != "closed"]


def pair_up(shops, plans):
    """A dictionary from each shop to its plan."""
    return {shop: plan for shop, plan in zip(shops, plans, strict=True) if plan}


def make_alarms(limits):
    """For each shop, a function that says whether a number of pieces is below its limit."""
    alarms = {}
    for shop, limit in limits.items():
        alarms[shop] = lambda pieces, limit=limit: pieces < limit
    return alarms


def shortfall(planned, sold):
    """The share of the planned pieces that was not sold."""
    missing = max(planned - sold, 0)
    return missing / planned


# %% wrong="lint" name="every alarm with the last limit" fails="lint-others"
# %%writefile nightly.py
"""The nightly job of the bakeries."""


def read_sales(lines):
    """Add up what each shop sold."""
    totals = {}
    for number, line in enumerate(lines, 1):
        try:
            shop, pieces = line.split(";")
            totals[shop] = totals.get(shop, 0) + int(pieces)
        except ValueError as error:
            raise ValueError(f"line {number}: {line!r}") from error
    return totals


def open_shops(states):
    """The shops that are not closed."""
    return [shop for shop, state in states if state != "closed"]


def pair_up(shops, plans):
    """A dictionary from each shop to its plan."""
    return dict(zip(shops, plans, strict=True))


def make_alarms(limits):
    """For each shop, a function that says whether a number of pieces is below its limit."""
    alarms = {}
    limit = 0
    def alarm(pieces):
        return pieces < limit
    for shop in limits:
        limit = limits[shop]
        alarms[shop] = alarm
    return alarms


def shortfall(planned, sold):
    """The share of the planned pieces that was not sold."""
    missing = max(planned - sold, 0)
    return missing / planned


# %% wrong="lint" name="an alarm at the limit already" fails="lint-others"
# %%writefile nightly.py
"""The nightly job of the bakeries."""


def read_sales(lines):
    """Add up what each shop sold."""
    totals = {}
    for number, line in enumerate(lines, 1):
        try:
            shop, pieces = line.split(";")
            totals[shop] = totals.get(shop, 0) + int(pieces)
        except ValueError as error:
            raise ValueError(f"line {number}: {line!r}") from error
    return totals


def open_shops(states):
    """The shops that are not closed."""
    return [shop for shop, state in states if state != "closed"]


def pair_up(shops, plans):
    """A dictionary from each shop to its plan."""
    return dict(zip(shops, plans, strict=True))


def make_alarms(limits):
    """For each shop, a function that says whether a number of pieces is below its limit."""
    alarms = {}
    for shop, limit in limits.items():
        alarms[shop] = lambda pieces, limit=limit: pieces <= limit
    return alarms


def shortfall(planned, sold):
    """The share of the planned pieces that was not sold."""
    missing = max(planned - sold, 0)
    return missing / planned


# %% wrong="lint" name="an alarm above the limit" fails="lint-others"
# %%writefile nightly.py
"""The nightly job of the bakeries."""


def read_sales(lines):
    """Add up what each shop sold."""
    totals = {}
    for number, line in enumerate(lines, 1):
        try:
            shop, pieces = line.split(";")
            totals[shop] = totals.get(shop, 0) + int(pieces)
        except ValueError as error:
            raise ValueError(f"line {number}: {line!r}") from error
    return totals


def open_shops(states):
    """The shops that are not closed."""
    return [shop for shop, state in states if state != "closed"]


def pair_up(shops, plans):
    """A dictionary from each shop to its plan."""
    return dict(zip(shops, plans, strict=True))


def make_alarms(limits):
    """For each shop, a function that says whether a number of pieces is below its limit."""
    alarms = {}
    for shop, limit in limits.items():
        alarms[shop] = lambda pieces, limit=limit: pieces > limit
    return alarms


def shortfall(planned, sold):
    """The share of the planned pieces that was not sold."""
    missing = max(planned - sold, 0)
    return missing / planned


# %% wrong="lint" name="takes the limits out of the dictionary" fails="lint-others"
# %%writefile nightly.py
"""The nightly job of the bakeries."""


def read_sales(lines):
    """Add up what each shop sold."""
    totals = {}
    for number, line in enumerate(lines, 1):
        try:
            shop, pieces = line.split(";")
            totals[shop] = totals.get(shop, 0) + int(pieces)
        except ValueError as error:
            raise ValueError(f"line {number}: {line!r}") from error
    return totals


def open_shops(states):
    """The shops that are not closed."""
    return [shop for shop, state in states if state != "closed"]


def pair_up(shops, plans):
    """A dictionary from each shop to its plan."""
    return dict(zip(shops, plans, strict=True))


def make_alarms(limits):
    """For each shop, a function that says whether a number of pieces is below its limit."""
    alarms = {}
    while limits:
        shop, limit = limits.popitem()
        alarms[shop] = lambda pieces, limit=limit: pieces < limit
    return alarms


def shortfall(planned, sold):
    """The share of the planned pieces that was not sold."""
    missing = max(planned - sold, 0)
    return missing / planned


# %% wrong="lint" name="deletes the line that the linter names" fails="lint-others"
# %%writefile nightly.py
"""The nightly job of the bakeries."""


def read_sales(lines):
    """Add up what each shop sold."""
    totals = {}
    for number, line in enumerate(lines, 1):
        try:
            shop, pieces = line.split(";")
            totals[shop] = totals.get(shop, 0) + int(pieces)
        except ValueError as error:
            raise ValueError(f"line {number}: {line!r}") from error
    return totals


def open_shops(states):
    """The shops that are not closed."""
    return [shop for shop, state in states if state != "closed"]


def pair_up(shops, plans):
    """A dictionary from each shop to its plan."""
    return dict(zip(shops, plans, strict=True))


def make_alarms(limits):
    """For each shop, a function that says whether a number of pieces is below its limit."""
    alarms = {}
    for shop, limit in limits.items():
        alarms[shop] = lambda pieces, limit=limit: pieces < limit
    return alarms


def shortfall(planned, sold):
    """The share of the planned pieces that was not sold."""
    missing = max(planned - sold, 0)
    return missing


# %% wrong="lint" name="a negative share" fails="lint-others"
# %%writefile nightly.py
"""The nightly job of the bakeries."""


def read_sales(lines):
    """Add up what each shop sold."""
    totals = {}
    for number, line in enumerate(lines, 1):
        try:
            shop, pieces = line.split(";")
            totals[shop] = totals.get(shop, 0) + int(pieces)
        except ValueError as error:
            raise ValueError(f"line {number}: {line!r}") from error
    return totals


def open_shops(states):
    """The shops that are not closed."""
    return [shop for shop, state in states if state != "closed"]


def pair_up(shops, plans):
    """A dictionary from each shop to its plan."""
    return dict(zip(shops, plans, strict=True))


def make_alarms(limits):
    """For each shop, a function that says whether a number of pieces is below its limit."""
    alarms = {}
    for shop, limit in limits.items():
        alarms[shop] = lambda pieces, limit=limit: pieces < limit
    return alarms


def shortfall(planned, sold):
    """The share of the planned pieces that was not sold."""
    missing = planned - sold
    return missing / planned


# %% wrong="lint" name="a share of what was sold" fails="lint-others"
# %%writefile nightly.py
"""The nightly job of the bakeries."""


def read_sales(lines):
    """Add up what each shop sold."""
    totals = {}
    for number, line in enumerate(lines, 1):
        try:
            shop, pieces = line.split(";")
            totals[shop] = totals.get(shop, 0) + int(pieces)
        except ValueError as error:
            raise ValueError(f"line {number}: {line!r}") from error
    return totals


def open_shops(states):
    """The shops that are not closed."""
    return [shop for shop, state in states if state != "closed"]


def pair_up(shops, plans):
    """A dictionary from each shop to its plan."""
    return dict(zip(shops, plans, strict=True))


def make_alarms(limits):
    """For each shop, a function that says whether a number of pieces is below its limit."""
    alarms = {}
    for shop, limit in limits.items():
        alarms[shop] = lambda pieces, limit=limit: pieces < limit
    return alarms


def shortfall(planned, sold):
    """The share of the planned pieces that was not sold."""
    missing = max(planned - sold, 0)
    return missing / max(sold, 1)


# %% wrong="lint" name="whole shares only" fails="lint-others"
# %%writefile nightly.py
"""The nightly job of the bakeries."""


def read_sales(lines):
    """Add up what each shop sold."""
    totals = {}
    for number, line in enumerate(lines, 1):
        try:
            shop, pieces = line.split(";")
            totals[shop] = totals.get(shop, 0) + int(pieces)
        except ValueError as error:
            raise ValueError(f"line {number}: {line!r}") from error
    return totals


def open_shops(states):
    """The shops that are not closed."""
    return [shop for shop, state in states if state != "closed"]


def pair_up(shops, plans):
    """A dictionary from each shop to its plan."""
    return dict(zip(shops, plans, strict=True))


def make_alarms(limits):
    """For each shop, a function that says whether a number of pieces is below its limit."""
    alarms = {}
    for shop, limit in limits.items():
        alarms[shop] = lambda pieces, limit=limit: pieces < limit
    return alarms


def shortfall(planned, sold):
    """The share of the planned pieces that was not sold."""
    missing = max(planned - sold, 0)
    return missing // planned


# %% wrong="lint" name="a share rounded to two digits" fails="lint-others"
# %%writefile nightly.py
"""The nightly job of the bakeries."""


def read_sales(lines):
    """Add up what each shop sold."""
    totals = {}
    for number, line in enumerate(lines, 1):
        try:
            shop, pieces = line.split(";")
            totals[shop] = totals.get(shop, 0) + int(pieces)
        except ValueError as error:
            raise ValueError(f"line {number}: {line!r}") from error
    return totals


def open_shops(states):
    """The shops that are not closed."""
    return [shop for shop, state in states if state != "closed"]


def pair_up(shops, plans):
    """A dictionary from each shop to its plan."""
    return dict(zip(shops, plans, strict=True))


def make_alarms(limits):
    """For each shop, a function that says whether a number of pieces is below its limit."""
    alarms = {}
    for shop, limit in limits.items():
        alarms[shop] = lambda pieces, limit=limit: pieces < limit
    return alarms


def shortfall(planned, sold):
    """The share of the planned pieces that was not sold."""
    missing = max(planned - sold, 0)
    return round(missing / planned, 2)


# %% [markdown]
# ## release


# %% right="release" name="kinds in a set, numbers in a list"
def release(repo):
    if repo.git("status", "--porcelain"):
        raise ReleaseError("something is not committed")
    if repo.git("branch", "--show-current") != "main":
        raise ReleaseError("main is not checked out")
    source = repo.read(VERSION_FILE)
    old = source.split('__version__ = "')[1].split('"')[0]
    notes, kinds = [], set()
    for subject in repo.git("log", "--reverse", "--format=%s", f"v{old}..HEAD").splitlines():
        kind, colon, text = subject.partition(": ")
        if colon and kind in ("fix", "feat", "fix!", "feat!"):
            kinds.add(kind)
            notes.append(text)
    if not notes:
        raise ReleaseError("nothing to release")
    numbers = [int(part) for part in old.split(".")]
    place = 0 if kinds & {"fix!", "feat!"} else 1 if "feat" in kinds else 2
    numbers[place:] = [numbers[place] + 1, 0, 0][: 3 - place]
    new = ".".join(str(number) for number in numbers)
    if repo.git("tag", "--list", f"v{new}"):
        raise ReleaseError("the tag is there already")
    repo.write(VERSION_FILE, source.replace(f'__version__ = "{old}"', f'__version__ = "{new}"'))
    log = repo.read("CHANGELOG.md").removeprefix("# Changelog\n\n")
    lines = "".join(f"- {note}\n" for note in notes)
    repo.write("CHANGELOG.md", f"# Changelog\n\n## {new}\n\n{lines}\n{log}")
    repo.git("add", VERSION_FILE, "CHANGELOG.md")
    repo.git("commit", "-m", f"Release {new}")
    repo.git("tag", "-a", f"v{new}", "-m", f"Release {new}")
    return new


# %% right="release" name="line by line, newest first and turned round"
def release(repo):
    branch, *changes = repo.git("status", "--short", "--branch").splitlines()
    if changes or branch != "## main":
        raise ReleaseError(changes or branch)
    lines = repo.read(VERSION_FILE).split("\n")
    [row] = [number for number, line in enumerate(lines) if line.startswith("__version__")]
    version = lines[row].split('"')[1]
    commits = repo.git("log", "--format=%H %s", f"v{version}..main").split("\n")[::-1]
    found = []
    for commit in commits:
        subject = commit[41:]
        for prefix in ("fix: ", "feat: ", "fix!: ", "feat!: "):
            if subject.startswith(prefix):
                found.append((prefix, subject[len(prefix) :]))
    if found == []:
        raise ReleaseError
    major, minor, patch = version.split(".")
    if [prefix for prefix, _ in found if "!" in prefix]:
        major, minor, patch = int(major) + 1, 0, 0
    elif [prefix for prefix, _ in found if prefix == "feat: "]:
        minor, patch = int(minor) + 1, 0
    else:
        patch = int(patch) + 1
    version = f"{major}.{minor}.{patch}"
    if repo.git("tag", "--list", f"v{version}"):
        raise ReleaseError("the tag is there already")
    lines[row] = f'__version__ = "{version}"'
    repo.write(VERSION_FILE, "\n".join(lines))
    log = repo.read("CHANGELOG.md").split("\n")
    log[2:2] = [f"## {version}", "", *[f"- {text}" for _, text in found], ""]
    repo.write("CHANGELOG.md", "\n".join(log))
    repo.git("commit", "--quiet", "-am", f"Release {version}")
    repo.git("tag", "--annotate", "--message", f"Release {version}", f"v{version}")
    return version


# %% wrong="release" name="a new function is a patch" fails="release-version"
def release(repo):
    if repo.git("status", "--porcelain"):
        raise ReleaseError("something is not committed")
    if repo.git("branch", "--show-current") != "main":
        raise ReleaseError("main is not checked out")
    source = repo.read(VERSION_FILE)
    old = source.split('__version__ = "')[1].split('"')[0]
    notes, kinds = [], set()
    for subject in repo.git("log", "--reverse", "--format=%s", f"v{old}..HEAD").splitlines():
        kind, colon, text = subject.partition(": ")
        if colon and kind in ("fix", "feat", "fix!", "feat!"):
            kinds.add(kind)
            notes.append(text)
    if not notes:
        raise ReleaseError("nothing to release")
    numbers = [int(part) for part in old.split(".")]
    place = 0 if kinds & {"fix!", "feat!"} else 2
    numbers[place:] = [numbers[place] + 1, 0, 0][: 3 - place]
    new = ".".join(str(number) for number in numbers)
    if repo.git("tag", "--list", f"v{new}"):
        raise ReleaseError("the tag is there already")
    repo.write(VERSION_FILE, source.replace(f'__version__ = "{old}"', f'__version__ = "{new}"'))
    log = repo.read("CHANGELOG.md").removeprefix("# Changelog\n\n")
    lines = "".join(f"- {note}\n" for note in notes)
    repo.write("CHANGELOG.md", f"# Changelog\n\n## {new}\n\n{lines}\n{log}")
    repo.git("add", VERSION_FILE, "CHANGELOG.md")
    repo.git("commit", "-m", f"Release {new}")
    repo.git("tag", "-a", f"v{new}", "-m", f"Release {new}")
    return new


# %% wrong="release" name="does not set the rest to 0" fails="release-version"
def release(repo):
    if repo.git("status", "--porcelain"):
        raise ReleaseError("something is not committed")
    if repo.git("branch", "--show-current") != "main":
        raise ReleaseError("main is not checked out")
    source = repo.read(VERSION_FILE)
    old = source.split('__version__ = "')[1].split('"')[0]
    notes, kinds = [], set()
    for subject in repo.git("log", "--reverse", "--format=%s", f"v{old}..HEAD").splitlines():
        kind, colon, text = subject.partition(": ")
        if colon and kind in ("fix", "feat", "fix!", "feat!"):
            kinds.add(kind)
            notes.append(text)
    if not notes:
        raise ReleaseError("nothing to release")
    numbers = [int(part) for part in old.split(".")]
    place = 0 if kinds & {"fix!", "feat!"} else 1 if "feat" in kinds else 2
    numbers[place] += 1
    new = ".".join(str(number) for number in numbers)
    if repo.git("tag", "--list", f"v{new}"):
        raise ReleaseError("the tag is there already")
    repo.write(VERSION_FILE, source.replace(f'__version__ = "{old}"', f'__version__ = "{new}"'))
    log = repo.read("CHANGELOG.md").removeprefix("# Changelog\n\n")
    lines = "".join(f"- {note}\n" for note in notes)
    repo.write("CHANGELOG.md", f"# Changelog\n\n## {new}\n\n{lines}\n{log}")
    repo.git("add", VERSION_FILE, "CHANGELOG.md")
    repo.git("commit", "-m", f"Release {new}")
    repo.git("tag", "-a", f"v{new}", "-m", f"Release {new}")
    return new


# %% wrong="release" name="what breaks is a new function" fails="release-version"
def release(repo):
    if repo.git("status", "--porcelain"):
        raise ReleaseError("something is not committed")
    if repo.git("branch", "--show-current") != "main":
        raise ReleaseError("main is not checked out")
    source = repo.read(VERSION_FILE)
    old = source.split('__version__ = "')[1].split('"')[0]
    notes, kinds = [], set()
    for subject in repo.git("log", "--reverse", "--format=%s", f"v{old}..HEAD").splitlines():
        kind, colon, text = subject.partition(": ")
        if colon and kind in ("fix", "feat", "fix!", "feat!"):
            kinds.add(kind)
            notes.append(text)
    if not notes:
        raise ReleaseError("nothing to release")
    numbers = [int(part) for part in old.split(".")]
    place = 1 if kinds & {"fix!", "feat!", "feat"} else 2
    numbers[place:] = [numbers[place] + 1, 0, 0][: 3 - place]
    new = ".".join(str(number) for number in numbers)
    if repo.git("tag", "--list", f"v{new}"):
        raise ReleaseError("the tag is there already")
    repo.write(VERSION_FILE, source.replace(f'__version__ = "{old}"', f'__version__ = "{new}"'))
    log = repo.read("CHANGELOG.md").removeprefix("# Changelog\n\n")
    lines = "".join(f"- {note}\n" for note in notes)
    repo.write("CHANGELOG.md", f"# Changelog\n\n## {new}\n\n{lines}\n{log}")
    repo.git("add", VERSION_FILE, "CHANGELOG.md")
    repo.git("commit", "-m", f"Release {new}")
    repo.git("tag", "-a", f"v{new}", "-m", f"Release {new}")
    return new


# %% wrong="release" name="counts one step for each commit" fails="release-version"
def release(repo):
    if repo.git("status", "--porcelain"):
        raise ReleaseError("something is not committed")
    if repo.git("branch", "--show-current") != "main":
        raise ReleaseError("main is not checked out")
    source = repo.read(VERSION_FILE)
    old = source.split('__version__ = "')[1].split('"')[0]
    notes, kinds = [], set()
    for subject in repo.git("log", "--reverse", "--format=%s", f"v{old}..HEAD").splitlines():
        kind, colon, text = subject.partition(": ")
        if colon and kind in ("fix", "feat", "fix!", "feat!"):
            kinds.add(kind)
            notes.append(text)
    if not notes:
        raise ReleaseError("nothing to release")
    numbers = [int(part) for part in old.split(".")]
    place = 0 if kinds & {"fix!", "feat!"} else 1 if "feat" in kinds else 2
    numbers[place:] = [numbers[place] + len(notes), 0, 0][: 3 - place]
    new = ".".join(str(number) for number in numbers)
    if repo.git("tag", "--list", f"v{new}"):
        raise ReleaseError("the tag is there already")
    repo.write(VERSION_FILE, source.replace(f'__version__ = "{old}"', f'__version__ = "{new}"'))
    log = repo.read("CHANGELOG.md").removeprefix("# Changelog\n\n")
    lines = "".join(f"- {note}\n" for note in notes)
    repo.write("CHANGELOG.md", f"# Changelog\n\n## {new}\n\n{lines}\n{log}")
    repo.git("add", VERSION_FILE, "CHANGELOG.md")
    repo.git("commit", "-m", f"Release {new}")
    repo.git("tag", "-a", f"v{new}", "-m", f"Release {new}")
    return new


# %% wrong="release" name="digits, not numbers" fails="release-version"
def release(repo):
    if repo.git("status", "--porcelain"):
        raise ReleaseError("something is not committed")
    if repo.git("branch", "--show-current") != "main":
        raise ReleaseError("main is not checked out")
    source = repo.read(VERSION_FILE)
    old = source.split('__version__ = "')[1].split('"')[0]
    notes, kinds = [], set()
    for subject in repo.git("log", "--reverse", "--format=%s", f"v{old}..HEAD").splitlines():
        kind, colon, text = subject.partition(": ")
        if colon and kind in ("fix", "feat", "fix!", "feat!"):
            kinds.add(kind)
            notes.append(text)
    if not notes:
        raise ReleaseError("nothing to release")
    numbers = [int(digit) for digit in old.replace(".", "")][:3]
    place = 0 if kinds & {"fix!", "feat!"} else 1 if "feat" in kinds else 2
    numbers[place:] = [numbers[place] + 1, 0, 0][: 3 - place]
    new = ".".join(str(number) for number in numbers)
    if repo.git("tag", "--list", f"v{new}"):
        raise ReleaseError("the tag is there already")
    repo.write(VERSION_FILE, source.replace(f'__version__ = "{old}"', f'__version__ = "{new}"'))
    log = repo.read("CHANGELOG.md").removeprefix("# Changelog\n\n")
    lines = "".join(f"- {note}\n" for note in notes)
    repo.write("CHANGELOG.md", f"# Changelog\n\n## {new}\n\n{lines}\n{log}")
    repo.git("add", VERSION_FILE, "CHANGELOG.md")
    repo.git("commit", "-m", f"Release {new}")
    repo.git("tag", "-a", f"v{new}", "-m", f"Release {new}")
    return new


# %% wrong="release" name="the last change decides" fails="release-version"
def release(repo):
    if repo.git("status", "--porcelain"):
        raise ReleaseError("something is not committed")
    if repo.git("branch", "--show-current") != "main":
        raise ReleaseError("main is not checked out")
    source = repo.read(VERSION_FILE)
    old = source.split('__version__ = "')[1].split('"')[0]
    notes, kinds = [], set()
    for subject in repo.git("log", "--reverse", "--format=%s", f"v{old}..HEAD").splitlines():
        kind, colon, text = subject.partition(": ")
        if colon and kind in ("fix", "feat", "fix!", "feat!"):
            kinds = {kind}
            notes.append(text)
    if not notes:
        raise ReleaseError("nothing to release")
    numbers = [int(part) for part in old.split(".")]
    place = 0 if kinds & {"fix!", "feat!"} else 1 if "feat" in kinds else 2
    numbers[place:] = [numbers[place] + 1, 0, 0][: 3 - place]
    new = ".".join(str(number) for number in numbers)
    if repo.git("tag", "--list", f"v{new}"):
        raise ReleaseError("the tag is there already")
    repo.write(VERSION_FILE, source.replace(f'__version__ = "{old}"', f'__version__ = "{new}"'))
    log = repo.read("CHANGELOG.md").removeprefix("# Changelog\n\n")
    lines = "".join(f"- {note}\n" for note in notes)
    repo.write("CHANGELOG.md", f"# Changelog\n\n## {new}\n\n{lines}\n{log}")
    repo.git("add", VERSION_FILE, "CHANGELOG.md")
    repo.git("commit", "-m", f"Release {new}")
    repo.git("tag", "-a", f"v{new}", "-m", f"Release {new}")
    return new


# %% wrong="release" name="no merged commits" fails="release-version"
def release(repo):
    if repo.git("status", "--porcelain"):
        raise ReleaseError("something is not committed")
    if repo.git("branch", "--show-current") != "main":
        raise ReleaseError("main is not checked out")
    source = repo.read(VERSION_FILE)
    old = source.split('__version__ = "')[1].split('"')[0]
    notes, kinds = [], set()
    for subject in repo.git("log", "--reverse", "--first-parent", "--format=%s", f"v{old}..HEAD").splitlines():
        kind, colon, text = subject.partition(": ")
        if colon and kind in ("fix", "feat", "fix!", "feat!"):
            kinds.add(kind)
            notes.append(text)
    if not notes:
        raise ReleaseError("nothing to release")
    numbers = [int(part) for part in old.split(".")]
    place = 0 if kinds & {"fix!", "feat!"} else 1 if "feat" in kinds else 2
    numbers[place:] = [numbers[place] + 1, 0, 0][: 3 - place]
    new = ".".join(str(number) for number in numbers)
    if repo.git("tag", "--list", f"v{new}"):
        raise ReleaseError("the tag is there already")
    repo.write(VERSION_FILE, source.replace(f'__version__ = "{old}"', f'__version__ = "{new}"'))
    log = repo.read("CHANGELOG.md").removeprefix("# Changelog\n\n")
    lines = "".join(f"- {note}\n" for note in notes)
    repo.write("CHANGELOG.md", f"# Changelog\n\n## {new}\n\n{lines}\n{log}")
    repo.git("add", VERSION_FILE, "CHANGELOG.md")
    repo.git("commit", "-m", f"Release {new}")
    repo.git("tag", "-a", f"v{new}", "-m", f"Release {new}")
    return new


# %% wrong="release" name="whole messages, not first lines" fails="release-version"
def release(repo):
    if repo.git("status", "--porcelain"):
        raise ReleaseError("something is not committed")
    if repo.git("branch", "--show-current") != "main":
        raise ReleaseError("main is not checked out")
    source = repo.read(VERSION_FILE)
    old = source.split('__version__ = "')[1].split('"')[0]
    notes, kinds = [], set()
    for subject in repo.git("log", "--reverse", "--format=%B", f"v{old}..HEAD").splitlines():
        kind, colon, text = subject.partition(": ")
        if colon and kind in ("fix", "feat", "fix!", "feat!"):
            kinds.add(kind)
            notes.append(text)
    if not notes:
        raise ReleaseError("nothing to release")
    numbers = [int(part) for part in old.split(".")]
    place = 0 if kinds & {"fix!", "feat!"} else 1 if "feat" in kinds else 2
    numbers[place:] = [numbers[place] + 1, 0, 0][: 3 - place]
    new = ".".join(str(number) for number in numbers)
    if repo.git("tag", "--list", f"v{new}"):
        raise ReleaseError("the tag is there already")
    repo.write(VERSION_FILE, source.replace(f'__version__ = "{old}"', f'__version__ = "{new}"'))
    log = repo.read("CHANGELOG.md").removeprefix("# Changelog\n\n")
    lines = "".join(f"- {note}\n" for note in notes)
    repo.write("CHANGELOG.md", f"# Changelog\n\n## {new}\n\n{lines}\n{log}")
    repo.git("add", VERSION_FILE, "CHANGELOG.md")
    repo.git("commit", "-m", f"Release {new}")
    repo.git("tag", "-a", f"v{new}", "-m", f"Release {new}")
    return new


# %% wrong="release" name="any text with fix or feat in it" fails="release-version release-refuses"
def release(repo):
    if repo.git("status", "--porcelain"):
        raise ReleaseError("something is not committed")
    if repo.git("branch", "--show-current") != "main":
        raise ReleaseError("main is not checked out")
    source = repo.read(VERSION_FILE)
    old = source.split('__version__ = "')[1].split('"')[0]
    notes, kinds = [], set()
    for subject in repo.git("log", "--reverse", "--format=%s", f"v{old}..HEAD").splitlines():
        kind, colon, text = subject.partition(": ")
        kind = next((word for word in ("feat!", "fix!", "feat", "fix") if word in subject), "")
        if kind:
            kinds.add(kind)
            notes.append(text)
    if not notes:
        raise ReleaseError("nothing to release")
    numbers = [int(part) for part in old.split(".")]
    place = 0 if kinds & {"fix!", "feat!"} else 1 if "feat" in kinds else 2
    numbers[place:] = [numbers[place] + 1, 0, 0][: 3 - place]
    new = ".".join(str(number) for number in numbers)
    if repo.git("tag", "--list", f"v{new}"):
        raise ReleaseError("the tag is there already")
    repo.write(VERSION_FILE, source.replace(f'__version__ = "{old}"', f'__version__ = "{new}"'))
    log = repo.read("CHANGELOG.md").removeprefix("# Changelog\n\n")
    lines = "".join(f"- {note}\n" for note in notes)
    repo.write("CHANGELOG.md", f"# Changelog\n\n## {new}\n\n{lines}\n{log}")
    repo.git("add", VERSION_FILE, "CHANGELOG.md")
    repo.git("commit", "-m", f"Release {new}")
    repo.git("tag", "-a", f"v{new}", "-m", f"Release {new}")
    return new


# %% wrong="release" name="the space after the colon is forgotten" fails="release-version"
def release(repo):
    if repo.git("status", "--porcelain"):
        raise ReleaseError("something is not committed")
    if repo.git("branch", "--show-current") != "main":
        raise ReleaseError("main is not checked out")
    source = repo.read(VERSION_FILE)
    old = source.split('__version__ = "')[1].split('"')[0]
    notes, kinds = [], set()
    for subject in repo.git("log", "--reverse", "--format=%s", f"v{old}..HEAD").splitlines():
        kind, colon, text = subject.partition(":")
        text = text.strip()
        if colon and kind in ("fix", "feat", "fix!", "feat!"):
            kinds.add(kind)
            notes.append(text)
    if not notes:
        raise ReleaseError("nothing to release")
    numbers = [int(part) for part in old.split(".")]
    place = 0 if kinds & {"fix!", "feat!"} else 1 if "feat" in kinds else 2
    numbers[place:] = [numbers[place] + 1, 0, 0][: 3 - place]
    new = ".".join(str(number) for number in numbers)
    if repo.git("tag", "--list", f"v{new}"):
        raise ReleaseError("the tag is there already")
    repo.write(VERSION_FILE, source.replace(f'__version__ = "{old}"', f'__version__ = "{new}"'))
    log = repo.read("CHANGELOG.md").removeprefix("# Changelog\n\n")
    lines = "".join(f"- {note}\n" for note in notes)
    repo.write("CHANGELOG.md", f"# Changelog\n\n## {new}\n\n{lines}\n{log}")
    repo.git("add", VERSION_FILE, "CHANGELOG.md")
    repo.git("commit", "-m", f"Release {new}")
    repo.git("tag", "-a", f"v{new}", "-m", f"Release {new}")
    return new


# %% wrong="release" name="words that begin with feat" fails="release-version release-refuses"
def release(repo):
    if repo.git("status", "--porcelain"):
        raise ReleaseError("something is not committed")
    if repo.git("branch", "--show-current") != "main":
        raise ReleaseError("main is not checked out")
    source = repo.read(VERSION_FILE)
    old = source.split('__version__ = "')[1].split('"')[0]
    notes, kinds = [], set()
    for subject in repo.git("log", "--reverse", "--format=%s", f"v{old}..HEAD").splitlines():
        kind, colon, text = subject.partition(": ")
        kind = "feat" if kind.startswith("feat") and "!" not in kind else kind
        if colon and kind in ("fix", "feat", "fix!", "feat!"):
            kinds.add(kind)
            notes.append(text)
    if not notes:
        raise ReleaseError("nothing to release")
    numbers = [int(part) for part in old.split(".")]
    place = 0 if kinds & {"fix!", "feat!"} else 1 if "feat" in kinds else 2
    numbers[place:] = [numbers[place] + 1, 0, 0][: 3 - place]
    new = ".".join(str(number) for number in numbers)
    if repo.git("tag", "--list", f"v{new}"):
        raise ReleaseError("the tag is there already")
    repo.write(VERSION_FILE, source.replace(f'__version__ = "{old}"', f'__version__ = "{new}"'))
    log = repo.read("CHANGELOG.md").removeprefix("# Changelog\n\n")
    lines = "".join(f"- {note}\n" for note in notes)
    repo.write("CHANGELOG.md", f"# Changelog\n\n## {new}\n\n{lines}\n{log}")
    repo.git("add", VERSION_FILE, "CHANGELOG.md")
    repo.git("commit", "-m", f"Release {new}")
    repo.git("tag", "-a", f"v{new}", "-m", f"Release {new}")
    return new


# %% wrong="release" name="returns the tag" fails="release-version release-tag"
def release(repo):
    if repo.git("status", "--porcelain"):
        raise ReleaseError("something is not committed")
    if repo.git("branch", "--show-current") != "main":
        raise ReleaseError("main is not checked out")
    source = repo.read(VERSION_FILE)
    old = source.split('__version__ = "')[1].split('"')[0]
    notes, kinds = [], set()
    for subject in repo.git("log", "--reverse", "--format=%s", f"v{old}..HEAD").splitlines():
        kind, colon, text = subject.partition(": ")
        if colon and kind in ("fix", "feat", "fix!", "feat!"):
            kinds.add(kind)
            notes.append(text)
    if not notes:
        raise ReleaseError("nothing to release")
    numbers = [int(part) for part in old.split(".")]
    place = 0 if kinds & {"fix!", "feat!"} else 1 if "feat" in kinds else 2
    numbers[place:] = [numbers[place] + 1, 0, 0][: 3 - place]
    new = ".".join(str(number) for number in numbers)
    if repo.git("tag", "--list", f"v{new}"):
        raise ReleaseError("the tag is there already")
    repo.write(VERSION_FILE, source.replace(f'__version__ = "{old}"', f'__version__ = "{new}"'))
    log = repo.read("CHANGELOG.md").removeprefix("# Changelog\n\n")
    lines = "".join(f"- {note}\n" for note in notes)
    repo.write("CHANGELOG.md", f"# Changelog\n\n## {new}\n\n{lines}\n{log}")
    repo.git("add", VERSION_FILE, "CHANGELOG.md")
    repo.git("commit", "-m", f"Release {new}")
    repo.git("tag", "-a", f"v{new}", "-m", f"Release {new}")
    return f"v{new}"


# %% wrong="release" name="returns nothing" fails="release-version"
def release(repo):
    if repo.git("status", "--porcelain"):
        raise ReleaseError("something is not committed")
    if repo.git("branch", "--show-current") != "main":
        raise ReleaseError("main is not checked out")
    source = repo.read(VERSION_FILE)
    old = source.split('__version__ = "')[1].split('"')[0]
    notes, kinds = [], set()
    for subject in repo.git("log", "--reverse", "--format=%s", f"v{old}..HEAD").splitlines():
        kind, colon, text = subject.partition(": ")
        if colon and kind in ("fix", "feat", "fix!", "feat!"):
            kinds.add(kind)
            notes.append(text)
    if not notes:
        raise ReleaseError("nothing to release")
    numbers = [int(part) for part in old.split(".")]
    place = 0 if kinds & {"fix!", "feat!"} else 1 if "feat" in kinds else 2
    numbers[place:] = [numbers[place] + 1, 0, 0][: 3 - place]
    new = ".".join(str(number) for number in numbers)
    if repo.git("tag", "--list", f"v{new}"):
        raise ReleaseError("the tag is there already")
    repo.write(VERSION_FILE, source.replace(f'__version__ = "{old}"', f'__version__ = "{new}"'))
    log = repo.read("CHANGELOG.md").removeprefix("# Changelog\n\n")
    lines = "".join(f"- {note}\n" for note in notes)
    repo.write("CHANGELOG.md", f"# Changelog\n\n## {new}\n\n{lines}\n{log}")
    repo.git("add", VERSION_FILE, "CHANGELOG.md")
    repo.git("commit", "-m", f"Release {new}")
    repo.git("tag", "-a", f"v{new}", "-m", f"Release {new}")


# %% wrong="release" name="does not write the version" fails="release-version release-changelog"
def release(repo):
    if repo.git("status", "--porcelain"):
        raise ReleaseError("something is not committed")
    if repo.git("branch", "--show-current") != "main":
        raise ReleaseError("main is not checked out")
    source = repo.read(VERSION_FILE)
    old = source.split('__version__ = "')[1].split('"')[0]
    notes, kinds = [], set()
    for subject in repo.git("log", "--reverse", "--format=%s", f"v{old}..HEAD").splitlines():
        kind, colon, text = subject.partition(": ")
        if colon and kind in ("fix", "feat", "fix!", "feat!"):
            kinds.add(kind)
            notes.append(text)
    if not notes:
        raise ReleaseError("nothing to release")
    numbers = [int(part) for part in old.split(".")]
    place = 0 if kinds & {"fix!", "feat!"} else 1 if "feat" in kinds else 2
    numbers[place:] = [numbers[place] + 1, 0, 0][: 3 - place]
    new = ".".join(str(number) for number in numbers)
    if repo.git("tag", "--list", f"v{new}"):
        raise ReleaseError("the tag is there already")
    log = repo.read("CHANGELOG.md").removeprefix("# Changelog\n\n")
    lines = "".join(f"- {note}\n" for note in notes)
    repo.write("CHANGELOG.md", f"# Changelog\n\n## {new}\n\n{lines}\n{log}")
    repo.git("add", VERSION_FILE, "CHANGELOG.md")
    repo.git("commit", "-m", f"Release {new}")
    repo.git("tag", "-a", f"v{new}", "-m", f"Release {new}")
    return new


# %% wrong="release" name="replaces the old number everywhere" fails="release-changelog"
def release(repo):
    if repo.git("status", "--porcelain"):
        raise ReleaseError("something is not committed")
    if repo.git("branch", "--show-current") != "main":
        raise ReleaseError("main is not checked out")
    source = repo.read(VERSION_FILE)
    old = source.split('__version__ = "')[1].split('"')[0]
    notes, kinds = [], set()
    for subject in repo.git("log", "--reverse", "--format=%s", f"v{old}..HEAD").splitlines():
        kind, colon, text = subject.partition(": ")
        if colon and kind in ("fix", "feat", "fix!", "feat!"):
            kinds.add(kind)
            notes.append(text)
    if not notes:
        raise ReleaseError("nothing to release")
    numbers = [int(part) for part in old.split(".")]
    place = 0 if kinds & {"fix!", "feat!"} else 1 if "feat" in kinds else 2
    numbers[place:] = [numbers[place] + 1, 0, 0][: 3 - place]
    new = ".".join(str(number) for number in numbers)
    if repo.git("tag", "--list", f"v{new}"):
        raise ReleaseError("the tag is there already")
    repo.write(VERSION_FILE, source.replace(old, new))
    log = repo.read("CHANGELOG.md").removeprefix("# Changelog\n\n")
    lines = "".join(f"- {note}\n" for note in notes)
    repo.write("CHANGELOG.md", f"# Changelog\n\n## {new}\n\n{lines}\n{log}")
    repo.git("add", VERSION_FILE, "CHANGELOG.md")
    repo.git("commit", "-m", f"Release {new}")
    repo.git("tag", "-a", f"v{new}", "-m", f"Release {new}")
    return new


# %% wrong="release" name="newest first" fails="release-changelog"
def release(repo):
    if repo.git("status", "--porcelain"):
        raise ReleaseError("something is not committed")
    if repo.git("branch", "--show-current") != "main":
        raise ReleaseError("main is not checked out")
    source = repo.read(VERSION_FILE)
    old = source.split('__version__ = "')[1].split('"')[0]
    notes, kinds = [], set()
    for subject in repo.git("log", "--format=%s", f"v{old}..HEAD").splitlines():
        kind, colon, text = subject.partition(": ")
        if colon and kind in ("fix", "feat", "fix!", "feat!"):
            kinds.add(kind)
            notes.append(text)
    if not notes:
        raise ReleaseError("nothing to release")
    numbers = [int(part) for part in old.split(".")]
    place = 0 if kinds & {"fix!", "feat!"} else 1 if "feat" in kinds else 2
    numbers[place:] = [numbers[place] + 1, 0, 0][: 3 - place]
    new = ".".join(str(number) for number in numbers)
    if repo.git("tag", "--list", f"v{new}"):
        raise ReleaseError("the tag is there already")
    repo.write(VERSION_FILE, source.replace(f'__version__ = "{old}"', f'__version__ = "{new}"'))
    log = repo.read("CHANGELOG.md").removeprefix("# Changelog\n\n")
    lines = "".join(f"- {note}\n" for note in notes)
    repo.write("CHANGELOG.md", f"# Changelog\n\n## {new}\n\n{lines}\n{log}")
    repo.git("add", VERSION_FILE, "CHANGELOG.md")
    repo.git("commit", "-m", f"Release {new}")
    repo.git("tag", "-a", f"v{new}", "-m", f"Release {new}")
    return new


# %% wrong="release" name="in alphabetical order" fails="release-changelog"
def release(repo):
    if repo.git("status", "--porcelain"):
        raise ReleaseError("something is not committed")
    if repo.git("branch", "--show-current") != "main":
        raise ReleaseError("main is not checked out")
    source = repo.read(VERSION_FILE)
    old = source.split('__version__ = "')[1].split('"')[0]
    notes, kinds = [], set()
    for subject in repo.git("log", "--reverse", "--format=%s", f"v{old}..HEAD").splitlines():
        kind, colon, text = subject.partition(": ")
        if colon and kind in ("fix", "feat", "fix!", "feat!"):
            kinds.add(kind)
            notes.append(text)
    if not notes:
        raise ReleaseError("nothing to release")
    numbers = [int(part) for part in old.split(".")]
    place = 0 if kinds & {"fix!", "feat!"} else 1 if "feat" in kinds else 2
    numbers[place:] = [numbers[place] + 1, 0, 0][: 3 - place]
    new = ".".join(str(number) for number in numbers)
    if repo.git("tag", "--list", f"v{new}"):
        raise ReleaseError("the tag is there already")
    repo.write(VERSION_FILE, source.replace(f'__version__ = "{old}"', f'__version__ = "{new}"'))
    log = repo.read("CHANGELOG.md").removeprefix("# Changelog\n\n")
    lines = "".join(f"- {note}\n" for note in sorted(notes))
    repo.write("CHANGELOG.md", f"# Changelog\n\n## {new}\n\n{lines}\n{log}")
    repo.git("add", VERSION_FILE, "CHANGELOG.md")
    repo.git("commit", "-m", f"Release {new}")
    repo.git("tag", "-a", f"v{new}", "-m", f"Release {new}")
    return new


# %% wrong="release" name="the new section at the end" fails="release-changelog"
def release(repo):
    if repo.git("status", "--porcelain"):
        raise ReleaseError("something is not committed")
    if repo.git("branch", "--show-current") != "main":
        raise ReleaseError("main is not checked out")
    source = repo.read(VERSION_FILE)
    old = source.split('__version__ = "')[1].split('"')[0]
    notes, kinds = [], set()
    for subject in repo.git("log", "--reverse", "--format=%s", f"v{old}..HEAD").splitlines():
        kind, colon, text = subject.partition(": ")
        if colon and kind in ("fix", "feat", "fix!", "feat!"):
            kinds.add(kind)
            notes.append(text)
    if not notes:
        raise ReleaseError("nothing to release")
    numbers = [int(part) for part in old.split(".")]
    place = 0 if kinds & {"fix!", "feat!"} else 1 if "feat" in kinds else 2
    numbers[place:] = [numbers[place] + 1, 0, 0][: 3 - place]
    new = ".".join(str(number) for number in numbers)
    if repo.git("tag", "--list", f"v{new}"):
        raise ReleaseError("the tag is there already")
    repo.write(VERSION_FILE, source.replace(f'__version__ = "{old}"', f'__version__ = "{new}"'))
    log = repo.read("CHANGELOG.md").removeprefix("# Changelog\n\n")
    lines = "".join(f"- {note}\n" for note in notes)
    repo.write("CHANGELOG.md", f"# Changelog\n\n{log}## {new}\n\n{lines}\n")
    repo.git("add", VERSION_FILE, "CHANGELOG.md")
    repo.git("commit", "-m", f"Release {new}")
    repo.git("tag", "-a", f"v{new}", "-m", f"Release {new}")
    return new


# %% wrong="release" name="forgets the older sections" fails="release-changelog"
def release(repo):
    if repo.git("status", "--porcelain"):
        raise ReleaseError("something is not committed")
    if repo.git("branch", "--show-current") != "main":
        raise ReleaseError("main is not checked out")
    source = repo.read(VERSION_FILE)
    old = source.split('__version__ = "')[1].split('"')[0]
    notes, kinds = [], set()
    for subject in repo.git("log", "--reverse", "--format=%s", f"v{old}..HEAD").splitlines():
        kind, colon, text = subject.partition(": ")
        if colon and kind in ("fix", "feat", "fix!", "feat!"):
            kinds.add(kind)
            notes.append(text)
    if not notes:
        raise ReleaseError("nothing to release")
    numbers = [int(part) for part in old.split(".")]
    place = 0 if kinds & {"fix!", "feat!"} else 1 if "feat" in kinds else 2
    numbers[place:] = [numbers[place] + 1, 0, 0][: 3 - place]
    new = ".".join(str(number) for number in numbers)
    if repo.git("tag", "--list", f"v{new}"):
        raise ReleaseError("the tag is there already")
    repo.write(VERSION_FILE, source.replace(f'__version__ = "{old}"', f'__version__ = "{new}"'))
    log = repo.read("CHANGELOG.md").removeprefix("# Changelog\n\n")
    lines = "".join(f"- {note}\n" for note in notes)
    repo.write("CHANGELOG.md", f"# Changelog\n\n## {new}\n\n{lines}\n")
    repo.git("add", VERSION_FILE, "CHANGELOG.md")
    repo.git("commit", "-m", f"Release {new}")
    repo.git("tag", "-a", f"v{new}", "-m", f"Release {new}")
    return new


# %% wrong="release" name="no empty line after the section" fails="release-changelog"
def release(repo):
    if repo.git("status", "--porcelain"):
        raise ReleaseError("something is not committed")
    if repo.git("branch", "--show-current") != "main":
        raise ReleaseError("main is not checked out")
    source = repo.read(VERSION_FILE)
    old = source.split('__version__ = "')[1].split('"')[0]
    notes, kinds = [], set()
    for subject in repo.git("log", "--reverse", "--format=%s", f"v{old}..HEAD").splitlines():
        kind, colon, text = subject.partition(": ")
        if colon and kind in ("fix", "feat", "fix!", "feat!"):
            kinds.add(kind)
            notes.append(text)
    if not notes:
        raise ReleaseError("nothing to release")
    numbers = [int(part) for part in old.split(".")]
    place = 0 if kinds & {"fix!", "feat!"} else 1 if "feat" in kinds else 2
    numbers[place:] = [numbers[place] + 1, 0, 0][: 3 - place]
    new = ".".join(str(number) for number in numbers)
    if repo.git("tag", "--list", f"v{new}"):
        raise ReleaseError("the tag is there already")
    repo.write(VERSION_FILE, source.replace(f'__version__ = "{old}"', f'__version__ = "{new}"'))
    log = repo.read("CHANGELOG.md").removeprefix("# Changelog\n\n")
    lines = "".join(f"- {note}\n" for note in notes)
    repo.write("CHANGELOG.md", f"# Changelog\n\n## {new}\n\n{lines}{log}")
    repo.git("add", VERSION_FILE, "CHANGELOG.md")
    repo.git("commit", "-m", f"Release {new}")
    repo.git("tag", "-a", f"v{new}", "-m", f"Release {new}")
    return new


# %% wrong="release" name="the kind stays before the text" fails="release-changelog"
def release(repo):
    if repo.git("status", "--porcelain"):
        raise ReleaseError("something is not committed")
    if repo.git("branch", "--show-current") != "main":
        raise ReleaseError("main is not checked out")
    source = repo.read(VERSION_FILE)
    old = source.split('__version__ = "')[1].split('"')[0]
    notes, kinds = [], set()
    for subject in repo.git("log", "--reverse", "--format=%s", f"v{old}..HEAD").splitlines():
        kind, colon, text = subject.partition(": ")
        if colon and kind in ("fix", "feat", "fix!", "feat!"):
            kinds.add(kind)
            notes.append(subject)
    if not notes:
        raise ReleaseError("nothing to release")
    numbers = [int(part) for part in old.split(".")]
    place = 0 if kinds & {"fix!", "feat!"} else 1 if "feat" in kinds else 2
    numbers[place:] = [numbers[place] + 1, 0, 0][: 3 - place]
    new = ".".join(str(number) for number in numbers)
    if repo.git("tag", "--list", f"v{new}"):
        raise ReleaseError("the tag is there already")
    repo.write(VERSION_FILE, source.replace(f'__version__ = "{old}"', f'__version__ = "{new}"'))
    log = repo.read("CHANGELOG.md").removeprefix("# Changelog\n\n")
    lines = "".join(f"- {note}\n" for note in notes)
    repo.write("CHANGELOG.md", f"# Changelog\n\n## {new}\n\n{lines}\n{log}")
    repo.git("add", VERSION_FILE, "CHANGELOG.md")
    repo.git("commit", "-m", f"Release {new}")
    repo.git("tag", "-a", f"v{new}", "-m", f"Release {new}")
    return new


# %% wrong="release" name="cuts the text at each colon" fails="release-changelog"
def release(repo):
    if repo.git("status", "--porcelain"):
        raise ReleaseError("something is not committed")
    if repo.git("branch", "--show-current") != "main":
        raise ReleaseError("main is not checked out")
    source = repo.read(VERSION_FILE)
    old = source.split('__version__ = "')[1].split('"')[0]
    notes, kinds = [], set()
    for subject in repo.git("log", "--reverse", "--format=%s", f"v{old}..HEAD").splitlines():
        kind, colon, text = subject.partition(": ")
        if colon and kind in ("fix", "feat", "fix!", "feat!"):
            kinds.add(kind)
            notes.append(text.split(": ")[-1])
    if not notes:
        raise ReleaseError("nothing to release")
    numbers = [int(part) for part in old.split(".")]
    place = 0 if kinds & {"fix!", "feat!"} else 1 if "feat" in kinds else 2
    numbers[place:] = [numbers[place] + 1, 0, 0][: 3 - place]
    new = ".".join(str(number) for number in numbers)
    if repo.git("tag", "--list", f"v{new}"):
        raise ReleaseError("the tag is there already")
    repo.write(VERSION_FILE, source.replace(f'__version__ = "{old}"', f'__version__ = "{new}"'))
    log = repo.read("CHANGELOG.md").removeprefix("# Changelog\n\n")
    lines = "".join(f"- {note}\n" for note in notes)
    repo.write("CHANGELOG.md", f"# Changelog\n\n## {new}\n\n{lines}\n{log}")
    repo.git("add", VERSION_FILE, "CHANGELOG.md")
    repo.git("commit", "-m", f"Release {new}")
    repo.git("tag", "-a", f"v{new}", "-m", f"Release {new}")
    return new


# %% wrong="release" name="each commit in the changelog" fails="release-changelog"
def release(repo):
    if repo.git("status", "--porcelain"):
        raise ReleaseError("something is not committed")
    if repo.git("branch", "--show-current") != "main":
        raise ReleaseError("main is not checked out")
    source = repo.read(VERSION_FILE)
    old = source.split('__version__ = "')[1].split('"')[0]
    notes, kinds = [], set()
    for subject in repo.git("log", "--reverse", "--format=%s", f"v{old}..HEAD").splitlines():
        kind, colon, text = subject.partition(": ")
        if colon and kind in ("fix", "feat", "fix!", "feat!"):
            kinds.add(kind)
        notes.append(text or subject)
    if not notes:
        raise ReleaseError("nothing to release")
    numbers = [int(part) for part in old.split(".")]
    place = 0 if kinds & {"fix!", "feat!"} else 1 if "feat" in kinds else 2
    numbers[place:] = [numbers[place] + 1, 0, 0][: 3 - place]
    new = ".".join(str(number) for number in numbers)
    if repo.git("tag", "--list", f"v{new}"):
        raise ReleaseError("the tag is there already")
    repo.write(VERSION_FILE, source.replace(f'__version__ = "{old}"', f'__version__ = "{new}"'))
    log = repo.read("CHANGELOG.md").removeprefix("# Changelog\n\n")
    lines = "".join(f"- {note}\n" for note in notes)
    repo.write("CHANGELOG.md", f"# Changelog\n\n## {new}\n\n{lines}\n{log}")
    repo.git("add", VERSION_FILE, "CHANGELOG.md")
    repo.git("commit", "-m", f"Release {new}")
    repo.git("tag", "-a", f"v{new}", "-m", f"Release {new}")
    return new


# %% wrong="release" name="a tag that is not annotated" fails="release-tag"
def release(repo):
    if repo.git("status", "--porcelain"):
        raise ReleaseError("something is not committed")
    if repo.git("branch", "--show-current") != "main":
        raise ReleaseError("main is not checked out")
    source = repo.read(VERSION_FILE)
    old = source.split('__version__ = "')[1].split('"')[0]
    notes, kinds = [], set()
    for subject in repo.git("log", "--reverse", "--format=%s", f"v{old}..HEAD").splitlines():
        kind, colon, text = subject.partition(": ")
        if colon and kind in ("fix", "feat", "fix!", "feat!"):
            kinds.add(kind)
            notes.append(text)
    if not notes:
        raise ReleaseError("nothing to release")
    numbers = [int(part) for part in old.split(".")]
    place = 0 if kinds & {"fix!", "feat!"} else 1 if "feat" in kinds else 2
    numbers[place:] = [numbers[place] + 1, 0, 0][: 3 - place]
    new = ".".join(str(number) for number in numbers)
    if repo.git("tag", "--list", f"v{new}"):
        raise ReleaseError("the tag is there already")
    repo.write(VERSION_FILE, source.replace(f'__version__ = "{old}"', f'__version__ = "{new}"'))
    log = repo.read("CHANGELOG.md").removeprefix("# Changelog\n\n")
    lines = "".join(f"- {note}\n" for note in notes)
    repo.write("CHANGELOG.md", f"# Changelog\n\n## {new}\n\n{lines}\n{log}")
    repo.git("add", VERSION_FILE, "CHANGELOG.md")
    repo.git("commit", "-m", f"Release {new}")
    repo.git("tag", f"v{new}")
    return new


# %% wrong="release" name="no tag" fails="release-tag"
def release(repo):
    if repo.git("status", "--porcelain"):
        raise ReleaseError("something is not committed")
    if repo.git("branch", "--show-current") != "main":
        raise ReleaseError("main is not checked out")
    source = repo.read(VERSION_FILE)
    old = source.split('__version__ = "')[1].split('"')[0]
    notes, kinds = [], set()
    for subject in repo.git("log", "--reverse", "--format=%s", f"v{old}..HEAD").splitlines():
        kind, colon, text = subject.partition(": ")
        if colon and kind in ("fix", "feat", "fix!", "feat!"):
            kinds.add(kind)
            notes.append(text)
    if not notes:
        raise ReleaseError("nothing to release")
    numbers = [int(part) for part in old.split(".")]
    place = 0 if kinds & {"fix!", "feat!"} else 1 if "feat" in kinds else 2
    numbers[place:] = [numbers[place] + 1, 0, 0][: 3 - place]
    new = ".".join(str(number) for number in numbers)
    if repo.git("tag", "--list", f"v{new}"):
        raise ReleaseError("the tag is there already")
    repo.write(VERSION_FILE, source.replace(f'__version__ = "{old}"', f'__version__ = "{new}"'))
    log = repo.read("CHANGELOG.md").removeprefix("# Changelog\n\n")
    lines = "".join(f"- {note}\n" for note in notes)
    repo.write("CHANGELOG.md", f"# Changelog\n\n## {new}\n\n{lines}\n{log}")
    repo.git("add", VERSION_FILE, "CHANGELOG.md")
    repo.git("commit", "-m", f"Release {new}")
    return new


# %% wrong="release" name="the tag before the commit" fails="release-tag"
def release(repo):
    if repo.git("status", "--porcelain"):
        raise ReleaseError("something is not committed")
    if repo.git("branch", "--show-current") != "main":
        raise ReleaseError("main is not checked out")
    source = repo.read(VERSION_FILE)
    old = source.split('__version__ = "')[1].split('"')[0]
    notes, kinds = [], set()
    for subject in repo.git("log", "--reverse", "--format=%s", f"v{old}..HEAD").splitlines():
        kind, colon, text = subject.partition(": ")
        if colon and kind in ("fix", "feat", "fix!", "feat!"):
            kinds.add(kind)
            notes.append(text)
    if not notes:
        raise ReleaseError("nothing to release")
    numbers = [int(part) for part in old.split(".")]
    place = 0 if kinds & {"fix!", "feat!"} else 1 if "feat" in kinds else 2
    numbers[place:] = [numbers[place] + 1, 0, 0][: 3 - place]
    new = ".".join(str(number) for number in numbers)
    if repo.git("tag", "--list", f"v{new}"):
        raise ReleaseError("the tag is there already")
    repo.write(VERSION_FILE, source.replace(f'__version__ = "{old}"', f'__version__ = "{new}"'))
    log = repo.read("CHANGELOG.md").removeprefix("# Changelog\n\n")
    lines = "".join(f"- {note}\n" for note in notes)
    repo.write("CHANGELOG.md", f"# Changelog\n\n## {new}\n\n{lines}\n{log}")
    repo.git("add", VERSION_FILE, "CHANGELOG.md")
    repo.git("tag", "-a", f"v{new}", "-m", f"Release {new}")
    repo.git("commit", "-m", f"Release {new}")
    return new


# %% wrong="release" name="the tag without its v" fails="release-tag"
def release(repo):
    if repo.git("status", "--porcelain"):
        raise ReleaseError("something is not committed")
    if repo.git("branch", "--show-current") != "main":
        raise ReleaseError("main is not checked out")
    source = repo.read(VERSION_FILE)
    old = source.split('__version__ = "')[1].split('"')[0]
    notes, kinds = [], set()
    for subject in repo.git("log", "--reverse", "--format=%s", f"v{old}..HEAD").splitlines():
        kind, colon, text = subject.partition(": ")
        if colon and kind in ("fix", "feat", "fix!", "feat!"):
            kinds.add(kind)
            notes.append(text)
    if not notes:
        raise ReleaseError("nothing to release")
    numbers = [int(part) for part in old.split(".")]
    place = 0 if kinds & {"fix!", "feat!"} else 1 if "feat" in kinds else 2
    numbers[place:] = [numbers[place] + 1, 0, 0][: 3 - place]
    new = ".".join(str(number) for number in numbers)
    if repo.git("tag", "--list", f"v{new}"):
        raise ReleaseError("the tag is there already")
    repo.write(VERSION_FILE, source.replace(f'__version__ = "{old}"', f'__version__ = "{new}"'))
    log = repo.read("CHANGELOG.md").removeprefix("# Changelog\n\n")
    lines = "".join(f"- {note}\n" for note in notes)
    repo.write("CHANGELOG.md", f"# Changelog\n\n## {new}\n\n{lines}\n{log}")
    repo.git("add", VERSION_FILE, "CHANGELOG.md")
    repo.git("commit", "-m", f"Release {new}")
    repo.git("tag", "-a", new, "-m", f"Release {new}")
    return new


# %% wrong="release" name="no commit" fails="release-tag"
def release(repo):
    if repo.git("status", "--porcelain"):
        raise ReleaseError("something is not committed")
    if repo.git("branch", "--show-current") != "main":
        raise ReleaseError("main is not checked out")
    source = repo.read(VERSION_FILE)
    old = source.split('__version__ = "')[1].split('"')[0]
    notes, kinds = [], set()
    for subject in repo.git("log", "--reverse", "--format=%s", f"v{old}..HEAD").splitlines():
        kind, colon, text = subject.partition(": ")
        if colon and kind in ("fix", "feat", "fix!", "feat!"):
            kinds.add(kind)
            notes.append(text)
    if not notes:
        raise ReleaseError("nothing to release")
    numbers = [int(part) for part in old.split(".")]
    place = 0 if kinds & {"fix!", "feat!"} else 1 if "feat" in kinds else 2
    numbers[place:] = [numbers[place] + 1, 0, 0][: 3 - place]
    new = ".".join(str(number) for number in numbers)
    if repo.git("tag", "--list", f"v{new}"):
        raise ReleaseError("the tag is there already")
    repo.write(VERSION_FILE, source.replace(f'__version__ = "{old}"', f'__version__ = "{new}"'))
    log = repo.read("CHANGELOG.md").removeprefix("# Changelog\n\n")
    lines = "".join(f"- {note}\n" for note in notes)
    repo.write("CHANGELOG.md", f"# Changelog\n\n## {new}\n\n{lines}\n{log}")
    repo.git("add", VERSION_FILE, "CHANGELOG.md")
    repo.git("tag", "-a", f"v{new}", "-m", f"Release {new}")
    return new


# %% wrong="release" name="two commits" fails="release-tag"
def release(repo):
    if repo.git("status", "--porcelain"):
        raise ReleaseError("something is not committed")
    if repo.git("branch", "--show-current") != "main":
        raise ReleaseError("main is not checked out")
    source = repo.read(VERSION_FILE)
    old = source.split('__version__ = "')[1].split('"')[0]
    notes, kinds = [], set()
    for subject in repo.git("log", "--reverse", "--format=%s", f"v{old}..HEAD").splitlines():
        kind, colon, text = subject.partition(": ")
        if colon and kind in ("fix", "feat", "fix!", "feat!"):
            kinds.add(kind)
            notes.append(text)
    if not notes:
        raise ReleaseError("nothing to release")
    numbers = [int(part) for part in old.split(".")]
    place = 0 if kinds & {"fix!", "feat!"} else 1 if "feat" in kinds else 2
    numbers[place:] = [numbers[place] + 1, 0, 0][: 3 - place]
    new = ".".join(str(number) for number in numbers)
    if repo.git("tag", "--list", f"v{new}"):
        raise ReleaseError("the tag is there already")
    repo.write(VERSION_FILE, source.replace(f'__version__ = "{old}"', f'__version__ = "{new}"'))
    log = repo.read("CHANGELOG.md").removeprefix("# Changelog\n\n")
    lines = "".join(f"- {note}\n" for note in notes)
    repo.write("CHANGELOG.md", f"# Changelog\n\n## {new}\n\n{lines}\n{log}")
    repo.git("commit", "-m", "Write the version", VERSION_FILE)
    repo.git("add", VERSION_FILE, "CHANGELOG.md")
    repo.git("commit", "-m", f"Release {new}")
    repo.git("tag", "-a", f"v{new}", "-m", f"Release {new}")
    return new


# %% wrong="release" name="another message" fails="release-tag"
def release(repo):
    if repo.git("status", "--porcelain"):
        raise ReleaseError("something is not committed")
    if repo.git("branch", "--show-current") != "main":
        raise ReleaseError("main is not checked out")
    source = repo.read(VERSION_FILE)
    old = source.split('__version__ = "')[1].split('"')[0]
    notes, kinds = [], set()
    for subject in repo.git("log", "--reverse", "--format=%s", f"v{old}..HEAD").splitlines():
        kind, colon, text = subject.partition(": ")
        if colon and kind in ("fix", "feat", "fix!", "feat!"):
            kinds.add(kind)
            notes.append(text)
    if not notes:
        raise ReleaseError("nothing to release")
    numbers = [int(part) for part in old.split(".")]
    place = 0 if kinds & {"fix!", "feat!"} else 1 if "feat" in kinds else 2
    numbers[place:] = [numbers[place] + 1, 0, 0][: 3 - place]
    new = ".".join(str(number) for number in numbers)
    if repo.git("tag", "--list", f"v{new}"):
        raise ReleaseError("the tag is there already")
    repo.write(VERSION_FILE, source.replace(f'__version__ = "{old}"', f'__version__ = "{new}"'))
    log = repo.read("CHANGELOG.md").removeprefix("# Changelog\n\n")
    lines = "".join(f"- {note}\n" for note in notes)
    repo.write("CHANGELOG.md", f"# Changelog\n\n## {new}\n\n{lines}\n{log}")
    repo.git("add", VERSION_FILE, "CHANGELOG.md")
    repo.git("commit", "-m", f"Version {new}")
    repo.git("tag", "-a", f"v{new}", "-m", f"Release {new}")
    return new


# %% wrong="release" name="changes the last commit" fails="release-tag"
def release(repo):
    if repo.git("status", "--porcelain"):
        raise ReleaseError("something is not committed")
    if repo.git("branch", "--show-current") != "main":
        raise ReleaseError("main is not checked out")
    source = repo.read(VERSION_FILE)
    old = source.split('__version__ = "')[1].split('"')[0]
    notes, kinds = [], set()
    for subject in repo.git("log", "--reverse", "--format=%s", f"v{old}..HEAD").splitlines():
        kind, colon, text = subject.partition(": ")
        if colon and kind in ("fix", "feat", "fix!", "feat!"):
            kinds.add(kind)
            notes.append(text)
    if not notes:
        raise ReleaseError("nothing to release")
    numbers = [int(part) for part in old.split(".")]
    place = 0 if kinds & {"fix!", "feat!"} else 1 if "feat" in kinds else 2
    numbers[place:] = [numbers[place] + 1, 0, 0][: 3 - place]
    new = ".".join(str(number) for number in numbers)
    if repo.git("tag", "--list", f"v{new}"):
        raise ReleaseError("the tag is there already")
    repo.write(VERSION_FILE, source.replace(f'__version__ = "{old}"', f'__version__ = "{new}"'))
    log = repo.read("CHANGELOG.md").removeprefix("# Changelog\n\n")
    lines = "".join(f"- {note}\n" for note in notes)
    repo.write("CHANGELOG.md", f"# Changelog\n\n## {new}\n\n{lines}\n{log}")
    repo.git("add", VERSION_FILE, "CHANGELOG.md")
    repo.git("commit", "--amend", "-m", f"Release {new}")
    repo.git("tag", "-a", f"v{new}", "-m", f"Release {new}")
    return new


# %% wrong="release" name="takes the newest tag for the last release" fails="release-tag"
def release(repo):
    if repo.git("status", "--porcelain"):
        raise ReleaseError("something is not committed")
    if repo.git("branch", "--show-current") != "main":
        raise ReleaseError("main is not checked out")
    source = repo.read(VERSION_FILE)
    old = source.split('__version__ = "')[1].split('"')[0]
    last = repo.git("describe", "--tags", "--abbrev=0")
    notes, kinds = [], set()
    for subject in repo.git("log", "--reverse", "--format=%s", f"{last}..HEAD").splitlines():
        kind, colon, text = subject.partition(": ")
        if colon and kind in ("fix", "feat", "fix!", "feat!"):
            kinds.add(kind)
            notes.append(text)
    if not notes:
        raise ReleaseError("nothing to release")
    numbers = [int(part) for part in old.split(".")]
    place = 0 if kinds & {"fix!", "feat!"} else 1 if "feat" in kinds else 2
    numbers[place:] = [numbers[place] + 1, 0, 0][: 3 - place]
    new = ".".join(str(number) for number in numbers)
    if repo.git("tag", "--list", f"v{new}"):
        raise ReleaseError("the tag is there already")
    repo.write(VERSION_FILE, source.replace(f'__version__ = "{old}"', f'__version__ = "{new}"'))
    log = repo.read("CHANGELOG.md").removeprefix("# Changelog\n\n")
    lines = "".join(f"- {note}\n" for note in notes)
    repo.write("CHANGELOG.md", f"# Changelog\n\n## {new}\n\n{lines}\n{log}")
    repo.git("add", VERSION_FILE, "CHANGELOG.md")
    repo.git("commit", "-m", f"Release {new}")
    repo.git("tag", "-a", f"v{new}", "-m", f"Release {new}")
    return new


# %% wrong="release" name="takes the highest tag for the last release" fails="release-tag"
def release(repo):
    if repo.git("status", "--porcelain"):
        raise ReleaseError("something is not committed")
    if repo.git("branch", "--show-current") != "main":
        raise ReleaseError("main is not checked out")
    source = repo.read(VERSION_FILE)
    old = source.split('__version__ = "')[1].split('"')[0]
    tags = repo.git("tag", "--list", "v*").splitlines()
    last = max(tags, key=lambda tag: [int(part) for part in tag[1:].split(".")])
    notes, kinds = [], set()
    for subject in repo.git("log", "--reverse", "--format=%s", f"{last}..HEAD").splitlines():
        kind, colon, text = subject.partition(": ")
        if colon and kind in ("fix", "feat", "fix!", "feat!"):
            kinds.add(kind)
            notes.append(text)
    if not notes:
        raise ReleaseError("nothing to release")
    numbers = [int(part) for part in old.split(".")]
    place = 0 if kinds & {"fix!", "feat!"} else 1 if "feat" in kinds else 2
    numbers[place:] = [numbers[place] + 1, 0, 0][: 3 - place]
    new = ".".join(str(number) for number in numbers)
    if repo.git("tag", "--list", f"v{new}"):
        raise ReleaseError("the tag is there already")
    repo.write(VERSION_FILE, source.replace(f'__version__ = "{old}"', f'__version__ = "{new}"'))
    log = repo.read("CHANGELOG.md").removeprefix("# Changelog\n\n")
    lines = "".join(f"- {note}\n" for note in notes)
    repo.write("CHANGELOG.md", f"# Changelog\n\n## {new}\n\n{lines}\n{log}")
    repo.git("add", VERSION_FILE, "CHANGELOG.md")
    repo.git("commit", "-m", f"Release {new}")
    repo.git("tag", "-a", f"v{new}", "-m", f"Release {new}")
    return new


# %% wrong="release" name="looks at all branches" fails="release-tag"
def release(repo):
    if repo.git("status", "--porcelain"):
        raise ReleaseError("something is not committed")
    if repo.git("branch", "--show-current") != "main":
        raise ReleaseError("main is not checked out")
    source = repo.read(VERSION_FILE)
    old = source.split('__version__ = "')[1].split('"')[0]
    notes, kinds = [], set()
    for subject in repo.git("log", "--reverse", "--all", "--format=%s", f"v{old}..HEAD").splitlines():
        kind, colon, text = subject.partition(": ")
        if colon and kind in ("fix", "feat", "fix!", "feat!"):
            kinds.add(kind)
            notes.append(text)
    if not notes:
        raise ReleaseError("nothing to release")
    numbers = [int(part) for part in old.split(".")]
    place = 0 if kinds & {"fix!", "feat!"} else 1 if "feat" in kinds else 2
    numbers[place:] = [numbers[place] + 1, 0, 0][: 3 - place]
    new = ".".join(str(number) for number in numbers)
    if repo.git("tag", "--list", f"v{new}"):
        raise ReleaseError("the tag is there already")
    repo.write(VERSION_FILE, source.replace(f'__version__ = "{old}"', f'__version__ = "{new}"'))
    log = repo.read("CHANGELOG.md").removeprefix("# Changelog\n\n")
    lines = "".join(f"- {note}\n" for note in notes)
    repo.write("CHANGELOG.md", f"# Changelog\n\n## {new}\n\n{lines}\n{log}")
    repo.git("add", VERSION_FILE, "CHANGELOG.md")
    repo.git("commit", "-m", f"Release {new}")
    repo.git("tag", "-a", f"v{new}", "-m", f"Release {new}")
    return new


# %% wrong="release" name="moves the old tag along" fails="release-tag"
def release(repo):
    if repo.git("status", "--porcelain"):
        raise ReleaseError("something is not committed")
    if repo.git("branch", "--show-current") != "main":
        raise ReleaseError("main is not checked out")
    source = repo.read(VERSION_FILE)
    old = source.split('__version__ = "')[1].split('"')[0]
    notes, kinds = [], set()
    for subject in repo.git("log", "--reverse", "--format=%s", f"v{old}..HEAD").splitlines():
        kind, colon, text = subject.partition(": ")
        if colon and kind in ("fix", "feat", "fix!", "feat!"):
            kinds.add(kind)
            notes.append(text)
    if not notes:
        raise ReleaseError("nothing to release")
    numbers = [int(part) for part in old.split(".")]
    place = 0 if kinds & {"fix!", "feat!"} else 1 if "feat" in kinds else 2
    numbers[place:] = [numbers[place] + 1, 0, 0][: 3 - place]
    new = ".".join(str(number) for number in numbers)
    if repo.git("tag", "--list", f"v{new}"):
        raise ReleaseError("the tag is there already")
    repo.write(VERSION_FILE, source.replace(f'__version__ = "{old}"', f'__version__ = "{new}"'))
    log = repo.read("CHANGELOG.md").removeprefix("# Changelog\n\n")
    lines = "".join(f"- {note}\n" for note in notes)
    repo.write("CHANGELOG.md", f"# Changelog\n\n## {new}\n\n{lines}\n{log}")
    repo.git("add", VERSION_FILE, "CHANGELOG.md")
    repo.git("commit", "-m", f"Release {new}")
    repo.git("tag", "-a", f"v{new}", "-m", f"Release {new}")
    repo.git("tag", "-d", f"v{old}")
    return new


# %% wrong="release" name="leaves a file behind" fails="release-tag"
def release(repo):
    if repo.git("status", "--porcelain"):
        raise ReleaseError("something is not committed")
    if repo.git("branch", "--show-current") != "main":
        raise ReleaseError("main is not checked out")
    source = repo.read(VERSION_FILE)
    old = source.split('__version__ = "')[1].split('"')[0]
    notes, kinds = [], set()
    for subject in repo.git("log", "--reverse", "--format=%s", f"v{old}..HEAD").splitlines():
        kind, colon, text = subject.partition(": ")
        if colon and kind in ("fix", "feat", "fix!", "feat!"):
            kinds.add(kind)
            notes.append(text)
    if not notes:
        raise ReleaseError("nothing to release")
    numbers = [int(part) for part in old.split(".")]
    place = 0 if kinds & {"fix!", "feat!"} else 1 if "feat" in kinds else 2
    numbers[place:] = [numbers[place] + 1, 0, 0][: 3 - place]
    new = ".".join(str(number) for number in numbers)
    if repo.git("tag", "--list", f"v{new}"):
        raise ReleaseError("the tag is there already")
    repo.write(VERSION_FILE, source.replace(f'__version__ = "{old}"', f'__version__ = "{new}"'))
    log = repo.read("CHANGELOG.md").removeprefix("# Changelog\n\n")
    lines = "".join(f"- {note}\n" for note in notes)
    repo.write("CHANGELOG.md", f"# Changelog\n\n## {new}\n\n{lines}\n{log}")
    repo.git("add", VERSION_FILE, "CHANGELOG.md")
    repo.git("commit", "-m", f"Release {new}")
    repo.git("tag", "-a", f"v{new}", "-m", f"Release {new}")
    repo.write("released.txt", new)
    return new


# %% wrong="release" name="does not look whether all is committed" fails="release-refuses"
def release(repo):
    if repo.git("branch", "--show-current") != "main":
        raise ReleaseError("main is not checked out")
    source = repo.read(VERSION_FILE)
    old = source.split('__version__ = "')[1].split('"')[0]
    notes, kinds = [], set()
    for subject in repo.git("log", "--reverse", "--format=%s", f"v{old}..HEAD").splitlines():
        kind, colon, text = subject.partition(": ")
        if colon and kind in ("fix", "feat", "fix!", "feat!"):
            kinds.add(kind)
            notes.append(text)
    if not notes:
        raise ReleaseError("nothing to release")
    numbers = [int(part) for part in old.split(".")]
    place = 0 if kinds & {"fix!", "feat!"} else 1 if "feat" in kinds else 2
    numbers[place:] = [numbers[place] + 1, 0, 0][: 3 - place]
    new = ".".join(str(number) for number in numbers)
    if repo.git("tag", "--list", f"v{new}"):
        raise ReleaseError("the tag is there already")
    repo.write(VERSION_FILE, source.replace(f'__version__ = "{old}"', f'__version__ = "{new}"'))
    log = repo.read("CHANGELOG.md").removeprefix("# Changelog\n\n")
    lines = "".join(f"- {note}\n" for note in notes)
    repo.write("CHANGELOG.md", f"# Changelog\n\n## {new}\n\n{lines}\n{log}")
    repo.git("add", VERSION_FILE, "CHANGELOG.md")
    repo.git("commit", "-m", f"Release {new}")
    repo.git("tag", "-a", f"v{new}", "-m", f"Release {new}")
    return new


# %% wrong="release" name="does not see unknown files" fails="release-refuses"
def release(repo):
    if repo.git("status", "--porcelain", "--untracked-files=no"):
        raise ReleaseError("something is not committed")
    if repo.git("branch", "--show-current") != "main":
        raise ReleaseError("main is not checked out")
    source = repo.read(VERSION_FILE)
    old = source.split('__version__ = "')[1].split('"')[0]
    notes, kinds = [], set()
    for subject in repo.git("log", "--reverse", "--format=%s", f"v{old}..HEAD").splitlines():
        kind, colon, text = subject.partition(": ")
        if colon and kind in ("fix", "feat", "fix!", "feat!"):
            kinds.add(kind)
            notes.append(text)
    if not notes:
        raise ReleaseError("nothing to release")
    numbers = [int(part) for part in old.split(".")]
    place = 0 if kinds & {"fix!", "feat!"} else 1 if "feat" in kinds else 2
    numbers[place:] = [numbers[place] + 1, 0, 0][: 3 - place]
    new = ".".join(str(number) for number in numbers)
    if repo.git("tag", "--list", f"v{new}"):
        raise ReleaseError("the tag is there already")
    repo.write(VERSION_FILE, source.replace(f'__version__ = "{old}"', f'__version__ = "{new}"'))
    log = repo.read("CHANGELOG.md").removeprefix("# Changelog\n\n")
    lines = "".join(f"- {note}\n" for note in notes)
    repo.write("CHANGELOG.md", f"# Changelog\n\n## {new}\n\n{lines}\n{log}")
    repo.git("add", VERSION_FILE, "CHANGELOG.md")
    repo.git("commit", "-m", f"Release {new}")
    repo.git("tag", "-a", f"v{new}", "-m", f"Release {new}")
    return new


# %% wrong="release" name="looks only at what is not staged" fails="release-refuses"
def release(repo):
    if repo.git("diff", "--name-only") or repo.git("ls-files", "--others"):
        raise ReleaseError("something is not committed")
    if repo.git("branch", "--show-current") != "main":
        raise ReleaseError("main is not checked out")
    source = repo.read(VERSION_FILE)
    old = source.split('__version__ = "')[1].split('"')[0]
    notes, kinds = [], set()
    for subject in repo.git("log", "--reverse", "--format=%s", f"v{old}..HEAD").splitlines():
        kind, colon, text = subject.partition(": ")
        if colon and kind in ("fix", "feat", "fix!", "feat!"):
            kinds.add(kind)
            notes.append(text)
    if not notes:
        raise ReleaseError("nothing to release")
    numbers = [int(part) for part in old.split(".")]
    place = 0 if kinds & {"fix!", "feat!"} else 1 if "feat" in kinds else 2
    numbers[place:] = [numbers[place] + 1, 0, 0][: 3 - place]
    new = ".".join(str(number) for number in numbers)
    if repo.git("tag", "--list", f"v{new}"):
        raise ReleaseError("the tag is there already")
    repo.write(VERSION_FILE, source.replace(f'__version__ = "{old}"', f'__version__ = "{new}"'))
    log = repo.read("CHANGELOG.md").removeprefix("# Changelog\n\n")
    lines = "".join(f"- {note}\n" for note in notes)
    repo.write("CHANGELOG.md", f"# Changelog\n\n## {new}\n\n{lines}\n{log}")
    repo.git("add", VERSION_FILE, "CHANGELOG.md")
    repo.git("commit", "-m", f"Release {new}")
    repo.git("tag", "-a", f"v{new}", "-m", f"Release {new}")
    return new


# %% wrong="release" name="looks only for changed files" fails="release-refuses"
def release(repo):
    if [line for line in repo.git("status", "--porcelain").splitlines() if "D" not in line[:2]]:
        raise ReleaseError("something is not committed")
    if repo.git("branch", "--show-current") != "main":
        raise ReleaseError("main is not checked out")
    source = repo.read(VERSION_FILE)
    old = source.split('__version__ = "')[1].split('"')[0]
    notes, kinds = [], set()
    for subject in repo.git("log", "--reverse", "--format=%s", f"v{old}..HEAD").splitlines():
        kind, colon, text = subject.partition(": ")
        if colon and kind in ("fix", "feat", "fix!", "feat!"):
            kinds.add(kind)
            notes.append(text)
    if not notes:
        raise ReleaseError("nothing to release")
    numbers = [int(part) for part in old.split(".")]
    place = 0 if kinds & {"fix!", "feat!"} else 1 if "feat" in kinds else 2
    numbers[place:] = [numbers[place] + 1, 0, 0][: 3 - place]
    new = ".".join(str(number) for number in numbers)
    if repo.git("tag", "--list", f"v{new}"):
        raise ReleaseError("the tag is there already")
    repo.write(VERSION_FILE, source.replace(f'__version__ = "{old}"', f'__version__ = "{new}"'))
    log = repo.read("CHANGELOG.md").removeprefix("# Changelog\n\n")
    lines = "".join(f"- {note}\n" for note in notes)
    repo.write("CHANGELOG.md", f"# Changelog\n\n## {new}\n\n{lines}\n{log}")
    repo.git("add", VERSION_FILE, "CHANGELOG.md")
    repo.git("commit", "-m", f"Release {new}")
    repo.git("tag", "-a", f"v{new}", "-m", f"Release {new}")
    return new


# %% wrong="release" name="does not look at the branch" fails="release-refuses"
def release(repo):
    if repo.git("status", "--porcelain"):
        raise ReleaseError("something is not committed")
    source = repo.read(VERSION_FILE)
    old = source.split('__version__ = "')[1].split('"')[0]
    notes, kinds = [], set()
    for subject in repo.git("log", "--reverse", "--format=%s", f"v{old}..HEAD").splitlines():
        kind, colon, text = subject.partition(": ")
        if colon and kind in ("fix", "feat", "fix!", "feat!"):
            kinds.add(kind)
            notes.append(text)
    if not notes:
        raise ReleaseError("nothing to release")
    numbers = [int(part) for part in old.split(".")]
    place = 0 if kinds & {"fix!", "feat!"} else 1 if "feat" in kinds else 2
    numbers[place:] = [numbers[place] + 1, 0, 0][: 3 - place]
    new = ".".join(str(number) for number in numbers)
    if repo.git("tag", "--list", f"v{new}"):
        raise ReleaseError("the tag is there already")
    repo.write(VERSION_FILE, source.replace(f'__version__ = "{old}"', f'__version__ = "{new}"'))
    log = repo.read("CHANGELOG.md").removeprefix("# Changelog\n\n")
    lines = "".join(f"- {note}\n" for note in notes)
    repo.write("CHANGELOG.md", f"# Changelog\n\n## {new}\n\n{lines}\n{log}")
    repo.git("add", VERSION_FILE, "CHANGELOG.md")
    repo.git("commit", "-m", f"Release {new}")
    repo.git("tag", "-a", f"v{new}", "-m", f"Release {new}")
    return new


# %% wrong="release" name="any branch that begins with main" fails="release-refuses"
def release(repo):
    if repo.git("status", "--porcelain"):
        raise ReleaseError("something is not committed")
    if not repo.git("branch", "--show-current").startswith("main"):
        raise ReleaseError("main is not checked out")
    source = repo.read(VERSION_FILE)
    old = source.split('__version__ = "')[1].split('"')[0]
    notes, kinds = [], set()
    for subject in repo.git("log", "--reverse", "--format=%s", f"v{old}..HEAD").splitlines():
        kind, colon, text = subject.partition(": ")
        if colon and kind in ("fix", "feat", "fix!", "feat!"):
            kinds.add(kind)
            notes.append(text)
    if not notes:
        raise ReleaseError("nothing to release")
    numbers = [int(part) for part in old.split(".")]
    place = 0 if kinds & {"fix!", "feat!"} else 1 if "feat" in kinds else 2
    numbers[place:] = [numbers[place] + 1, 0, 0][: 3 - place]
    new = ".".join(str(number) for number in numbers)
    if repo.git("tag", "--list", f"v{new}"):
        raise ReleaseError("the tag is there already")
    repo.write(VERSION_FILE, source.replace(f'__version__ = "{old}"', f'__version__ = "{new}"'))
    log = repo.read("CHANGELOG.md").removeprefix("# Changelog\n\n")
    lines = "".join(f"- {note}\n" for note in notes)
    repo.write("CHANGELOG.md", f"# Changelog\n\n## {new}\n\n{lines}\n{log}")
    repo.git("add", VERSION_FILE, "CHANGELOG.md")
    repo.git("commit", "-m", f"Release {new}")
    repo.git("tag", "-a", f"v{new}", "-m", f"Release {new}")
    return new


# %% wrong="release" name="goes to main by itself" fails="release-refuses"
def release(repo):
    if repo.git("status", "--porcelain"):
        raise ReleaseError("something is not committed")
    if repo.git("branch", "--show-current") != "main":
        repo.git("switch", "main")
    source = repo.read(VERSION_FILE)
    old = source.split('__version__ = "')[1].split('"')[0]
    notes, kinds = [], set()
    for subject in repo.git("log", "--reverse", "--format=%s", f"v{old}..HEAD").splitlines():
        kind, colon, text = subject.partition(": ")
        if colon and kind in ("fix", "feat", "fix!", "feat!"):
            kinds.add(kind)
            notes.append(text)
    if not notes:
        raise ReleaseError("nothing to release")
    numbers = [int(part) for part in old.split(".")]
    place = 0 if kinds & {"fix!", "feat!"} else 1 if "feat" in kinds else 2
    numbers[place:] = [numbers[place] + 1, 0, 0][: 3 - place]
    new = ".".join(str(number) for number in numbers)
    if repo.git("tag", "--list", f"v{new}"):
        raise ReleaseError("the tag is there already")
    repo.write(VERSION_FILE, source.replace(f'__version__ = "{old}"', f'__version__ = "{new}"'))
    log = repo.read("CHANGELOG.md").removeprefix("# Changelog\n\n")
    lines = "".join(f"- {note}\n" for note in notes)
    repo.write("CHANGELOG.md", f"# Changelog\n\n## {new}\n\n{lines}\n{log}")
    repo.git("add", VERSION_FILE, "CHANGELOG.md")
    repo.git("commit", "-m", f"Release {new}")
    repo.git("tag", "-a", f"v{new}", "-m", f"Release {new}")
    return new


# %% wrong="release" name="goes to main, and complains" fails="release-refuses"
def release(repo):
    if repo.git("status", "--porcelain"):
        raise ReleaseError("something is not committed")
    if repo.git("branch", "--show-current") != "main":
        repo.git("switch", "main")
        raise ReleaseError("main was not checked out")
    source = repo.read(VERSION_FILE)
    old = source.split('__version__ = "')[1].split('"')[0]
    notes, kinds = [], set()
    for subject in repo.git("log", "--reverse", "--format=%s", f"v{old}..HEAD").splitlines():
        kind, colon, text = subject.partition(": ")
        if colon and kind in ("fix", "feat", "fix!", "feat!"):
            kinds.add(kind)
            notes.append(text)
    if not notes:
        raise ReleaseError("nothing to release")
    numbers = [int(part) for part in old.split(".")]
    place = 0 if kinds & {"fix!", "feat!"} else 1 if "feat" in kinds else 2
    numbers[place:] = [numbers[place] + 1, 0, 0][: 3 - place]
    new = ".".join(str(number) for number in numbers)
    if repo.git("tag", "--list", f"v{new}"):
        raise ReleaseError("the tag is there already")
    repo.write(VERSION_FILE, source.replace(f'__version__ = "{old}"', f'__version__ = "{new}"'))
    log = repo.read("CHANGELOG.md").removeprefix("# Changelog\n\n")
    lines = "".join(f"- {note}\n" for note in notes)
    repo.write("CHANGELOG.md", f"# Changelog\n\n## {new}\n\n{lines}\n{log}")
    repo.git("add", VERSION_FILE, "CHANGELOG.md")
    repo.git("commit", "-m", f"Release {new}")
    repo.git("tag", "-a", f"v{new}", "-m", f"Release {new}")
    return new


# %% wrong="release" name="puts the changes aside" fails="release-refuses"
def release(repo):
    if repo.git("status", "--porcelain"):
        repo.git("stash", "--include-untracked")
    if repo.git("branch", "--show-current") != "main":
        raise ReleaseError("main is not checked out")
    source = repo.read(VERSION_FILE)
    old = source.split('__version__ = "')[1].split('"')[0]
    notes, kinds = [], set()
    for subject in repo.git("log", "--reverse", "--format=%s", f"v{old}..HEAD").splitlines():
        kind, colon, text = subject.partition(": ")
        if colon and kind in ("fix", "feat", "fix!", "feat!"):
            kinds.add(kind)
            notes.append(text)
    if not notes:
        raise ReleaseError("nothing to release")
    numbers = [int(part) for part in old.split(".")]
    place = 0 if kinds & {"fix!", "feat!"} else 1 if "feat" in kinds else 2
    numbers[place:] = [numbers[place] + 1, 0, 0][: 3 - place]
    new = ".".join(str(number) for number in numbers)
    if repo.git("tag", "--list", f"v{new}"):
        raise ReleaseError("the tag is there already")
    repo.write(VERSION_FILE, source.replace(f'__version__ = "{old}"', f'__version__ = "{new}"'))
    log = repo.read("CHANGELOG.md").removeprefix("# Changelog\n\n")
    lines = "".join(f"- {note}\n" for note in notes)
    repo.write("CHANGELOG.md", f"# Changelog\n\n## {new}\n\n{lines}\n{log}")
    repo.git("add", VERSION_FILE, "CHANGELOG.md")
    repo.git("commit", "-m", f"Release {new}")
    repo.git("tag", "-a", f"v{new}", "-m", f"Release {new}")
    return new


# %% wrong="release" name="commits what lies around" fails="release-refuses"
def release(repo):
    if repo.git("status", "--porcelain"):
        repo.git("add", "--all")
        repo.git("commit", "-m", "Everything")
    if repo.git("branch", "--show-current") != "main":
        raise ReleaseError("main is not checked out")
    source = repo.read(VERSION_FILE)
    old = source.split('__version__ = "')[1].split('"')[0]
    notes, kinds = [], set()
    for subject in repo.git("log", "--reverse", "--format=%s", f"v{old}..HEAD").splitlines():
        kind, colon, text = subject.partition(": ")
        if colon and kind in ("fix", "feat", "fix!", "feat!"):
            kinds.add(kind)
            notes.append(text)
    if not notes:
        raise ReleaseError("nothing to release")
    numbers = [int(part) for part in old.split(".")]
    place = 0 if kinds & {"fix!", "feat!"} else 1 if "feat" in kinds else 2
    numbers[place:] = [numbers[place] + 1, 0, 0][: 3 - place]
    new = ".".join(str(number) for number in numbers)
    if repo.git("tag", "--list", f"v{new}"):
        raise ReleaseError("the tag is there already")
    repo.write(VERSION_FILE, source.replace(f'__version__ = "{old}"', f'__version__ = "{new}"'))
    log = repo.read("CHANGELOG.md").removeprefix("# Changelog\n\n")
    lines = "".join(f"- {note}\n" for note in notes)
    repo.write("CHANGELOG.md", f"# Changelog\n\n## {new}\n\n{lines}\n{log}")
    repo.git("add", VERSION_FILE, "CHANGELOG.md")
    repo.git("commit", "-m", f"Release {new}")
    repo.git("tag", "-a", f"v{new}", "-m", f"Release {new}")
    return new


# %% wrong="release" name="releases nothing as a patch" fails="release-refuses"
def release(repo):
    if repo.git("status", "--porcelain"):
        raise ReleaseError("something is not committed")
    if repo.git("branch", "--show-current") != "main":
        raise ReleaseError("main is not checked out")
    source = repo.read(VERSION_FILE)
    old = source.split('__version__ = "')[1].split('"')[0]
    notes, kinds = [], set()
    for subject in repo.git("log", "--reverse", "--format=%s", f"v{old}..HEAD").splitlines():
        kind, colon, text = subject.partition(": ")
        if colon and kind in ("fix", "feat", "fix!", "feat!"):
            kinds.add(kind)
            notes.append(text)
    numbers = [int(part) for part in old.split(".")]
    place = 0 if kinds & {"fix!", "feat!"} else 1 if "feat" in kinds else 2
    numbers[place:] = [numbers[place] + 1, 0, 0][: 3 - place]
    new = ".".join(str(number) for number in numbers)
    if repo.git("tag", "--list", f"v{new}"):
        raise ReleaseError("the tag is there already")
    repo.write(VERSION_FILE, source.replace(f'__version__ = "{old}"', f'__version__ = "{new}"'))
    log = repo.read("CHANGELOG.md").removeprefix("# Changelog\n\n")
    lines = "".join(f"- {note}\n" for note in notes)
    repo.write("CHANGELOG.md", f"# Changelog\n\n## {new}\n\n{lines}\n{log}")
    repo.git("add", VERSION_FILE, "CHANGELOG.md")
    repo.git("commit", "-m", f"Release {new}")
    repo.git("tag", "-a", f"v{new}", "-m", f"Release {new}")
    return new


# %% wrong="release" name="returns None where it should refuse" fails="release-refuses"
def release(repo):
    if repo.git("status", "--porcelain"):
        raise ReleaseError("something is not committed")
    if repo.git("branch", "--show-current") != "main":
        raise ReleaseError("main is not checked out")
    source = repo.read(VERSION_FILE)
    old = source.split('__version__ = "')[1].split('"')[0]
    notes, kinds = [], set()
    for subject in repo.git("log", "--reverse", "--format=%s", f"v{old}..HEAD").splitlines():
        kind, colon, text = subject.partition(": ")
        if colon and kind in ("fix", "feat", "fix!", "feat!"):
            kinds.add(kind)
            notes.append(text)
    if not notes:
        return None
    numbers = [int(part) for part in old.split(".")]
    place = 0 if kinds & {"fix!", "feat!"} else 1 if "feat" in kinds else 2
    numbers[place:] = [numbers[place] + 1, 0, 0][: 3 - place]
    new = ".".join(str(number) for number in numbers)
    if repo.git("tag", "--list", f"v{new}"):
        raise ReleaseError("the tag is there already")
    repo.write(VERSION_FILE, source.replace(f'__version__ = "{old}"', f'__version__ = "{new}"'))
    log = repo.read("CHANGELOG.md").removeprefix("# Changelog\n\n")
    lines = "".join(f"- {note}\n" for note in notes)
    repo.write("CHANGELOG.md", f"# Changelog\n\n## {new}\n\n{lines}\n{log}")
    repo.git("add", VERSION_FILE, "CHANGELOG.md")
    repo.git("commit", "-m", f"Release {new}")
    repo.git("tag", "-a", f"v{new}", "-m", f"Release {new}")
    return new


# %% wrong="release" name="another error" fails="release-refuses"
def release(repo):
    if repo.git("status", "--porcelain"):
        raise RuntimeError("something is not committed")
    if repo.git("branch", "--show-current") != "main":
        raise ReleaseError("main is not checked out")
    source = repo.read(VERSION_FILE)
    old = source.split('__version__ = "')[1].split('"')[0]
    notes, kinds = [], set()
    for subject in repo.git("log", "--reverse", "--format=%s", f"v{old}..HEAD").splitlines():
        kind, colon, text = subject.partition(": ")
        if colon and kind in ("fix", "feat", "fix!", "feat!"):
            kinds.add(kind)
            notes.append(text)
    if not notes:
        raise ReleaseError("nothing to release")
    numbers = [int(part) for part in old.split(".")]
    place = 0 if kinds & {"fix!", "feat!"} else 1 if "feat" in kinds else 2
    numbers[place:] = [numbers[place] + 1, 0, 0][: 3 - place]
    new = ".".join(str(number) for number in numbers)
    if repo.git("tag", "--list", f"v{new}"):
        raise ReleaseError("the tag is there already")
    repo.write(VERSION_FILE, source.replace(f'__version__ = "{old}"', f'__version__ = "{new}"'))
    log = repo.read("CHANGELOG.md").removeprefix("# Changelog\n\n")
    lines = "".join(f"- {note}\n" for note in notes)
    repo.write("CHANGELOG.md", f"# Changelog\n\n## {new}\n\n{lines}\n{log}")
    repo.git("add", VERSION_FILE, "CHANGELOG.md")
    repo.git("commit", "-m", f"Release {new}")
    repo.git("tag", "-a", f"v{new}", "-m", f"Release {new}")
    return new


# %% wrong="release" name="writes first, and then looks" fails="release-refuses"
def release(repo):
    if repo.git("status", "--porcelain"):
        raise ReleaseError("something is not committed")
    if repo.git("branch", "--show-current") != "main":
        raise ReleaseError("main is not checked out")
    source = repo.read(VERSION_FILE)
    old = source.split('__version__ = "')[1].split('"')[0]
    notes, kinds = [], set()
    for subject in repo.git("log", "--reverse", "--format=%s", f"v{old}..HEAD").splitlines():
        kind, colon, text = subject.partition(": ")
        if colon and kind in ("fix", "feat", "fix!", "feat!"):
            kinds.add(kind)
            notes.append(text)
    if not notes:
        repo.write("CHANGELOG.md", repo.read("CHANGELOG.md") + "\n")
        raise ReleaseError("nothing to release")
    numbers = [int(part) for part in old.split(".")]
    place = 0 if kinds & {"fix!", "feat!"} else 1 if "feat" in kinds else 2
    numbers[place:] = [numbers[place] + 1, 0, 0][: 3 - place]
    new = ".".join(str(number) for number in numbers)
    if repo.git("tag", "--list", f"v{new}"):
        raise ReleaseError("the tag is there already")
    repo.write(VERSION_FILE, source.replace(f'__version__ = "{old}"', f'__version__ = "{new}"'))
    log = repo.read("CHANGELOG.md").removeprefix("# Changelog\n\n")
    lines = "".join(f"- {note}\n" for note in notes)
    repo.write("CHANGELOG.md", f"# Changelog\n\n## {new}\n\n{lines}\n{log}")
    repo.git("add", VERSION_FILE, "CHANGELOG.md")
    repo.git("commit", "-m", f"Release {new}")
    repo.git("tag", "-a", f"v{new}", "-m", f"Release {new}")
    return new


# %% wrong="release" name="does not look whether the tag is there" fails="release-refuses"
def release(repo):
    if repo.git("status", "--porcelain"):
        raise ReleaseError("something is not committed")
    if repo.git("branch", "--show-current") != "main":
        raise ReleaseError("main is not checked out")
    source = repo.read(VERSION_FILE)
    old = source.split('__version__ = "')[1].split('"')[0]
    notes, kinds = [], set()
    for subject in repo.git("log", "--reverse", "--format=%s", f"v{old}..HEAD").splitlines():
        kind, colon, text = subject.partition(": ")
        if colon and kind in ("fix", "feat", "fix!", "feat!"):
            kinds.add(kind)
            notes.append(text)
    if not notes:
        raise ReleaseError("nothing to release")
    numbers = [int(part) for part in old.split(".")]
    place = 0 if kinds & {"fix!", "feat!"} else 1 if "feat" in kinds else 2
    numbers[place:] = [numbers[place] + 1, 0, 0][: 3 - place]
    new = ".".join(str(number) for number in numbers)
    repo.write(VERSION_FILE, source.replace(f'__version__ = "{old}"', f'__version__ = "{new}"'))
    log = repo.read("CHANGELOG.md").removeprefix("# Changelog\n\n")
    lines = "".join(f"- {note}\n" for note in notes)
    repo.write("CHANGELOG.md", f"# Changelog\n\n## {new}\n\n{lines}\n{log}")
    repo.git("add", VERSION_FILE, "CHANGELOG.md")
    repo.git("commit", "-m", f"Release {new}")
    repo.git("tag", "-a", f"v{new}", "-m", f"Release {new}")
    return new


# %% wrong="release" name="looks for the tag after the commit" fails="release-refuses"
def release(repo):
    if repo.git("status", "--porcelain"):
        raise ReleaseError("something is not committed")
    if repo.git("branch", "--show-current") != "main":
        raise ReleaseError("main is not checked out")
    source = repo.read(VERSION_FILE)
    old = source.split('__version__ = "')[1].split('"')[0]
    notes, kinds = [], set()
    for subject in repo.git("log", "--reverse", "--format=%s", f"v{old}..HEAD").splitlines():
        kind, colon, text = subject.partition(": ")
        if colon and kind in ("fix", "feat", "fix!", "feat!"):
            kinds.add(kind)
            notes.append(text)
    if not notes:
        raise ReleaseError("nothing to release")
    numbers = [int(part) for part in old.split(".")]
    place = 0 if kinds & {"fix!", "feat!"} else 1 if "feat" in kinds else 2
    numbers[place:] = [numbers[place] + 1, 0, 0][: 3 - place]
    new = ".".join(str(number) for number in numbers)
    repo.write(VERSION_FILE, source.replace(f'__version__ = "{old}"', f'__version__ = "{new}"'))
    log = repo.read("CHANGELOG.md").removeprefix("# Changelog\n\n")
    lines = "".join(f"- {note}\n" for note in notes)
    repo.write("CHANGELOG.md", f"# Changelog\n\n## {new}\n\n{lines}\n{log}")
    repo.git("add", VERSION_FILE, "CHANGELOG.md")
    repo.git("commit", "-m", f"Release {new}")
    if repo.git("tag", "--list", f"v{new}"):
        raise ReleaseError("the tag is there already")
    repo.git("tag", "-a", f"v{new}", "-m", f"Release {new}")
    return new


# %% wrong="release" name="puts the tag on the new commit by force" fails="release-refuses"
def release(repo):
    if repo.git("status", "--porcelain"):
        raise ReleaseError("something is not committed")
    if repo.git("branch", "--show-current") != "main":
        raise ReleaseError("main is not checked out")
    source = repo.read(VERSION_FILE)
    old = source.split('__version__ = "')[1].split('"')[0]
    notes, kinds = [], set()
    for subject in repo.git("log", "--reverse", "--format=%s", f"v{old}..HEAD").splitlines():
        kind, colon, text = subject.partition(": ")
        if colon and kind in ("fix", "feat", "fix!", "feat!"):
            kinds.add(kind)
            notes.append(text)
    if not notes:
        raise ReleaseError("nothing to release")
    numbers = [int(part) for part in old.split(".")]
    place = 0 if kinds & {"fix!", "feat!"} else 1 if "feat" in kinds else 2
    numbers[place:] = [numbers[place] + 1, 0, 0][: 3 - place]
    new = ".".join(str(number) for number in numbers)
    repo.write(VERSION_FILE, source.replace(f'__version__ = "{old}"', f'__version__ = "{new}"'))
    log = repo.read("CHANGELOG.md").removeprefix("# Changelog\n\n")
    lines = "".join(f"- {note}\n" for note in notes)
    repo.write("CHANGELOG.md", f"# Changelog\n\n## {new}\n\n{lines}\n{log}")
    repo.git("add", VERSION_FILE, "CHANGELOG.md")
    repo.git("commit", "-m", f"Release {new}")
    repo.git("tag", "-f", "-a", f"v{new}", "-m", f"Release {new}")
    return new


# %% wrong="release" name="waits until git refuses the tag" fails="release-refuses"
def release(repo):
    if repo.git("status", "--porcelain"):
        raise ReleaseError("something is not committed")
    if repo.git("branch", "--show-current") != "main":
        raise ReleaseError("main is not checked out")
    source = repo.read(VERSION_FILE)
    old = source.split('__version__ = "')[1].split('"')[0]
    notes, kinds = [], set()
    for subject in repo.git("log", "--reverse", "--format=%s", f"v{old}..HEAD").splitlines():
        kind, colon, text = subject.partition(": ")
        if colon and kind in ("fix", "feat", "fix!", "feat!"):
            kinds.add(kind)
            notes.append(text)
    if not notes:
        raise ReleaseError("nothing to release")
    numbers = [int(part) for part in old.split(".")]
    place = 0 if kinds & {"fix!", "feat!"} else 1 if "feat" in kinds else 2
    numbers[place:] = [numbers[place] + 1, 0, 0][: 3 - place]
    new = ".".join(str(number) for number in numbers)
    repo.write(VERSION_FILE, source.replace(f'__version__ = "{old}"', f'__version__ = "{new}"'))
    log = repo.read("CHANGELOG.md").removeprefix("# Changelog\n\n")
    lines = "".join(f"- {note}\n" for note in notes)
    repo.write("CHANGELOG.md", f"# Changelog\n\n## {new}\n\n{lines}\n{log}")
    repo.git("add", VERSION_FILE, "CHANGELOG.md")
    repo.git("commit", "-m", f"Release {new}")
    try:
        repo.git("tag", "-a", f"v{new}", "-m", f"Release {new}")
    except GitError:
        raise ReleaseError("the tag is there already") from None
    return new


# %% wrong="release" name="any tag that begins like the new one" fails="release-tag"
def release(repo):
    if repo.git("status", "--porcelain"):
        raise ReleaseError("something is not committed")
    if repo.git("branch", "--show-current") != "main":
        raise ReleaseError("main is not checked out")
    source = repo.read(VERSION_FILE)
    old = source.split('__version__ = "')[1].split('"')[0]
    notes, kinds = [], set()
    for subject in repo.git("log", "--reverse", "--format=%s", f"v{old}..HEAD").splitlines():
        kind, colon, text = subject.partition(": ")
        if colon and kind in ("fix", "feat", "fix!", "feat!"):
            kinds.add(kind)
            notes.append(text)
    if not notes:
        raise ReleaseError("nothing to release")
    numbers = [int(part) for part in old.split(".")]
    place = 0 if kinds & {"fix!", "feat!"} else 1 if "feat" in kinds else 2
    numbers[place:] = [numbers[place] + 1, 0, 0][: 3 - place]
    new = ".".join(str(number) for number in numbers)
    if repo.git("tag", "--list", f"v{new}*"):
        raise ReleaseError("the tag is there already")
    repo.write(VERSION_FILE, source.replace(f'__version__ = "{old}"', f'__version__ = "{new}"'))
    log = repo.read("CHANGELOG.md").removeprefix("# Changelog\n\n")
    lines = "".join(f"- {note}\n" for note in notes)
    repo.write("CHANGELOG.md", f"# Changelog\n\n## {new}\n\n{lines}\n{log}")
    repo.git("add", VERSION_FILE, "CHANGELOG.md")
    repo.git("commit", "-m", f"Release {new}")
    repo.git("tag", "-a", f"v{new}", "-m", f"Release {new}")
    return new
