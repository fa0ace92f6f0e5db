# %% [markdown]
# ## leak-report

# %% right="leak-report" name="plain loops and the statistics module"
def leak_report(flow, usual, k):
    excess = [float(f) - float(usual[i % len(usual)]) for i, f in enumerate(flow)]
    rise = [b - a for a, b in pairwise(excess)]
    mean, sd = statistics.mean(rise), statistics.stdev(rise)
    score = [(r - mean) / sd for r in rise]
    worst = sorted(range(len(score)), key=lambda i: -rise[i])[:k]
    levels = {"low": 0, "normal": 0, "high": 0}
    for e in excess:
        levels["low" if e <= 0 else "normal" if e <= 5 else "high"] += 1
    limit = statistics.quantiles(excess, n=10, method="inclusive")[-1]
    return {"hours": [i + 1 for i in worst], "scores": [score[i] for i in worst], "limit": limit, "levels": levels}


# %% right="leak-report" name="cycle, Counter, searchsorted, a quantile by hand"
def leak_report(flow, usual, k):
    excess = np.array([float(f) - float(u) for f, u in zip(flow, cycle(usual))])
    rise = np.diff(excess)
    score = (rise - rise.mean()) / math.sqrt(((rise - rise.mean()) ** 2).sum() / (len(rise) - 1))
    worst = sorted(range(1, len(flow)), key=lambda hour: rise[hour - 1], reverse=True)[:k]
    counts = Counter(np.searchsorted([0, 5], excess, side="left").tolist())
    ordered = sorted(excess.tolist())
    place = 0.9 * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return {
        "hours": tuple(worst),
        "scores": score[[hour - 1 for hour in worst]],
        "limit": ordered[below] + (place - below) * (ordered[above] - ordered[below]),
        "levels": {name: counts[i] for i, name in enumerate(["low", "normal", "high"])},
    }


# %% wrong="leak-report" name="zip stops at the shorter one" fails="leak-report-hours leak-report-limit"
def leak_report(flow, usual, k):
    excess = np.array([float(f) - float(u) for f, u in zip(flow, usual)])
    rise = np.diff(excess)
    score = (rise - rise.mean()) / rise.std(ddof=1)
    worst = np.argsort(-score, kind="stable")[:k]
    low, high = int((excess <= 0).sum()), int((excess > 5).sum())
    levels = {"low": low, "normal": len(excess) - low - high, "high": high}
    return {"hours": worst + 1, "scores": score[worst], "limit": np.quantile(excess, 0.9), "levels": levels}


# %% wrong="leak-report" name="NumPy subtracts as it stands" fails="leak-report-hours leak-report-limit leak-report-inputs"
def leak_report(flow, usual, k):
    excess = np.asarray(flow, dtype=float) - np.asarray(usual, dtype=float)
    rise = np.diff(excess)
    score = (rise - rise.mean()) / rise.std(ddof=1)
    worst = np.argsort(-score, kind="stable")[:k]
    low, high = int((excess <= 0).sum()), int((excess > 5).sum())
    levels = {"low": low, "normal": len(excess) - low - high, "high": high}
    return {"hours": worst + 1, "scores": score[worst], "limit": np.quantile(excess, 0.9), "levels": levels}


# %% wrong="leak-report" name="hours as R counts them" fails="leak-report-hours"
def leak_report(flow, usual, k):
    excess = np.asarray(flow, dtype=float) - np.resize(np.asarray(usual, dtype=float), len(flow))
    rise = np.diff(excess)
    score = (rise - rise.mean()) / rise.std(ddof=1)
    worst = np.argsort(-score, kind="stable")[:k]
    low, high = int((excess <= 0).sum()), int((excess > 5).sum())
    levels = {"low": low, "normal": len(excess) - low - high, "high": high}
    return {"hours": worst + 2, "scores": score[worst], "limit": np.quantile(excess, 0.9), "levels": levels}


# %% wrong="leak-report" name="the hour before the rise" fails="leak-report-hours"
def leak_report(flow, usual, k):
    excess = np.asarray(flow, dtype=float) - np.resize(np.asarray(usual, dtype=float), len(flow))
    rise = np.diff(excess)
    score = (rise - rise.mean()) / rise.std(ddof=1)
    worst = np.argsort(-score, kind="stable")[:k]
    low, high = int((excess <= 0).sum()), int((excess > 5).sum())
    levels = {"low": low, "normal": len(excess) - low - high, "high": high}
    return {"hours": worst, "scores": score[worst], "limit": np.quantile(excess, 0.9), "levels": levels}


# %% wrong="leak-report" name="equal scores in reverse order" fails="leak-report-hours"
def leak_report(flow, usual, k):
    excess = np.asarray(flow, dtype=float) - np.resize(np.asarray(usual, dtype=float), len(flow))
    rise = np.diff(excess)
    score = (rise - rise.mean()) / rise.std(ddof=1)
    worst = np.argsort(score, kind="stable")[::-1][:k]
    low, high = int((excess <= 0).sum()), int((excess > 5).sum())
    levels = {"low": low, "normal": len(excess) - low - high, "high": high}
    return {"hours": worst + 1, "scores": score[worst], "limit": np.quantile(excess, 0.9), "levels": levels}


# %% wrong="leak-report" name="standard deviation of a population" fails="leak-report-hours"
def leak_report(flow, usual, k):
    excess = np.asarray(flow, dtype=float) - np.resize(np.asarray(usual, dtype=float), len(flow))
    rise = np.diff(excess)
    score = (rise - rise.mean()) / rise.std()
    worst = np.argsort(-score, kind="stable")[:k]
    low, high = int((excess <= 0).sum()), int((excess > 5).sum())
    levels = {"low": low, "normal": len(excess) - low - high, "high": high}
    return {"hours": worst + 1, "scores": score[worst], "limit": np.quantile(excess, 0.9), "levels": levels}


# %% wrong="leak-report" name="another kind of quantile" fails="leak-report-limit"
def leak_report(flow, usual, k):
    excess = np.asarray(flow, dtype=float) - np.resize(np.asarray(usual, dtype=float), len(flow))
    rise = np.diff(excess)
    score = (rise - rise.mean()) / rise.std(ddof=1)
    worst = np.argsort(-score, kind="stable")[:k]
    low, high = int((excess <= 0).sum()), int((excess > 5).sum())
    levels = {"low": low, "normal": len(excess) - low - high, "high": high}
    limit = statistics.quantiles(excess.tolist(), n=10)[-1]
    return {"hours": worst + 1, "scores": score[worst], "limit": limit, "levels": levels}


# %% wrong="leak-report" name="intervals closed on the left" fails="leak-report-limit"
def leak_report(flow, usual, k):
    excess = np.asarray(flow, dtype=float) - np.resize(np.asarray(usual, dtype=float), len(flow))
    rise = np.diff(excess)
    score = (rise - rise.mean()) / rise.std(ddof=1)
    worst = np.argsort(-score, kind="stable")[:k]
    low, high = int((excess < 0).sum()), int((excess >= 5).sum())
    levels = {"low": low, "normal": len(excess) - low - high, "high": high}
    return {"hours": worst + 1, "scores": score[worst], "limit": np.quantile(excess, 0.9), "levels": levels}


# %% wrong="leak-report" name="levels that occur only" fails="leak-report-limit"
def leak_report(flow, usual, k):
    excess = np.asarray(flow, dtype=float) - np.resize(np.asarray(usual, dtype=float), len(flow))
    rise = np.diff(excess)
    score = (rise - rise.mean()) / rise.std(ddof=1)
    worst = np.argsort(-score, kind="stable")[:k]
    levels = dict(Counter("low" if e <= 0 else "normal" if e <= 5 else "high" for e in excess))
    return {"hours": worst + 1, "scores": score[worst], "limit": np.quantile(excess, 0.9), "levels": levels}


# %% wrong="leak-report" name="only hours that rise more than the mean" fails="leak-report-hours"
def leak_report(flow, usual, k):
    excess = np.asarray(flow, dtype=float) - np.resize(np.asarray(usual, dtype=float), len(flow))
    rise = np.diff(excess)
    score = (rise - rise.mean()) / rise.std(ddof=1)
    worst = [i for i in np.argsort(-score, kind="stable") if score[i] > 0][:k]
    low, high = int((excess <= 0).sum()), int((excess > 5).sum())
    levels = {"low": low, "normal": len(excess) - low - high, "high": high}
    hours = [i + 1 for i in worst]
    return {"hours": hours, "scores": score[worst], "limit": np.quantile(excess, 0.9), "levels": levels}


# %% wrong="leak-report" name="makes the caller's pattern longer" fails="leak-report-inputs"
def leak_report(flow, usual, k):
    excess = np.asarray(flow, dtype=float) - np.resize(np.asarray(usual, dtype=float), len(flow))
    while isinstance(usual, list) and len(usual) < len(flow):
        usual.extend(usual)
    rise = np.diff(excess)
    score = (rise - rise.mean()) / rise.std(ddof=1)
    worst = np.argsort(-score, kind="stable")[:k]
    low, high = int((excess <= 0).sum()), int((excess > 5).sum())
    levels = {"low": low, "normal": len(excess) - low - high, "high": high}
    return {"hours": worst + 1, "scores": score[worst], "limit": np.quantile(excess, 0.9), "levels": levels}


# %% wrong="leak-report" name="works in the caller's array" fails="leak-report-inputs"
def leak_report(flow, usual, k):
    excess = np.asarray(flow, dtype=float)
    excess -= np.resize(np.asarray(usual, dtype=float), len(flow))
    rise = np.diff(excess)
    score = (rise - rise.mean()) / rise.std(ddof=1)
    worst = np.argsort(-score, kind="stable")[:k]
    low, high = int((excess <= 0).sum()), int((excess > 5).sum())
    levels = {"low": low, "normal": len(excess) - low - high, "high": high}
    return {"hours": worst + 1, "scores": score[worst], "limit": np.quantile(excess, 0.9), "levels": levels}


# %% wrong="leak-report" name="counts in the type that came in" fails="leak-report-inputs"
def leak_report(flow, usual, k):
    excess = np.asarray(flow) - np.resize(usual, len(flow))
    rise = excess[1:] - excess[:-1]
    score = (rise - rise.mean()) / rise.std(ddof=1)
    worst = np.argsort(-score, kind="stable")[:k]
    low, high = int((excess <= 0).sum()), int((excess > 5).sum())
    levels = {"low": low, "normal": len(excess) - low - high, "high": high}
    return {"hours": worst + 1, "scores": score[worst], "limit": np.quantile(excess, 0.9), "levels": levels}


# %% [markdown]
# ## worn-tooth

# %% right="worn-tooth" name="a view in column-major order, as in Julia"
def worn_tooth(signal, samples, mark, per_tooth):
    turns = len(signal) // samples
    x = signal[: turns * samples].reshape(turns, samples).T
    first_turn = x[:, 0].copy()
    for turn in range(turns):
        x[:, turn] -= first_turn
    place = np.argmax(np.abs(x).ravel(order="F"))
    sample, turn = np.unravel_index(place, x.shape, order="F")
    lag = int(sample) - mark
    teeth = int(lag / per_tooth)
    spread = np.array([max(row) - min(row) for row in x.tolist()])
    return {"turn": turn, "sample": sample, "teeth": teeth, "rest": int(math.fmod(lag, per_tooth)), "spread": spread}


# %% right="worn-tooth" name="plain loops over the strip"
def worn_tooth(signal, samples, mark, per_tooth):
    whole = len(signal) - len(signal) % samples
    first = [float(number) for number in signal[:samples]]
    best = 0
    low, high = [0.0] * samples, [0.0] * samples
    for i in range(whole):
        place = i % samples
        signal[i] -= first[place]
        low[place], high[place] = min(low[place], signal[i]), max(high[place], signal[i])
        if abs(signal[i]) > abs(signal[best]):
            best = i
    lag = best % samples - mark
    teeth, rest = divmod(abs(lag), per_tooth)
    if lag < 0:
        teeth, rest = -teeth, -rest
    spread = tuple(b - a for a, b in zip(low, high))
    return {"turn": best // samples, "sample": best % samples, "teeth": teeth, "rest": rest, "spread": spread}


# %% wrong="worn-tooth" name="reshape as Julia writes it" fails="worn-tooth-result worn-tooth-signal"
def worn_tooth(signal, samples, mark, per_tooth):
    turns = len(signal) // samples
    x = signal[: turns * samples].reshape(samples, turns)
    x -= x[:, :1].copy()
    sample, turn = divmod(int(np.abs(x).argmax()), turns)
    lag = sample - mark
    teeth = int(lag / per_tooth)
    spread = x.max(axis=1) - x.min(axis=1)
    return {"turn": turn, "sample": sample, "teeth": teeth, "rest": lag - teeth * per_tooth, "spread": spread}


# %% wrong="worn-tooth" name="the first turn is a view" fails="worn-tooth-result worn-tooth-signal"
def worn_tooth(signal, samples, mark, per_tooth):
    turns = len(signal) // samples
    x = signal[: turns * samples].reshape(turns, samples)
    first_turn = x[0]
    for turn in range(turns):
        x[turn] -= first_turn
    turn, sample = divmod(int(np.abs(x).argmax()), samples)
    lag = sample - mark
    teeth = int(lag / per_tooth)
    spread = x.max(axis=0) - x.min(axis=0)
    return {"turn": turn, "sample": sample, "teeth": teeth, "rest": lag - teeth * per_tooth, "spread": spread}


# %% wrong="worn-tooth" name="leaves the signal as it was" fails="worn-tooth-signal"
def worn_tooth(signal, samples, mark, per_tooth):
    turns = len(signal) // samples
    x = signal[: turns * samples].reshape(turns, samples)
    x = x - x[0]
    turn, sample = divmod(int(np.abs(x).argmax()), samples)
    lag = sample - mark
    teeth = int(lag / per_tooth)
    spread = x.max(axis=0) - x.min(axis=0)
    return {"turn": turn, "sample": sample, "teeth": teeth, "rest": lag - teeth * per_tooth, "spread": spread}


# %% wrong="worn-tooth" name="copies a view that has gaps" fails="worn-tooth-signal"
def worn_tooth(signal, samples, mark, per_tooth):
    signal = np.ascontiguousarray(signal)
    turns = len(signal) // samples
    x = signal[: turns * samples].reshape(turns, samples)
    x -= x[0].copy()
    turn, sample = divmod(int(np.abs(x).argmax()), samples)
    lag = sample - mark
    teeth = int(lag / per_tooth)
    spread = x.max(axis=0) - x.min(axis=0)
    return {"turn": turn, "sample": sample, "teeth": teeth, "rest": lag - teeth * per_tooth, "spread": spread}


# %% wrong="worn-tooth" name="division that rounds down" fails="worn-tooth-lag"
def worn_tooth(signal, samples, mark, per_tooth):
    turns = len(signal) // samples
    x = signal[: turns * samples].reshape(turns, samples)
    x -= x[0].copy()
    turn, sample = divmod(int(np.abs(x).argmax()), samples)
    teeth, rest = divmod(sample - mark, per_tooth)
    return {"turn": turn, "sample": sample, "teeth": teeth, "rest": rest, "spread": x.max(axis=0) - x.min(axis=0)}


# %% wrong="worn-tooth" name="the first of equal ones by sample" fails="worn-tooth-result"
def worn_tooth(signal, samples, mark, per_tooth):
    turns = len(signal) // samples
    x = signal[: turns * samples].reshape(turns, samples).T
    x -= x[:, :1].copy()
    sample, turn = divmod(int(np.abs(x).argmax()), turns)
    lag = sample - mark
    teeth = int(lag / per_tooth)
    spread = x.max(axis=1) - x.min(axis=1)
    return {"turn": turn, "sample": sample, "teeth": teeth, "rest": lag - teeth * per_tooth, "spread": spread}


# %% wrong="worn-tooth" name="the largest, not the largest absolute" fails="worn-tooth-result"
def worn_tooth(signal, samples, mark, per_tooth):
    turns = len(signal) // samples
    x = signal[: turns * samples].reshape(turns, samples)
    x -= x[0].copy()
    turn, sample = divmod(int(x.argmax()), samples)
    lag = sample - mark
    teeth = int(lag / per_tooth)
    spread = x.max(axis=0) - x.min(axis=0)
    return {"turn": turn, "sample": sample, "teeth": teeth, "rest": lag - teeth * per_tooth, "spread": spread}


# %% wrong="worn-tooth" name="positions as Julia counts them" fails="worn-tooth-result"
def worn_tooth(signal, samples, mark, per_tooth):
    turns = len(signal) // samples
    x = signal[: turns * samples].reshape(turns, samples)
    x -= x[0].copy()
    turn, sample = divmod(int(np.abs(x).argmax()), samples)
    lag = sample - mark
    teeth = int(lag / per_tooth)
    spread = x.max(axis=0) - x.min(axis=0)
    return {"turn": turn + 1, "sample": sample + 1, "teeth": teeth, "rest": lag - teeth * per_tooth, "spread": spread}


# %% wrong="worn-tooth" name="a remainder with the wrong sign" fails="worn-tooth-lag"
def worn_tooth(signal, samples, mark, per_tooth):
    turns = len(signal) // samples
    x = signal[: turns * samples].reshape(turns, samples)
    x -= x[0].copy()
    turn, sample = divmod(int(np.abs(x).argmax()), samples)
    lag = sample - mark
    teeth, rest = int(lag / per_tooth), lag % per_tooth
    return {"turn": turn, "sample": sample, "teeth": teeth, "rest": rest, "spread": x.max(axis=0) - x.min(axis=0)}


# %% wrong="worn-tooth" name="spread of each turn" fails="worn-tooth-result"
def worn_tooth(signal, samples, mark, per_tooth):
    turns = len(signal) // samples
    x = signal[: turns * samples].reshape(turns, samples)
    x -= x[0].copy()
    turn, sample = divmod(int(np.abs(x).argmax()), samples)
    lag = sample - mark
    teeth = int(lag / per_tooth)
    spread = x.max(axis=1) - x.min(axis=1)
    return {"turn": turn, "sample": sample, "teeth": teeth, "rest": lag - teeth * per_tooth, "spread": spread}


# %% wrong="worn-tooth" name="readings behind the last turn count as well" fails="worn-tooth-signal"
def worn_tooth(signal, samples, mark, per_tooth):
    signal -= np.resize(signal[:samples].copy(), len(signal))
    turns = len(signal) // samples
    x = signal[: turns * samples].reshape(turns, samples)
    turn, sample = divmod(int(np.abs(x).argmax()), samples)
    lag = sample - mark
    teeth = int(lag / per_tooth)
    spread = x.max(axis=0) - x.min(axis=0)
    return {"turn": turn, "sample": sample, "teeth": teeth, "rest": lag - teeth * per_tooth, "spread": spread}


# %% wrong="worn-tooth" name="does not look at the first turn" fails="worn-tooth-result"
def worn_tooth(signal, samples, mark, per_tooth):
    turns = len(signal) // samples
    x = signal[: turns * samples].reshape(turns, samples)
    x -= x[0].copy()
    turn, sample = divmod(int(np.abs(x[1:]).argmax()) if turns > 1 else samples - 1, samples)
    turn += turns > 1
    lag = sample - mark
    teeth = int(lag / per_tooth)
    spread = x.max(axis=0) - x.min(axis=0)
    return {"turn": turn, "sample": sample, "teeth": teeth, "rest": lag - teeth * per_tooth, "spread": spread}


# %% wrong="worn-tooth" name="rounds down and adds one where the lag is negative" fails="worn-tooth-lag"
def worn_tooth(signal, samples, mark, per_tooth):
    turns = len(signal) // samples
    x = signal[: turns * samples].reshape(turns, samples)
    x -= x[0].copy()
    turn, sample = divmod(int(np.abs(x).argmax()), samples)
    lag = sample - mark
    teeth = lag // per_tooth + (lag < 0)
    spread = x.max(axis=0) - x.min(axis=0)
    return {"turn": turn, "sample": sample, "teeth": teeth, "rest": lag - teeth * per_tooth, "spread": spread}


# %% [markdown]
# ## event-features

# %% right="event-features" name="ctypes cuts to 32 bits"
def chars(word):
    for letter in word:
        code = ord(letter)
        if code > 0xFFFF:
            yield 0xD800 + (code - 0x10000 >> 10)
            yield 0xDC00 + (code & 0x3FF)
        else:
            yield code


def event_hash(word):
    value = ctypes.c_int32(7)
    for char in chars(word):
        value.value = 31 * value.value + char
    return ctypes.c_int32(value.value ^ (value.value & 0xFFFFFFFF) >> 15).value


def event_features(words, size):
    sums = np.zeros(size, dtype=np.int64)
    for word in words:
        value = event_hash(word)
        sums[value % size] += 1 if math.fmod(value, 2) == 1 else -1
    return [int(100 * int(number) / len(words)) for number in sums]


# %% right="event-features" name="one sum at the end, modulo 2**32"
def event_hash(word):
    data = word.encode("utf-16-be")
    codes = [256 * data[i] + data[i + 1] for i in range(0, len(data), 2)]
    total = (7 * 31 ** len(codes) + sum(code * 31**i for i, code in enumerate(reversed(codes)))) % 2**32
    total ^= total // 2**15
    return total if total < 2**31 else total - 2**32


def event_features(words, size):
    counts = Counter()
    for word in words:
        value = event_hash(word)
        counts[value % size] += [-1, 1][value > 0 and value % 2 == 1]
    shares = [100 * counts[place] for place in range(size)]
    return np.array([share // len(words) if share > 0 else -(-share // len(words)) for share in shares])


# %% wrong="event-features" name="numbers that grow on" fails="event-features-hash event-features-rows"
def event_hash(word):
    value = 7
    for letter in word:
        value = 31 * value + ord(letter)
    return value ^ value >> 15


def event_features(words, size):
    sums = [0] * size
    for word in words:
        value = event_hash(word)
        sums[value % size] += 1 if value > 0 and value % 2 else -1
    return [int(100 * number / len(words)) for number in sums]


# %% wrong="event-features" name="cut at the very end only, after the shift" fails="event-features-hash"
def event_hash(word):
    value = 7
    for char in struct.unpack(f"<{len(word.encode('utf-16-le')) // 2}H", word.encode("utf-16-le")):
        value = 31 * value + char
    return signed(value ^ value >> 15)


def event_features(words, size):
    sums = [0] * size
    for word in words:
        value = event_hash(word)
        sums[value % size] += 1 if value > 0 and value % 2 else -1
    return [int(100 * number / len(words)) for number in sums]


# %% wrong="event-features" name="a shift that brings in the sign" fails="event-features-hash"
def event_hash(word):
    value = 7
    for char in struct.unpack(f"<{len(word.encode('utf-16-le')) // 2}H", word.encode("utf-16-le")):
        value = signed(31 * value + char)
    return value ^ value >> 15


def event_features(words, size):
    sums = [0] * size
    for word in words:
        value = event_hash(word)
        sums[value % size] += 1 if value > 0 and value % 2 else -1
    return [int(100 * number / len(words)) for number in sums]


# %% wrong="event-features" name="no sign" fails="event-features-hash event-features-rows"
def event_hash(word):
    bits = 7
    for char in struct.unpack(f"<{len(word.encode('utf-16-le')) // 2}H", word.encode("utf-16-le")):
        bits = 31 * bits + char & MASK
    return bits ^ bits >> 15


def event_features(words, size):
    sums = [0] * size
    for word in words:
        value = event_hash(word)
        sums[value % size] += 1 if value > 0 and value % 2 else -1
    return [int(100 * number / len(words)) for number in sums]


# %% wrong="event-features" name="a character is one char" fails="event-features-hash event-features-rows"
def event_hash(word):
    bits = 7
    for letter in word:
        bits = 31 * bits + ord(letter) & MASK
    return signed(bits ^ bits >> 15)


def event_features(words, size):
    sums = [0] * size
    for word in words:
        value = event_hash(word)
        sums[value % size] += 1 if value > 0 and value % 2 else -1
    return [int(100 * number / len(words)) for number in sums]


# %% wrong="event-features" name="bytes of UTF-8" fails="event-features-hash"
def event_hash(word):
    bits = 7
    for byte in word.encode():
        bits = 31 * bits + byte & MASK
    return signed(bits ^ bits >> 15)


def event_features(words, size):
    sums = [0] * size
    for word in words:
        value = event_hash(word)
        sums[value % size] += 1 if value > 0 and value % 2 else -1
    return [int(100 * number / len(words)) for number in sums]


# %% wrong="event-features" name="the mistake repaired" fails="event-features-rows"
def event_hash(word):
    bits = 7
    for char in struct.unpack(f"<{len(word.encode('utf-16-le')) // 2}H", word.encode("utf-16-le")):
        bits = 31 * bits + char & MASK
    return signed(bits ^ bits >> 15)


def event_features(words, size):
    sums = [0] * size
    for word in words:
        value = event_hash(word)
        sums[value % size] += 1 if value % 2 == 1 else -1
    return [int(100 * number / len(words)) for number in sums]


# %% wrong="event-features" name="shares rounded down" fails="event-features-rows"
def event_hash(word):
    bits = 7
    for char in struct.unpack(f"<{len(word.encode('utf-16-le')) // 2}H", word.encode("utf-16-le")):
        bits = 31 * bits + char & MASK
    return signed(bits ^ bits >> 15)


def event_features(words, size):
    sums = [0] * size
    for word in words:
        value = event_hash(word)
        sums[value % size] += 1 if value > 0 and value % 2 else -1
    return [100 * number // len(words) for number in sums]


# %% wrong="event-features" name="the place by the absolute value" fails="event-features-rows"
def event_hash(word):
    bits = 7
    for char in struct.unpack(f"<{len(word.encode('utf-16-le')) // 2}H", word.encode("utf-16-le")):
        bits = 31 * bits + char & MASK
    return signed(bits ^ bits >> 15)


def event_features(words, size):
    sums = [0] * size
    for word in words:
        value = event_hash(word)
        sums[abs(value) % size] += 1 if value > 0 and value % 2 else -1
    return [int(100 * number / len(words)) for number in sums]


# %% [markdown]
# ## watchdog

# %% right="watchdog" name="a class and its copies"
class State:
    def __init__(self):
        self.level = self.ms = self.alarms = 0


def watch(ms, raw, channels):
    state = [State() for _ in range(channels)]
    for row in range(len(ms)):
        for c in range(channels):
            now = state[c]
            level, before = now.level, now.ms
            now.level += int((raw[row * channels + c] - level) / 4)
            now.ms = ms[row]
            if (now.ms - before) & 0xFFFFFFFF <= 1000 and abs(now.level - level) >= 20:
                now.alarms = (now.alarms + 1) & 0xFF
    return {
        "levels": [one.level for one in state], "ms": [one.ms for one in state], "alarms": [one.alarms for one in state]
    }  # fmt: skip


# %% right="watchdog" name="NumPy, all channels of a row at once"
def watch(ms, raw, channels):
    table = np.array(raw, dtype=np.int64).reshape(len(ms), channels)
    levels, alarms, before = np.zeros(channels, dtype=np.int64), np.zeros(channels, dtype=np.uint8), 0
    for now, row in zip(ms, table):
        steps = np.trunc((row - levels) / 4).astype(np.int64)
        levels += steps
        if (now - before) % 2**32 <= 1000:
            alarms += (np.abs(steps) >= 20).astype(np.uint8)
        before = now
    return {"levels": levels, "ms": np.full(channels, before, dtype=np.int64), "alarms": alarms.astype(int)}


# %% wrong="watchdog" name="before is another name for now" fails="watchdog-alarms"
class State:
    def __init__(self):
        self.level = self.ms = self.alarms = 0


def watch(ms, raw, channels):
    state = [State() for _ in range(channels)]
    for row in range(len(ms)):
        for c in range(channels):
            now = before = state[c]
            now.level += int((raw[row * channels + c] - before.level) / 4)
            now.ms = ms[row]
            if (now.ms - before.ms) % 2**32 <= 1000 and abs(now.level - before.level) >= 20:
                now.alarms = (now.alarms + 1) % 256
    return {
        "levels": [one.level for one in state], "ms": [one.ms for one in state], "alarms": [one.alarms for one in state]
    }  # fmt: skip


# %% wrong="watchdog" name="one channel, many names" fails="watchdog-levels watchdog-alarms"
class State:
    def __init__(self):
        self.level = self.ms = self.alarms = 0


def watch(ms, raw, channels):
    state = [State()] * channels
    for row in range(len(ms)):
        for c in range(channels):
            now = state[c]
            level, before = now.level, now.ms
            now.level += int((raw[row * channels + c] - level) / 4)
            now.ms = ms[row]
            if (now.ms - before) % 2**32 <= 1000 and abs(now.level - level) >= 20:
                now.alarms = (now.alarms + 1) % 256
    return {
        "levels": [one.level for one in state], "ms": [one.ms for one in state], "alarms": [one.alarms for one in state]
    }  # fmt: skip


# %% wrong="watchdog" name="division that rounds down" fails="watchdog-levels"
def watch(ms, raw, channels):
    levels, times, alarms = [0] * channels, [0] * channels, [0] * channels
    for row in range(len(ms)):
        for c in range(channels):
            before, gap = levels[c], (ms[row] - times[c]) % 2**32
            levels[c] += (raw[row * channels + c] - before) // 4
            times[c] = ms[row]
            if gap <= 1000 and abs(levels[c] - before) >= 20:
                alarms[c] = (alarms[c] + 1) % 256
    return {"levels": levels, "ms": times, "alarms": alarms}


# %% wrong="watchdog" name="levels with a fraction" fails="watchdog-levels"
def watch(ms, raw, channels):
    levels, times, alarms = [0] * channels, [0] * channels, [0] * channels
    for row in range(len(ms)):
        for c in range(channels):
            before, gap = levels[c], (ms[row] - times[c]) % 2**32
            levels[c] += (raw[row * channels + c] - before) / 4
            times[c] = ms[row]
            if gap <= 1000 and abs(levels[c] - before) >= 20:
                alarms[c] = (alarms[c] + 1) % 256
    return {"levels": levels, "ms": times, "alarms": alarms}


# %% wrong="watchdog" name="a gap that turns negative" fails="watchdog-alarms"
def watch(ms, raw, channels):
    levels, times, alarms = [0] * channels, [0] * channels, [0] * channels
    for row in range(len(ms)):
        for c in range(channels):
            before, gap = levels[c], ms[row] - times[c]
            levels[c] += int((raw[row * channels + c] - before) / 4)
            times[c] = ms[row]
            if gap <= 1000 and abs(levels[c] - before) >= 20:
                alarms[c] = (alarms[c] + 1) % 256
    return {"levels": levels, "ms": times, "alarms": alarms}


# %% wrong="watchdog" name="a gap without a sign of its own" fails="watchdog-alarms"
def watch(ms, raw, channels):
    levels, times, alarms = [0] * channels, [0] * channels, [0] * channels
    for row in range(len(ms)):
        for c in range(channels):
            before, gap = levels[c], abs(ms[row] - times[c])
            levels[c] += int((raw[row * channels + c] - before) / 4)
            times[c] = ms[row]
            if gap <= 1000 and abs(levels[c] - before) >= 20:
                alarms[c] = (alarms[c] + 1) % 256
    return {"levels": levels, "ms": times, "alarms": alarms}


# %% wrong="watchdog" name="alarms that grow on" fails="watchdog-alarms"
def watch(ms, raw, channels):
    levels, times, alarms = [0] * channels, [0] * channels, [0] * channels
    for row in range(len(ms)):
        for c in range(channels):
            before, gap = levels[c], (ms[row] - times[c]) % 2**32
            levels[c] += int((raw[row * channels + c] - before) / 4)
            times[c] = ms[row]
            alarms[c] += gap <= 1000 and abs(levels[c] - before) >= 20
    return {"levels": levels, "ms": times, "alarms": alarms}


# %% wrong="watchdog" name="alarms that stop at 255" fails="watchdog-alarms"
def watch(ms, raw, channels):
    levels, times, alarms = [0] * channels, [0] * channels, [0] * channels
    for row in range(len(ms)):
        for c in range(channels):
            before, gap = levels[c], (ms[row] - times[c]) % 2**32
            levels[c] += int((raw[row * channels + c] - before) / 4)
            times[c] = ms[row]
            if gap <= 1000 and abs(levels[c] - before) >= 20:
                alarms[c] = min(alarms[c] + 1, 255)
    return {"levels": levels, "ms": times, "alarms": alarms}


# %% wrong="watchdog" name="the table read column by column" fails="watchdog-levels watchdog-alarms"
def watch(ms, raw, channels):
    levels, times, alarms = [0] * channels, [0] * channels, [0] * channels
    for row in range(len(ms)):
        for c in range(channels):
            before, gap = levels[c], (ms[row] - times[c]) % 2**32
            levels[c] += int((raw[c * len(ms) + row] - before) / 4)
            times[c] = ms[row]
            if gap <= 1000 and abs(levels[c] - before) >= 20:
                alarms[c] = (alarms[c] + 1) % 256
    return {"levels": levels, "ms": times, "alarms": alarms}


# %% wrong="watchdog" name="empties the caller's list" fails="watchdog-levels"
def watch(ms, raw, channels):
    levels, times, alarms = [0] * channels, [0] * channels, [0] * channels
    for row in range(len(ms)):
        for c in range(channels):
            before, gap = levels[c], (ms[row] - times[c]) % 2**32
            levels[c] += int((raw.pop(0) - before) / 4)
            times[c] = ms[row]
            if gap <= 1000 and abs(levels[c] - before) >= 20:
                alarms[c] = (alarms[c] + 1) % 256
    return {"levels": levels, "ms": times, "alarms": alarms}


# %% wrong="watchdog" name="there is always a last row" fails="watchdog-levels"
def watch(ms, raw, channels):
    levels, times, alarms = [0] * channels, [0] * channels, [0] * channels
    for row in range(len(ms)):
        for c in range(channels):
            before, gap = levels[c], (ms[row] - times[c]) % 2**32
            levels[c] += int((raw[row * channels + c] - before) / 4)
            times[c] = ms[row]
            if gap <= 1000 and abs(levels[c] - before) >= 20:
                alarms[c] = (alarms[c] + 1) % 256
    return {"levels": levels, "ms": channels * ms[-1:], "alarms": alarms}


# %% [markdown]
# ## warp-kernel

# %% right="warp-kernel" name="the whole table, and numbers of its own making"
def kernel_source():
    return r"""
#include <cstdint>
#include <vector>

static double smaller(double a, double b) { return a < b ? a : b; }

extern "C" void warp_distances(const double* query, std::int64_t n, const double* curves, std::int64_t k,
                               std::int64_t m, double penalty, double* out) {
    std::vector<double> best(n * m);
    for (std::int64_t c = 0; c < k; c++) {
        for (std::int64_t i = 0; i < n; i++) {
            for (std::int64_t j = 0; j < m; j++) {
                double apart = query[i] - curves[c * m + j];
                if (apart < 0) apart = -apart;
                double before = i || j ? 1e308 : 0.0;
                if (i && j) before = smaller(before, best[(i - 1) * m + j - 1]);
                if (i) before = smaller(before, best[(i - 1) * m + j] + penalty);
                if (j) before = smaller(before, best[i * m + j - 1] + penalty);
                best[i * m + j] = before + apart;
            }
        }
        out[c] = best[n * m - 1];
    }
}
"""


# %% right="warp-kernel" name="two rows from malloc, in the style of C"
def kernel_source():
    return r"""
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

extern "C" void warp_distances(const double *query, int64_t n, const double *curves, int64_t k, int64_t m,
                               double penalty, double *out)
{
    double *above = (double *) malloc((m + 1) * sizeof(double));
    double *row = (double *) malloc((m + 1) * sizeof(double));
    for (int64_t c = 0; c < k; c++) {
        row[0] = 0;
        for (int64_t j = 1; j <= m; j++) row[j] = HUGE_VAL;
        for (int64_t i = 0; i < n; i++) {
            double *free_one = above;
            above = row;
            row = free_one;
            row[0] = HUGE_VAL;
            for (int64_t j = 1; j <= m; j++) {
                double best = above[j - 1];
                if (above[j] + penalty < best) best = above[j] + penalty;
                if (row[j - 1] + penalty < best) best = row[j - 1] + penalty;
                row[j] = best + fabs(query[i] - curves[c * m + j - 1]);
            }
        }
        out[c] = row[m];
    }
    free(above);
    free(row);
}
"""


# %% wrong="warp-kernel" name="no extern C" fails="warp-kernel-values warp-kernel-memory"
def kernel_source():
    return r"""
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

void warp_distances(const double* query, std::int64_t n, const double* curves, std::int64_t k,
                               std::int64_t m, double penalty, double* out) {
    const double infinity = std::numeric_limits<double>::infinity();
    for (std::int64_t c = 0; c < k; ++c) {
        std::vector<double> row(m + 1, infinity), above(m + 1);
        row[0] = 0.0;
        for (std::int64_t i = 0; i < n; ++i) {
            above = row;
            row[0] = infinity;
            for (std::int64_t j = 0; j < m; ++j) {
                double best = std::min(above[j], std::min(above[j + 1], row[j]) + penalty);
                row[j + 1] = best + std::abs(query[i] - curves[c * m + j]);
            }
        }
        out[c] = row[m];
    }
}
"""


# %% wrong="warp-kernel" name="a semicolon is missing" fails="warp-kernel-values warp-kernel-memory"
def kernel_source():
    return r"""
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

extern "C" void warp_distances(const double* query, std::int64_t n, const double* curves, std::int64_t k,
                               std::int64_t m, double penalty, double* out) {
    const double infinity = std::numeric_limits<double>::infinity();
    for (std::int64_t c = 0; c < k; ++c) {
        std::vector<double> row(m + 1, infinity), above(m + 1);
        row[0] = 0.0;
        for (std::int64_t i = 0; i < n; ++i) {
            above = row
            row[0] = infinity;
            for (std::int64_t j = 0; j < m; ++j) {
                double best = std::min(above[j], std::min(above[j + 1], row[j]) + penalty);
                row[j + 1] = best + std::abs(query[i] - curves[c * m + j]);
            }
        }
        out[c] = row[m];
    }
}
"""


# %% wrong="warp-kernel" name="the row is not begun anew for each curve" fails="warp-kernel-values"
def kernel_source():
    return r"""
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

extern "C" void warp_distances(const double* query, std::int64_t n, const double* curves, std::int64_t k,
                               std::int64_t m, double penalty, double* out) {
    const double infinity = std::numeric_limits<double>::infinity();
    std::vector<double> row(m + 1, infinity), above(m + 1);
    for (std::int64_t c = 0; c < k; ++c) {
        row[0] = 0.0;
        for (std::int64_t i = 0; i < n; ++i) {
            above = row;
            row[0] = infinity;
            for (std::int64_t j = 0; j < m; ++j) {
                double best = std::min(above[j], std::min(above[j + 1], row[j]) + penalty);
                row[j + 1] = best + std::abs(query[i] - curves[c * m + j]);
            }
        }
        out[c] = row[m];
    }
}
"""


# %% wrong="warp-kernel" name="curves in column-major order" fails="warp-kernel-values"
def kernel_source():
    return r"""
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

extern "C" void warp_distances(const double* query, std::int64_t n, const double* curves, std::int64_t k,
                               std::int64_t m, double penalty, double* out) {
    const double infinity = std::numeric_limits<double>::infinity();
    for (std::int64_t c = 0; c < k; ++c) {
        std::vector<double> row(m + 1, infinity), above(m + 1);
        row[0] = 0.0;
        for (std::int64_t i = 0; i < n; ++i) {
            above = row;
            row[0] = infinity;
            for (std::int64_t j = 0; j < m; ++j) {
                double best = std::min(above[j], std::min(above[j + 1], row[j]) + penalty);
                row[j + 1] = best + std::abs(query[i] - curves[j * k + c]);
            }
        }
        out[c] = row[m];
    }
}
"""


# %% wrong="warp-kernel" name="sums of whole numbers" fails="warp-kernel-values"
def kernel_source():
    return r"""
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

extern "C" void warp_distances(const double* query, std::int64_t n, const double* curves, std::int64_t k,
                               std::int64_t m, double penalty, double* out) {
    const double infinity = std::numeric_limits<double>::infinity();
    for (std::int64_t c = 0; c < k; ++c) {
        std::vector<int> row(m + 1, 1000000), above(m + 1);
        row[0] = 0.0;
        for (std::int64_t i = 0; i < n; ++i) {
            above = row;
            row[0] = 1000000;
            for (std::int64_t j = 0; j < m; ++j) {
                double best = std::min<double>(above[j], std::min(above[j + 1], row[j]) + penalty);
                row[j + 1] = best + std::abs(query[i] - curves[c * m + j]);
            }
        }
        out[c] = row[m];
    }
}
"""


# %% wrong="warp-kernel" name="penalty on every step" fails="warp-kernel-values"
def kernel_source():
    return r"""
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

extern "C" void warp_distances(const double* query, std::int64_t n, const double* curves, std::int64_t k,
                               std::int64_t m, double penalty, double* out) {
    const double infinity = std::numeric_limits<double>::infinity();
    for (std::int64_t c = 0; c < k; ++c) {
        std::vector<double> row(m + 1, infinity), above(m + 1);
        row[0] = 0.0;
        for (std::int64_t i = 0; i < n; ++i) {
            above = row;
            row[0] = infinity;
            for (std::int64_t j = 0; j < m; ++j) {
                double best = std::min(above[j], std::min(above[j + 1], row[j])) + penalty;
                row[j + 1] = best + std::abs(query[i] - curves[c * m + j]);
            }
        }
        out[c] = row[m];
    }
}
"""


# %% wrong="warp-kernel" name="penalty on one kind of waiting only" fails="warp-kernel-values"
def kernel_source():
    return r"""
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

extern "C" void warp_distances(const double* query, std::int64_t n, const double* curves, std::int64_t k,
                               std::int64_t m, double penalty, double* out) {
    const double infinity = std::numeric_limits<double>::infinity();
    for (std::int64_t c = 0; c < k; ++c) {
        std::vector<double> row(m + 1, infinity), above(m + 1);
        row[0] = 0.0;
        for (std::int64_t i = 0; i < n; ++i) {
            above = row;
            row[0] = infinity;
            for (std::int64_t j = 0; j < m; ++j) {
                double best = std::min(above[j], std::min(above[j + 1] + penalty, row[j]));
                row[j + 1] = best + std::abs(query[i] - curves[c * m + j]);
            }
        }
        out[c] = row[m];
    }
}
"""


# %% wrong="warp-kernel" name="squared differences" fails="warp-kernel-values"
def kernel_source():
    return r"""
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

extern "C" void warp_distances(const double* query, std::int64_t n, const double* curves, std::int64_t k,
                               std::int64_t m, double penalty, double* out) {
    const double infinity = std::numeric_limits<double>::infinity();
    for (std::int64_t c = 0; c < k; ++c) {
        std::vector<double> row(m + 1, infinity), above(m + 1);
        row[0] = 0.0;
        for (std::int64_t i = 0; i < n; ++i) {
            above = row;
            row[0] = infinity;
            for (std::int64_t j = 0; j < m; ++j) {
                double best = std::min(above[j], std::min(above[j + 1], row[j]) + penalty);
                row[j + 1] = best + (query[i] - curves[c * m + j]) * (query[i] - curves[c * m + j]);
            }
        }
        out[c] = row[m];
    }
}
"""


# %% wrong="warp-kernel" name="the smallest of the last row" fails="warp-kernel-values"
def kernel_source():
    return r"""
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

extern "C" void warp_distances(const double* query, std::int64_t n, const double* curves, std::int64_t k,
                               std::int64_t m, double penalty, double* out) {
    const double infinity = std::numeric_limits<double>::infinity();
    for (std::int64_t c = 0; c < k; ++c) {
        std::vector<double> row(m + 1, infinity), above(m + 1);
        row[0] = 0.0;
        for (std::int64_t i = 0; i < n; ++i) {
            above = row;
            row[0] = infinity;
            for (std::int64_t j = 0; j < m; ++j) {
                double best = std::min(above[j], std::min(above[j + 1], row[j]) + penalty);
                row[j + 1] = best + std::abs(query[i] - curves[c * m + j]);
            }
        }
        out[c] = *std::min_element(row.begin() + 1, row.end());
    }
}
"""


# %% wrong="warp-kernel" name="the first result only" fails="warp-kernel-values"
def kernel_source():
    return r"""
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

extern "C" void warp_distances(const double* query, std::int64_t n, const double* curves, std::int64_t k,
                               std::int64_t m, double penalty, double* out) {
    const double infinity = std::numeric_limits<double>::infinity();
    for (std::int64_t c = 0; c < k; ++c) {
        std::vector<double> row(m + 1, infinity), above(m + 1);
        row[0] = 0.0;
        for (std::int64_t i = 0; i < n; ++i) {
            above = row;
            row[0] = infinity;
            for (std::int64_t j = 0; j < m; ++j) {
                double best = std::min(above[j], std::min(above[j + 1], row[j]) + penalty);
                row[j + 1] = best + std::abs(query[i] - curves[c * m + j]);
            }
        }
        out[0] = row[m];
    }
}
"""


# %% wrong="warp-kernel" name="writes one number behind out" fails="warp-kernel-memory"
def kernel_source():
    return r"""
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

extern "C" void warp_distances(const double* query, std::int64_t n, const double* curves, std::int64_t k,
                               std::int64_t m, double penalty, double* out) {
    const double infinity = std::numeric_limits<double>::infinity();
    for (std::int64_t c = 0; c < k; ++c) {
        std::vector<double> row(m + 1, infinity), above(m + 1);
        row[0] = 0.0;
        for (std::int64_t i = 0; i < n; ++i) {
            above = row;
            row[0] = infinity;
            for (std::int64_t j = 0; j < m; ++j) {
                double best = std::min(above[j], std::min(above[j + 1], row[j]) + penalty);
                row[j + 1] = best + std::abs(query[i] - curves[c * m + j]);
            }
        }
        out[c] = row[m];
    }
    out[k] = 0.0;
}
"""


# %% wrong="warp-kernel" name="writes one number before out" fails="warp-kernel-values warp-kernel-memory"
def kernel_source():
    return r"""
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

extern "C" void warp_distances(const double* query, std::int64_t n, const double* curves, std::int64_t k,
                               std::int64_t m, double penalty, double* out) {
    const double infinity = std::numeric_limits<double>::infinity();
    for (std::int64_t c = 0; c < k; ++c) {
        std::vector<double> row(m + 1, infinity), above(m + 1);
        row[0] = 0.0;
        for (std::int64_t i = 0; i < n; ++i) {
            above = row;
            row[0] = infinity;
            for (std::int64_t j = 0; j < m; ++j) {
                double best = std::min(above[j], std::min(above[j + 1], row[j]) + penalty);
                row[j + 1] = best + std::abs(query[i] - curves[c * m + j]);
            }
        }
        out[c - 1] = row[m];
    }
}
"""


# %% wrong="warp-kernel" name="makes differences in the caller's query" fails="warp-kernel-memory"
def kernel_source():
    return r"""
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

extern "C" void warp_distances(const double* query, std::int64_t n, const double* curves, std::int64_t k,
                               std::int64_t m, double penalty, double* out) {
    const double infinity = std::numeric_limits<double>::infinity();
    for (std::int64_t c = 0; c < k; ++c) {
        std::vector<double> row(m + 1, infinity), above(m + 1);
        row[0] = 0.0;
        for (std::int64_t i = 0; i < n; ++i) {
            double* mine = const_cast<double*>(query);
            mine[i] += 1.0;
            mine[i] -= 1.0 + 1e-13;
            above = row;
            row[0] = infinity;
            for (std::int64_t j = 0; j < m; ++j) {
                double best = std::min(above[j], std::min(above[j + 1], row[j]) + penalty);
                row[j + 1] = best + std::abs(query[i] - curves[c * m + j]);
            }
        }
        out[c] = row[m];
    }
}
"""


# %% wrong="warp-kernel" name="forgets curves of the caller after use" fails="warp-kernel-memory"
def kernel_source():
    return r"""
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

extern "C" void warp_distances(const double* query, std::int64_t n, const double* curves, std::int64_t k,
                               std::int64_t m, double penalty, double* out) {
    const double infinity = std::numeric_limits<double>::infinity();
    for (std::int64_t c = 0; c < k; ++c) {
        std::vector<double> row(m + 1, infinity), above(m + 1);
        row[0] = 0.0;
        for (std::int64_t i = 0; i < n; ++i) {
            above = row;
            row[0] = infinity;
            for (std::int64_t j = 0; j < m; ++j) {
                double best = std::min(above[j], std::min(above[j + 1], row[j]) + penalty);
                row[j + 1] = best + std::abs(query[i] - curves[c * m + j]);
            }
        }
        out[c] = row[m];
        const_cast<double*>(curves)[c * m] = 0.0;
    }
}
"""


# %% wrong="warp-kernel" name="asks an address that is none" fails="warp-kernel-values warp-kernel-memory"
def kernel_source():
    return r"""
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

extern "C" void warp_distances(const double* query, std::int64_t n, const double* curves, std::int64_t k,
                               std::int64_t m, double penalty, double* out) {
    const double infinity = std::numeric_limits<double>::infinity();
    for (std::int64_t c = 0; c < k; ++c) {
        std::vector<double> row(m + 1, infinity), above(m + 1);
        row[0] = 0.0;
        for (std::int64_t i = 0; i < n; ++i) {
            above = row;
            row[0] = infinity;
            for (std::int64_t j = 0; j < m; ++j) {
                double best = std::min(above[j], std::min(above[j + 1], row[j]) + penalty);
                row[j + 1] = best + std::abs(query[i] - curves[c * m + j]);
            }
        }
        out[c] = row[m] + out[1LL << 44];
    }
}
"""


# %% wrong="warp-kernel" name="never comes to an end" fails="warp-kernel-memory"
def kernel_source():
    return r"""
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

extern "C" void warp_distances(const double* query, std::int64_t n, const double* curves, std::int64_t k,
                               std::int64_t m, double penalty, double* out) {
    const double infinity = std::numeric_limits<double>::infinity();
    for (std::int64_t c = 0; c < k; ++c) {
        std::vector<double> row(m + 1, infinity), above(m + 1);
        row[0] = 0.0;
        for (std::int64_t i = 0; i < n; i += n > 30 ? 0 : 1) {
            above = row;
            row[0] = infinity;
            for (std::int64_t j = 0; j < m; ++j) {
                double best = std::min(above[j], std::min(above[j + 1], row[j]) + penalty);
                row[j + 1] = best + std::abs(query[i] - curves[c * m + j]);
            }
        }
        out[c] = row[m];
    }
}
"""


# %% wrong="warp-kernel" name="infinity that is not large enough" fails="warp-kernel-values"
def kernel_source():
    return r"""
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

extern "C" void warp_distances(const double* query, std::int64_t n, const double* curves, std::int64_t k,
                               std::int64_t m, double penalty, double* out) {
    const double infinity = 5.0;
    for (std::int64_t c = 0; c < k; ++c) {
        std::vector<double> row(m + 1, infinity), above(m + 1);
        row[0] = 0.0;
        for (std::int64_t i = 0; i < n; ++i) {
            above = row;
            row[0] = infinity;
            for (std::int64_t j = 0; j < m; ++j) {
                double best = std::min(above[j], std::min(above[j + 1], row[j]) + penalty);
                row[j + 1] = best + std::abs(query[i] - curves[c * m + j]);
            }
        }
        out[c] = row[m];
    }
}
"""


# %% wrong="warp-kernel" name="one sample is a special case" fails="warp-kernel-values"
def kernel_source():
    return r"""
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

extern "C" void warp_distances(const double* query, std::int64_t n, const double* curves, std::int64_t k,
                               std::int64_t m, double penalty, double* out) {
    const double infinity = std::numeric_limits<double>::infinity();
    if (m == 1) return;
    for (std::int64_t c = 0; c < k; ++c) {
        std::vector<double> row(m + 1, infinity), above(m + 1);
        row[0] = 0.0;
        for (std::int64_t i = 0; i < n; ++i) {
            above = row;
            row[0] = infinity;
            for (std::int64_t j = 0; j < m; ++j) {
                double best = std::min(above[j], std::min(above[j + 1], row[j]) + penalty);
                row[j + 1] = best + std::abs(query[i] - curves[c * m + j]);
            }
        }
        out[c] = row[m];
    }
}
"""


# %% wrong="warp-kernel" name="prints the source" fails="warp-kernel-values warp-kernel-memory"
def kernel_source():
    print('extern "C" void warp_distances')


# %% [markdown]
# ## warp-wrapper

# %% right="warp-wrapper" name="ndpointer declares what an array must be"
def warp_distances(library, query, curves, penalty=0.0):
    query, curves = np.array(query, dtype=float, order="C"), np.array(curves, dtype=float, order="C")
    if query.ndim != 1 or len(query) == 0 or curves.ndim != 2 or curves.shape[1] == 0 or not penalty >= 0:
        raise ValueError("query, curves or penalty cannot be used")
    row = np.ctypeslib.ndpointer(dtype=np.float64, ndim=1, flags="C_CONTIGUOUS")
    table = np.ctypeslib.ndpointer(dtype=np.float64, ndim=2, flags="C_CONTIGUOUS")
    call = library.warp_distances
    call.argtypes = (row, ctypes.c_int64, table, ctypes.c_int64, ctypes.c_int64, ctypes.c_double, row)
    call.restype = None
    out = np.zeros(curves.shape[0])
    call(query, query.size, curves, curves.shape[0], curves.shape[1], penalty, out)
    return out


# %% right="warp-wrapper" name="arrays of ctypes, and nothing declared"
def warp_distances(library, query, curves, penalty=0.0):
    query, curves = np.asarray(query, dtype=float), np.asarray(curves, dtype=float)
    if query.ndim != 1 or curves.ndim != 2:
        raise ValueError("one row and one table, please")
    n, (k, m) = len(query), curves.shape
    if n < 1 or m < 1 or not penalty >= 0:
        raise ValueError("too little")
    first, second = (ctypes.c_double * n)(*query.tolist()), (ctypes.c_double * (k * m))(*curves.ravel().tolist())
    out, size = (ctypes.c_double * k)(), ctypes.c_int64
    library["warp_distances"](first, size(n), second, size(k), size(m), ctypes.c_double(penalty), out)
    return np.array(list(out), dtype=np.float64)


# %% right="warp-wrapper" name="one call for each curve, addresses as void pointers"
def warp_distances(library, query, curves, penalty=0.0):
    query = np.array(query, dtype=np.float64)
    if query.ndim != 1 or query.size == 0:
        raise ValueError("query")
    if np.ndim(curves) != 2 or np.shape(curves)[1] == 0:
        raise ValueError("curves")
    if penalty < 0 or math.isnan(penalty):
        raise ValueError("penalty")
    pointer, size = ctypes.c_void_p, ctypes.c_int64
    library.warp_distances.argtypes = [pointer, size, pointer, size, size, ctypes.c_double, pointer]
    found = []
    for curve in curves:
        row, one = np.array(curve, dtype=np.float64), np.zeros(1)
        library.warp_distances(query.ctypes.data, query.size, row.ctypes.data, 1, row.size, penalty, one.ctypes.data)
        found.append(one[0])
    return np.array(found, dtype=np.float64)


# %% wrong="warp-wrapper" name="nothing declared" fails="warp-wrapper-values"
def warp_distances(library, query, curves, penalty=0.0):
    query = np.asarray(query, dtype=np.float64, order="C")
    curves = np.asarray(curves, dtype=np.float64, order="C")
    if query.ndim != 1 or not query.size:
        raise ValueError("query")
    if curves.ndim != 2 or not curves.shape[1]:
        raise ValueError("curves")
    if not penalty >= 0:
        raise ValueError("penalty")
    doubles, size = ctypes.POINTER(ctypes.c_double), ctypes.c_int64
    function = library.warp_distances
    out = np.empty(len(curves))
    function(
        query.ctypes.data_as(doubles), len(query), curves.ctypes.data_as(doubles), len(curves), curves.shape[1],
        penalty, out.ctypes.data_as(doubles),
    )  # fmt: skip
    return out


# %% wrong="warp-wrapper" name="addresses as whole numbers, nothing declared" fails="warp-wrapper-values"
def warp_distances(library, query, curves, penalty=0.0):
    query = np.asarray(query, dtype=np.float64, order="C")
    curves = np.asarray(curves, dtype=np.float64, order="C")
    if query.ndim != 1 or not query.size:
        raise ValueError("query")
    if curves.ndim != 2 or not curves.shape[1]:
        raise ValueError("curves")
    if not penalty >= 0:
        raise ValueError("penalty")
    doubles, size = ctypes.POINTER(ctypes.c_double), ctypes.c_int64
    function = library.warp_distances
    out = np.empty(len(curves))
    function(
        query.ctypes.data, len(query), curves.ctypes.data, len(curves), curves.shape[1],
        ctypes.c_double(penalty), out.ctypes.data,
    )  # fmt: skip
    return out


# %% wrong="warp-wrapper" name="penalty declared as a whole number" fails="warp-wrapper-values"
def warp_distances(library, query, curves, penalty=0.0):
    query = np.asarray(query, dtype=np.float64, order="C")
    curves = np.asarray(curves, dtype=np.float64, order="C")
    if query.ndim != 1 or not query.size:
        raise ValueError("query")
    if curves.ndim != 2 or not curves.shape[1]:
        raise ValueError("curves")
    if not penalty >= 0:
        raise ValueError("penalty")
    doubles, size = ctypes.POINTER(ctypes.c_double), ctypes.c_int64
    function = library.warp_distances
    function.argtypes = [doubles, size, doubles, size, size, size, doubles]
    function.restype = None
    out = np.empty(len(curves))
    function(
        query.ctypes.data_as(doubles), len(query), curves.ctypes.data_as(doubles), len(curves), curves.shape[1],
        penalty, out.ctypes.data_as(doubles),
    )  # fmt: skip
    return out


# %% wrong="warp-wrapper" name="rows and columns swapped" fails="warp-wrapper-values"
def warp_distances(library, query, curves, penalty=0.0):
    query = np.asarray(query, dtype=np.float64, order="C")
    curves = np.asarray(curves, dtype=np.float64, order="C")
    if query.ndim != 1 or not query.size:
        raise ValueError("query")
    if curves.ndim != 2 or not curves.shape[1]:
        raise ValueError("curves")
    if not penalty >= 0:
        raise ValueError("penalty")
    doubles, size = ctypes.POINTER(ctypes.c_double), ctypes.c_int64
    function = library.warp_distances
    function.argtypes = [doubles, size, doubles, size, size, ctypes.c_double, doubles]
    function.restype = None
    out = np.empty(len(curves))
    function(
        query.ctypes.data_as(doubles), len(query), curves.ctypes.data_as(doubles), curves.shape[1], len(curves),
        penalty, out.ctypes.data_as(doubles),
    )  # fmt: skip
    return out


# %% wrong="warp-wrapper" name="the memory as it lies" fails="warp-wrapper-layouts"
def warp_distances(library, query, curves, penalty=0.0):
    query = np.asarray(query, dtype=np.float64, order="C")
    curves = np.asarray(curves, dtype=np.float64)
    if query.ndim != 1 or not query.size:
        raise ValueError("query")
    if curves.ndim != 2 or not curves.shape[1]:
        raise ValueError("curves")
    if not penalty >= 0:
        raise ValueError("penalty")
    doubles, size = ctypes.POINTER(ctypes.c_double), ctypes.c_int64
    function = library.warp_distances
    function.argtypes = [doubles, size, doubles, size, size, ctypes.c_double, doubles]
    function.restype = None
    out = np.empty(len(curves))
    function(
        query.ctypes.data_as(doubles), len(query), curves.ctypes.data_as(doubles), len(curves), curves.shape[1],
        penalty, out.ctypes.data_as(doubles),
    )  # fmt: skip
    return out


# %% wrong="warp-wrapper" name="the query as it lies" fails="warp-wrapper-layouts"
def warp_distances(library, query, curves, penalty=0.0):
    query = np.asarray(query, dtype=np.float64)
    curves = np.asarray(curves, dtype=np.float64, order="C")
    if query.ndim != 1 or not query.size:
        raise ValueError("query")
    if curves.ndim != 2 or not curves.shape[1]:
        raise ValueError("curves")
    if not penalty >= 0:
        raise ValueError("penalty")
    doubles, size = ctypes.POINTER(ctypes.c_double), ctypes.c_int64
    function = library.warp_distances
    function.argtypes = [doubles, size, doubles, size, size, ctypes.c_double, doubles]
    function.restype = None
    out = np.empty(len(curves))
    function(
        query.ctypes.data_as(doubles), len(query), curves.ctypes.data_as(doubles), len(curves), curves.shape[1],
        penalty, out.ctypes.data_as(doubles),
    )  # fmt: skip
    return out


# %% wrong="warp-wrapper" name="lies together, but of any type" fails="warp-wrapper-layouts"
def warp_distances(library, query, curves, penalty=0.0):
    query = np.asarray(query, dtype=np.float64, order="C")
    curves = np.asarray(curves, order="C")
    if query.ndim != 1 or not query.size:
        raise ValueError("query")
    if curves.ndim != 2 or not curves.shape[1]:
        raise ValueError("curves")
    if not penalty >= 0:
        raise ValueError("penalty")
    doubles, size = ctypes.POINTER(ctypes.c_double), ctypes.c_int64
    function = library.warp_distances
    function.argtypes = [doubles, size, doubles, size, size, ctypes.c_double, doubles]
    function.restype = None
    out = np.empty(len(curves))
    function(
        query.ctypes.data_as(doubles), len(query), curves.ctypes.data_as(doubles), len(curves), curves.shape[1],
        penalty, out.ctypes.data_as(doubles),
    )  # fmt: skip
    return out


# %% wrong="warp-wrapper" name="contiguous in column-major order" fails="warp-wrapper-values warp-wrapper-layouts"
def warp_distances(library, query, curves, penalty=0.0):
    query = np.asarray(query, dtype=np.float64, order="C")
    curves = np.asarray(curves, dtype=np.float64, order="F")
    if query.ndim != 1 or not query.size:
        raise ValueError("query")
    if curves.ndim != 2 or not curves.shape[1]:
        raise ValueError("curves")
    if not penalty >= 0:
        raise ValueError("penalty")
    doubles, size = ctypes.POINTER(ctypes.c_double), ctypes.c_int64
    function = library.warp_distances
    function.argtypes = [doubles, size, doubles, size, size, ctypes.c_double, doubles]
    function.restype = None
    out = np.empty(len(curves))
    function(
        query.ctypes.data_as(doubles), len(query), curves.ctypes.data_as(doubles), len(curves), curves.shape[1],
        penalty, out.ctypes.data_as(doubles),
    )  # fmt: skip
    return out


# %% wrong="warp-wrapper" name="float64 of the other byte order" fails="warp-wrapper-layouts"
def warp_distances(library, query, curves, penalty=0.0):
    if getattr(query, "dtype", None) == ">f4":
        query = np.frombuffer(query.tobytes(), dtype=np.float32)
    query = np.asarray(query, dtype=np.float64, order="C")
    curves = np.asarray(curves, dtype=np.float64, order="C")
    if query.ndim != 1 or not query.size:
        raise ValueError("query")
    if curves.ndim != 2 or not curves.shape[1]:
        raise ValueError("curves")
    if not penalty >= 0:
        raise ValueError("penalty")
    doubles, size = ctypes.POINTER(ctypes.c_double), ctypes.c_int64
    function = library.warp_distances
    function.argtypes = [doubles, size, doubles, size, size, ctypes.c_double, doubles]
    function.restype = None
    out = np.empty(len(curves))
    function(
        query.ctypes.data_as(doubles), len(query), curves.ctypes.data_as(doubles), len(curves), curves.shape[1],
        penalty, out.ctypes.data_as(doubles),
    )  # fmt: skip
    return out


# %% wrong="warp-wrapper" name="swaps the caller's bytes in place" fails="warp-wrapper-layouts"
def warp_distances(library, query, curves, penalty=0.0):
    if isinstance(curves, np.ndarray) and curves.dtype.byteorder == ">":
        curves = curves.byteswap(inplace=True).view(curves.dtype.newbyteorder())
    query = np.asarray(query, dtype=np.float64, order="C")
    curves = np.asarray(curves, dtype=np.float64, order="C")
    if query.ndim != 1 or not query.size:
        raise ValueError("query")
    if curves.ndim != 2 or not curves.shape[1]:
        raise ValueError("curves")
    if not penalty >= 0:
        raise ValueError("penalty")
    doubles, size = ctypes.POINTER(ctypes.c_double), ctypes.c_int64
    function = library.warp_distances
    function.argtypes = [doubles, size, doubles, size, size, ctypes.c_double, doubles]
    function.restype = None
    out = np.empty(len(curves))
    function(
        query.ctypes.data_as(doubles), len(query), curves.ctypes.data_as(doubles), len(curves), curves.shape[1],
        penalty, out.ctypes.data_as(doubles),
    )  # fmt: skip
    return out


# %% wrong="warp-wrapper" name="swaps the bytes of the query in place" fails="warp-wrapper-layouts"
def warp_distances(library, query, curves, penalty=0.0):
    if isinstance(query, np.ndarray) and query.dtype.byteorder == ">":
        query = query.byteswap(inplace=True).view(query.dtype.newbyteorder())
    query = np.asarray(query, dtype=np.float64, order="C")
    curves = np.asarray(curves, dtype=np.float64, order="C")
    if query.ndim != 1 or not query.size:
        raise ValueError("query")
    if curves.ndim != 2 or not curves.shape[1]:
        raise ValueError("curves")
    if not penalty >= 0:
        raise ValueError("penalty")
    doubles, size = ctypes.POINTER(ctypes.c_double), ctypes.c_int64
    function = library.warp_distances
    function.argtypes = [doubles, size, doubles, size, size, ctypes.c_double, doubles]
    function.restype = None
    out = np.empty(len(curves))
    function(
        query.ctypes.data_as(doubles), len(query), curves.ctypes.data_as(doubles), len(curves), curves.shape[1],
        penalty, out.ctypes.data_as(doubles),
    )  # fmt: skip
    return out


# %% wrong="warp-wrapper" name="no rows, no array" fails="warp-wrapper-values"
def warp_distances(library, query, curves, penalty=0.0):
    query = np.asarray(query, dtype=np.float64, order="C")
    curves = np.asarray(curves, dtype=np.float64, order="C")
    if query.ndim != 1 or not query.size:
        raise ValueError("query")
    if curves.ndim != 2 or not curves.shape[1]:
        raise ValueError("curves")
    if not penalty >= 0:
        raise ValueError("penalty")
    doubles, size = ctypes.POINTER(ctypes.c_double), ctypes.c_int64
    function = library.warp_distances
    function.argtypes = [doubles, size, doubles, size, size, ctypes.c_double, doubles]
    function.restype = None
    out = np.empty(len(curves))
    function(
        query.ctypes.data_as(doubles), len(query), curves.ctypes.data_as(doubles), len(curves), curves.shape[1],
        penalty, out.ctypes.data_as(doubles),
    )  # fmt: skip
    return out if len(out) else []


# %% wrong="warp-wrapper" name="another penalty where none is given" fails="warp-wrapper-values"
def warp_distances(library, query, curves, penalty=1.0):
    query = np.asarray(query, dtype=np.float64, order="C")
    curves = np.asarray(curves, dtype=np.float64, order="C")
    if query.ndim != 1 or not query.size:
        raise ValueError("query")
    if curves.ndim != 2 or not curves.shape[1]:
        raise ValueError("curves")
    if not penalty >= 0:
        raise ValueError("penalty")
    doubles, size = ctypes.POINTER(ctypes.c_double), ctypes.c_int64
    function = library.warp_distances
    function.argtypes = [doubles, size, doubles, size, size, ctypes.c_double, doubles]
    function.restype = None
    out = np.empty(len(curves))
    function(
        query.ctypes.data_as(doubles), len(query), curves.ctypes.data_as(doubles), len(curves), curves.shape[1],
        penalty, out.ctypes.data_as(doubles),
    )  # fmt: skip
    return out


# %% wrong="warp-wrapper" name="overwrites curves of float64 with the results" fails="warp-wrapper-layouts"
def warp_distances(library, query, curves, penalty=0.0):
    query = np.asarray(query, dtype=np.float64, order="C")
    curves = np.asarray(curves, dtype=np.float64, order="C")
    if query.ndim != 1 or not query.size:
        raise ValueError("query")
    if curves.ndim != 2 or not curves.shape[1]:
        raise ValueError("curves")
    if not penalty >= 0:
        raise ValueError("penalty")
    doubles, size = ctypes.POINTER(ctypes.c_double), ctypes.c_int64
    function = library.warp_distances
    function.argtypes = [doubles, size, doubles, size, size, ctypes.c_double, doubles]
    function.restype = None
    out = np.empty(len(curves))
    function(
        query.ctypes.data_as(doubles), len(query), curves.ctypes.data_as(doubles), len(curves), curves.shape[1],
        penalty, out.ctypes.data_as(doubles),
    )  # fmt: skip
    if curves.size:
        curves[0, 0] += 0.5
    return out


# %% wrong="warp-wrapper" name="returns a list" fails="warp-wrapper-values"
def warp_distances(library, query, curves, penalty=0.0):
    query = np.asarray(query, dtype=np.float64, order="C")
    curves = np.asarray(curves, dtype=np.float64, order="C")
    if query.ndim != 1 or not query.size:
        raise ValueError("query")
    if curves.ndim != 2 or not curves.shape[1]:
        raise ValueError("curves")
    if not penalty >= 0:
        raise ValueError("penalty")
    doubles, size = ctypes.POINTER(ctypes.c_double), ctypes.c_int64
    function = library.warp_distances
    function.argtypes = [doubles, size, doubles, size, size, ctypes.c_double, doubles]
    function.restype = None
    out = np.empty(len(curves))
    function(
        query.ctypes.data_as(doubles), len(query), curves.ctypes.data_as(doubles), len(curves), curves.shape[1],
        penalty, out.ctypes.data_as(doubles),
    )  # fmt: skip
    return out.tolist()


# %% wrong="warp-wrapper" name="results of 32 bits" fails="warp-wrapper-values"
def warp_distances(library, query, curves, penalty=0.0):
    query = np.asarray(query, dtype=np.float64, order="C")
    curves = np.asarray(curves, dtype=np.float64, order="C")
    if query.ndim != 1 or not query.size:
        raise ValueError("query")
    if curves.ndim != 2 or not curves.shape[1]:
        raise ValueError("curves")
    if not penalty >= 0:
        raise ValueError("penalty")
    doubles, size = ctypes.POINTER(ctypes.c_double), ctypes.c_int64
    function = library.warp_distances
    function.argtypes = [doubles, size, doubles, size, size, ctypes.c_double, doubles]
    function.restype = None
    out = np.empty(len(curves))
    function(
        query.ctypes.data_as(doubles), len(query), curves.ctypes.data_as(doubles), len(curves), curves.shape[1],
        penalty, out.ctypes.data_as(doubles),
    )  # fmt: skip
    return out.astype(np.float32)


# %% wrong="warp-wrapper" name="no look at the shapes" fails="warp-wrapper-refuses"
def warp_distances(library, query, curves, penalty=0.0):
    query = np.asarray(query, dtype=np.float64, order="C")
    curves = np.asarray(curves, dtype=np.float64, order="C")
    curves = np.atleast_2d(curves)
    if not penalty >= 0:
        raise ValueError("penalty")
    doubles, size = ctypes.POINTER(ctypes.c_double), ctypes.c_int64
    function = library.warp_distances
    function.argtypes = [doubles, size, doubles, size, size, ctypes.c_double, doubles]
    function.restype = None
    out = np.empty(len(curves))
    function(
        query.ctypes.data_as(doubles), len(query), curves.ctypes.data_as(doubles), len(curves), curves.shape[1],
        penalty, out.ctypes.data_as(doubles),
    )  # fmt: skip
    return out


# %% wrong="warp-wrapper" name="a table as query" fails="warp-wrapper-refuses"
def warp_distances(library, query, curves, penalty=0.0):
    query = np.asarray(query, dtype=np.float64, order="C")
    curves = np.asarray(curves, dtype=np.float64, order="C")
    if not query.size:
        raise ValueError("query")
    if curves.ndim != 2 or not curves.shape[1]:
        raise ValueError("curves")
    if not penalty >= 0:
        raise ValueError("penalty")
    doubles, size = ctypes.POINTER(ctypes.c_double), ctypes.c_int64
    function = library.warp_distances
    function.argtypes = [doubles, size, doubles, size, size, ctypes.c_double, doubles]
    function.restype = None
    out = np.empty(len(curves))
    function(
        query.ctypes.data_as(doubles), len(query), curves.ctypes.data_as(doubles), len(curves), curves.shape[1],
        penalty, out.ctypes.data_as(doubles),
    )  # fmt: skip
    return out


# %% wrong="warp-wrapper" name="NaN is not negative" fails="warp-wrapper-refuses"
def warp_distances(library, query, curves, penalty=0.0):
    query = np.asarray(query, dtype=np.float64, order="C")
    curves = np.asarray(curves, dtype=np.float64, order="C")
    if query.ndim != 1 or not query.size:
        raise ValueError("query")
    if curves.ndim != 2 or not curves.shape[1]:
        raise ValueError("curves")
    if penalty < 0:
        raise ValueError("penalty")
    doubles, size = ctypes.POINTER(ctypes.c_double), ctypes.c_int64
    function = library.warp_distances
    function.argtypes = [doubles, size, doubles, size, size, ctypes.c_double, doubles]
    function.restype = None
    out = np.empty(len(curves))
    function(
        query.ctypes.data_as(doubles), len(query), curves.ctypes.data_as(doubles), len(curves), curves.shape[1],
        penalty, out.ctypes.data_as(doubles),
    )  # fmt: skip
    return out


# %% wrong="warp-wrapper" name="looks after the call" fails="warp-wrapper-refuses"
def warp_distances(library, query, curves, penalty=0.0):
    query = np.asarray(query, dtype=np.float64, order="C")
    curves = np.asarray(curves, dtype=np.float64, order="C")
    if query.ndim != 1 or not query.size:
        raise ValueError("query")
    if curves.ndim != 2 or not curves.shape[1]:
        raise ValueError("curves")
    doubles, size = ctypes.POINTER(ctypes.c_double), ctypes.c_int64
    function = library.warp_distances
    function.argtypes = [doubles, size, doubles, size, size, ctypes.c_double, doubles]
    function.restype = None
    out = np.empty(len(curves))
    function(
        query.ctypes.data_as(doubles), len(query), curves.ctypes.data_as(doubles), len(curves), curves.shape[1],
        penalty, out.ctypes.data_as(doubles),
    )  # fmt: skip
    if not penalty >= 0:
        raise ValueError("penalty")
    return out


# %% wrong="warp-wrapper" name="penalty always 0" fails="warp-wrapper-values"
def warp_distances(library, query, curves, penalty=0.0):
    query = np.asarray(query, dtype=np.float64, order="C")
    curves = np.asarray(curves, dtype=np.float64, order="C")
    if query.ndim != 1 or not query.size:
        raise ValueError("query")
    if curves.ndim != 2 or not curves.shape[1]:
        raise ValueError("curves")
    if not penalty >= 0:
        raise ValueError("penalty")
    doubles, size = ctypes.POINTER(ctypes.c_double), ctypes.c_int64
    function = library.warp_distances
    function.argtypes = [doubles, size, doubles, size, size, ctypes.c_double, doubles]
    function.restype = None
    out = np.empty(len(curves))
    function(
        query.ctypes.data_as(doubles), len(query), curves.ctypes.data_as(doubles), len(curves), curves.shape[1],
        0.0, out.ctypes.data_as(doubles),
    )  # fmt: skip
    return out


# %% wrong="warp-wrapper" name="a single number becomes a row" fails="warp-wrapper-refuses"
def warp_distances(library, query, curves, penalty=0.0):
    query = np.ascontiguousarray(query, dtype=np.float64)
    curves = np.asarray(curves, dtype=np.float64, order="C")
    if query.ndim != 1 or not query.size:
        raise ValueError("query")
    if curves.ndim != 2 or not curves.shape[1]:
        raise ValueError("curves")
    if not penalty >= 0:
        raise ValueError("penalty")
    doubles, size = ctypes.POINTER(ctypes.c_double), ctypes.c_int64
    function = library.warp_distances
    function.argtypes = [doubles, size, doubles, size, size, ctypes.c_double, doubles]
    function.restype = None
    out = np.empty(len(curves))
    function(
        query.ctypes.data_as(doubles), len(query), curves.ctypes.data_as(doubles), len(curves), curves.shape[1],
        penalty, out.ctypes.data_as(doubles),
    )  # fmt: skip
    return out


# %% wrong="warp-wrapper" name="no rows is an error" fails="warp-wrapper-values"
def warp_distances(library, query, curves, penalty=0.0):
    query = np.asarray(query, dtype=np.float64, order="C")
    curves = np.asarray(curves, dtype=np.float64, order="C")
    if query.ndim != 1 or not query.size:
        raise ValueError("query")
    if curves.ndim != 2 or not curves.size:
        raise ValueError("curves")
    if not penalty >= 0:
        raise ValueError("penalty")
    doubles, size = ctypes.POINTER(ctypes.c_double), ctypes.c_int64
    function = library.warp_distances
    function.argtypes = [doubles, size, doubles, size, size, ctypes.c_double, doubles]
    function.restype = None
    out = np.empty(len(curves))
    function(
        query.ctypes.data_as(doubles), len(query), curves.ctypes.data_as(doubles), len(curves), curves.shape[1],
        penalty, out.ctypes.data_as(doubles),
    )  # fmt: skip
    return out


# %% inputs="warp-wrapper"
def outcome(rng):  # a NumPy generator
    query, curves = rng.normal(size=rng.integers(1, 5)), rng.normal(size=(rng.integers(0, 4), rng.integers(1, 5)))
    return warp_distances(native.warp_stand_in(), query, curves, float(rng.choice([0.0, 0.5]))).tolist()
