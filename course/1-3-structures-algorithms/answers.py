# %% [markdown]
# ## topk

# %% right="topk" name="a sorted list and a search by halves"
class TopK:
    def __init__(self, k):
        if k < 1:
            raise ValueError("k is below 1")
        self.k, self.scores, self.items = k, [], []  # both from the best to the worst, with negated scores

    def add(self, score, item):
        if len(self.scores) == self.k:
            if not -score < self.scores[-1]:
                return
            self.scores.pop()
            self.items.pop()
        place = bisect.bisect_right(self.scores, -score)
        self.scores.insert(place, -score)
        self.items.insert(place, item)

    def best(self):
        return [(-score, item) for score, item in zip(self.scores, self.items)]


# %% right="topk" name="entries that know which is better, in a heap of their own"
class TopK:
    def __init__(self, k):
        if k <= 0:
            raise ValueError(f"{k} is not a number of items")
        self.k = k
        self.heap = []

    @staticmethod
    def worse(a, b):
        if a[0] < b[0]:
            return True
        if b[0] < a[0]:
            return False
        return a[1] > b[1]

    def add(self, score, item):
        heap = self.heap
        if len(heap) < self.k:
            number = heap[0][3] + 1 if heap else 0
            heap.append([score, number, item, 0])
            child = len(heap) - 1
            while child and self.worse(heap[child], heap[(child - 1) // 2]):
                parent = (child - 1) // 2
                heap[child], heap[parent] = heap[parent], heap[child]
                child = parent
            heap[0][3] = number
            return
        number = heap[0][3] + 1
        heap[0][3] = number
        if not heap[0][0] < score:
            return
        heap[0] = [score, number, item, number]
        parent = 0
        while 2 * parent + 1 < len(heap):
            child = 2 * parent + 1
            if child + 1 < len(heap) and self.worse(heap[child + 1], heap[child]):
                child += 1
            if not self.worse(heap[child], heap[parent]):
                break
            heap[child], heap[parent] = heap[parent], heap[child]
            parent = child
        heap[0][3] = number

    def best(self):
        ordered = sorted(self.heap, key=lambda entry: entry[1])
        ordered.sort(key=lambda entry: entry[0], reverse=True)
        return [(entry[0], entry[2]) for entry in ordered]


# %% right="topk" name="twice k items, cut back when they are full"
class TopK:
    def __init__(self, k):
        if k < 1:
            raise ValueError("k must be at least 1")
        self.k, self.held, self.bar = k, [], None

    def add(self, score, item):
        if self.bar is not None and not score > self.bar:
            return
        self.held.append((score, item))
        if len(self.held) >= 2 * self.k:
            self.held = self.best()
            self.bar = self.held[-1][0]

    def best(self):
        return sorted(self.held, key=lambda pair: pair[0], reverse=True)[: self.k]


# %% wrong="topk" name="keeps everything and sorts at the end" fails="topk-memory"
class TopK:
    def __init__(self, k):
        if k < 1:
            raise ValueError("k must be 1 or more")
        self.k, self.pairs = k, []

    def add(self, score, item):
        self.pairs.append((score, item))

    def best(self):
        return sorted(self.pairs, key=lambda pair: -pair[0])[: self.k]


# %% wrong="topk" name="sorts at every call" fails="topk-comparisons"
class TopK:
    def __init__(self, k):
        if k < 1:
            raise ValueError("k must be 1 or more")
        self.k, self.pairs = k, []

    def add(self, score, item):
        self.pairs.append((score, item))
        self.pairs.sort(key=lambda pair: -pair[0])
        del self.pairs[self.k :]

    def best(self):
        return list(self.pairs)


# %% wrong="topk" name="looks for the smallest at every call" fails="topk-comparisons"
class TopK:
    def __init__(self, k):
        if k < 1:
            raise ValueError("k must be 1 or more")
        self.k, self.pairs = k, []

    def add(self, score, item):
        if len(self.pairs) == self.k:
            worst = min(range(self.k), key=lambda i: (self.pairs[i][0], -i))
            if not score > self.pairs[worst][0]:
                return
            del self.pairs[worst]
        self.pairs.append((score, item))

    def best(self):
        return sorted(self.pairs, key=lambda pair: -pair[0])


# %% wrong="topk" name="walks along a sorted list from its worst end" fails="topk-comparisons"
class TopK:
    def __init__(self, k):
        if k < 1:
            raise ValueError("k must be 1 or more")
        self.k, self.pairs = k, []

    def add(self, score, item):
        place = len(self.pairs)
        while place and score > self.pairs[place - 1][0]:
            place -= 1
        self.pairs.insert(place, (score, item))
        del self.pairs[self.k :]

    def best(self):
        return list(self.pairs)


# %% wrong="topk" name="walks along a sorted list from its best end, once it must" fails="topk-comparisons"
class TopK:
    def __init__(self, k):
        if k < 1:
            raise ValueError("k must be 1 or more")
        self.k, self.pairs = k, []

    def add(self, score, item):
        if len(self.pairs) == self.k and not score > self.pairs[-1][0]:
            return
        place = 0
        while place < len(self.pairs) and not score > self.pairs[place][0]:
            place += 1
        self.pairs.insert(place, (score, item))
        del self.pairs[self.k :]

    def best(self):
        return list(self.pairs)


# %% wrong="topk" name="looks for the smallest after every newcomer that wins" fails="topk-comparisons"
class TopK:
    def __init__(self, k):
        if k < 1:
            raise ValueError("k must be 1 or more")
        self.k, self.pairs, self.worst = k, [], 0

    def add(self, score, item):
        if len(self.pairs) < self.k:
            self.pairs.append((score, item))
            if len(self.pairs) < self.k:
                return
        elif score > self.pairs[self.worst][0]:
            del self.pairs[self.worst]
            self.pairs.append((score, item))
        else:
            return
        self.worst = min(range(self.k), key=lambda i: (self.pairs[i][0], -i))

    def best(self):
        return sorted(self.pairs, key=lambda pair: -pair[0])


# %% wrong="topk" name="the item stands beside the score in the heap" fails="topk-ties"
class TopK:
    def __init__(self, k):
        if k < 1:
            raise ValueError("k must be 1 or more")
        self.k, self.heap = k, []

    def add(self, score, item):
        if len(self.heap) < self.k:
            heapq.heappush(self.heap, (score, item))
        elif score > self.heap[0][0]:
            heapq.heapreplace(self.heap, (score, item))

    def best(self):
        return sorted(self.heap, key=lambda pair: -pair[0])


# %% wrong="topk" name="the later of two equals comes first" fails="topk-ties"
class TopK:
    def __init__(self, k):
        if k < 1:
            raise ValueError("k must be 1 or more")
        self.k, self.heap, self.added = k, [], 0

    def add(self, score, item):
        self.added += 1
        if len(self.heap) < self.k:
            heapq.heappush(self.heap, (score, self.added, item))
        elif score > self.heap[0][0]:
            heapq.heapreplace(self.heap, (score, self.added, item))

    def best(self):
        return [(score, item) for score, _, item in sorted(self.heap, reverse=True)]


# %% wrong="topk" name="a newcomer that is only as good drives out the worst" fails="topk-ties"
class TopK:
    def __init__(self, k):
        if k < 1:
            raise ValueError("k must be 1 or more")
        self.k, self.heap, self.added = k, [], 0

    def add(self, score, item):
        self.added += 1
        if len(self.heap) < self.k:
            heapq.heappush(self.heap, (score, -self.added, item))
        elif score >= self.heap[0][0]:
            heapq.heapreplace(self.heap, (score, -self.added, item))

    def best(self):
        return [(score, item) for score, _, item in sorted(self.heap, reverse=True)]


# %% wrong="topk" name="best() empties the heap" fails="topk-calls topk-values"
class TopK:
    def __init__(self, k):
        if k < 1:
            raise ValueError("k must be 1 or more")
        self.k, self.heap, self.added = k, [], 0

    def add(self, score, item):
        self.added += 1
        heapq.heappush(self.heap, (score, -self.added, item))
        if len(self.heap) > self.k:
            heapq.heappop(self.heap)

    def best(self):
        result = []
        while self.heap:
            score, _, item = heapq.heappop(self.heap)
            result.append((score, item))
        return result[::-1]


# %% wrong="topk" name="throws out the best instead of the worst" fails="topk-values"
class TopK:
    def __init__(self, k):
        if k < 1:
            raise ValueError("k must be 1 or more")
        self.k, self.heap, self.added = k, [], 0

    def add(self, score, item):
        self.added += 1
        heapq.heappush(self.heap, (-score, self.added, item))
        if len(self.heap) > self.k:
            heapq.heappop(self.heap)

    def best(self):
        return [(-score, item) for score, _, item in sorted(self.heap)]


# %% wrong="topk" name="shows the heap as it lies, not sorted" fails="topk-values"
class TopK:
    def __init__(self, k):
        if k < 1:
            raise ValueError("k must be 1 or more")
        self.k, self.heap, self.added = k, [], 0

    def add(self, score, item):
        self.added += 1
        if len(self.heap) < self.k:
            heapq.heappush(self.heap, (score, -self.added, item))
        elif score > self.heap[0][0]:
            heapq.heapreplace(self.heap, (score, -self.added, item))

    def best(self):
        return [(score, item) for score, _, item in reversed(self.heap)]


# %% wrong="topk" name="hands out its own list" fails="topk-calls"
class TopK:
    def __init__(self, k):
        if k < 1:
            raise ValueError("k must be 1 or more")
        self.k, self.pairs = k, []

    def add(self, score, item):
        if len(self.pairs) == self.k and not score > self.pairs[-1][0]:
            return
        place = bisect.bisect_right(self.pairs, -score, key=lambda pair: -pair[0])
        self.pairs.insert(place, (score, item))
        del self.pairs[self.k :]

    def best(self):
        return self.pairs


# %% wrong="topk" name="refuses only k = 0" fails="topk-calls"
class TopK:
    def __init__(self, k):
        if not k:
            raise ValueError("k must be 1 or more")
        self.k, self.heap, self.added = k, [], 0

    def add(self, score, item):
        self.added += 1
        if len(self.heap) < self.k:
            heapq.heappush(self.heap, (score, -self.added, item))
        elif score > self.heap[0][0]:
            heapq.heapreplace(self.heap, (score, -self.added, item))

    def best(self):
        return [(score, item) for score, _, item in sorted(self.heap, reverse=True)]


# %% wrong="topk" name="a list of all, shared by every TopK" fails="topk-values"
class TopK:
    pairs = []

    def __init__(self, k):
        if k < 1:
            raise ValueError("k must be 1 or more")
        self.k = k

    def add(self, score, item):
        if len(self.pairs) == self.k and not score > self.pairs[-1][0]:
            return
        place = bisect.bisect_right(self.pairs, -score, key=lambda pair: -pair[0])
        self.pairs.insert(place, (score, item))
        del self.pairs[self.k :]

    def best(self):
        return list(self.pairs)


# %% wrong="topk" name="nothing to show fails" fails="topk-values"
class TopK:
    def __init__(self, k):
        if k < 1:
            raise ValueError("k must be 1 or more")
        self.k, self.heap, self.added = k, [], 0

    def add(self, score, item):
        self.added += 1
        if len(self.heap) < self.k:
            heapq.heappush(self.heap, (score, -self.added, item))
        elif score > self.heap[0][0]:
            heapq.heapreplace(self.heap, (score, -self.added, item))

    def best(self):
        scores, numbers, items = zip(*sorted(self.heap, reverse=True))
        return list(zip(scores, items))


# %% wrong="topk" name="makes floats of the scores" fails="topk-comparisons"
class TopK:
    def __init__(self, k):
        if k < 1:
            raise ValueError("k must be 1 or more")
        self.k, self.heap, self.added = k, [], 0

    def add(self, score, item):
        self.added += 1
        heapq.heappush(self.heap, (score * 1.0, -self.added, item))
        if len(self.heap) > self.k:
            heapq.heappop(self.heap)

    def best(self):
        return [(score, item) for score, _, item in sorted(self.heap, reverse=True)]


# %% wrong="topk" name="drops the items that came early" fails="topk-values"
class TopK:
    def __init__(self, k):
        if k < 1:
            raise ValueError("k must be 1 or more")
        self.k, self.pairs = k, deque(maxlen=2 * k + 5)

    def add(self, score, item):
        self.pairs.append((score, item))

    def best(self):
        return sorted(self.pairs, key=lambda pair: -pair[0])[: self.k]


# %% wrong="topk" name="puts the newcomer at the top of the heap and leaves it there" fails="topk-values topk-comparisons"
class TopK:
    def __init__(self, k):
        if k < 1:
            raise ValueError("k must be 1 or more")
        self.k, self.heap, self.added = k, [], 0

    def add(self, score, item):
        self.added += 1
        if len(self.heap) < self.k:
            heapq.heappush(self.heap, (score, -self.added, item))
        elif score > self.heap[0][0]:
            self.heap[0] = (score, -self.added, item)

    def best(self):
        return [(score, item) for score, _, item in sorted(self.heap, reverse=True)]


# %% wrong="topk" name="keeps the items as keys of a dictionary" fails="topk-ties"
class TopK:
    def __init__(self, k):
        if k < 1:
            raise ValueError("k must be 1 or more")
        self.k, self.scores = k, {}

    def add(self, score, item):
        self.scores[item] = score
        if len(self.scores) > self.k:
            least = min(self.scores.values())
            del self.scores[[item for item, score in self.scores.items() if score == least][-1]]

    def best(self):
        return [(score, item) for item, score in sorted(self.scores.items(), key=lambda pair: -pair[1])]


# %% wrong="topk" name="a running number that is text, where 10 comes before 9" fails="topk-ties"
class TopK:
    def __init__(self, k):
        if k < 1:
            raise ValueError("k must be 1 or more")
        self.k, self.pairs, self.added = k, [], 0

    def add(self, score, item):
        self.added += 1
        self.pairs.append((-score, str(self.added), item))
        self.pairs.sort(key=lambda entry: entry[:2])
        del self.pairs[self.k :]

    def best(self):
        return [(-score, item) for score, _, item in self.pairs]


# %% inputs="topk"
def outcome(rng):
    top = TopK(int(rng.integers(1, 7)))
    shown = []
    for number in range(int(rng.integers(0, 40))):
        top.add(float(rng.integers(-3, 4)) if rng.random() < 0.7 else float(rng.normal()), number)
        if rng.random() < 0.2:
            shown.append(top.best())
    return shown, top.best()


# %% [markdown]
# ## inverted-index

# %% right="inverted-index" name="sets, and the running number of each article"
class InvertedIndex:
    def __init__(self):
        self.articles, self.by_word, self.order, self.added = {}, defaultdict(set), {}, 0

    def add(self, number, words):
        if number in self.articles:
            raise ValueError("there already")
        self.added += 1
        self.articles[number] = tuple(words)
        self.order[number] = self.added
        for word in words:
            self.by_word[word].add(number)

    def remove(self, number):
        words = self.articles.pop(number)
        del self.order[number]
        for word in words:
            self.by_word[word].discard(number)
            if not self.by_word[word]:
                del self.by_word[word]

    def search(self, words):
        found = None
        for posting in sorted((self.by_word.get(word, set()) for word in words), key=len):
            found = posting if found is None else found & posting
        return sorted(found or (), key=self.order.get)


# %% right="inverted-index" name="sorted lists of running numbers, searched by halves"
class InvertedIndex:
    def __init__(self):
        self.numbers, self.places, self.words, self.postings = {}, {}, {}, {}
        self.added = 0

    def add(self, number, words):
        if number in self.places:
            raise ValueError(f"{number} is in")
        place = self.added
        self.added += 1
        self.numbers[place], self.places[number], self.words[place] = number, place, set(words)
        for word in self.words[place]:
            self.postings.setdefault(word, []).append(place)

    @staticmethod
    def has(posting, place):
        at = bisect.bisect_left(posting, place)
        return at < len(posting) and posting[at] == place

    def remove(self, number):
        if number not in self.places:
            raise KeyError(number)
        place = self.places.pop(number)
        del self.numbers[place]
        for word in self.words.pop(place):
            posting = self.postings[word]
            del posting[bisect.bisect_left(posting, place)]

    def search(self, words):
        if not words:
            return []
        first, *others = sorted([self.postings.get(word, []) for word in words], key=len)
        return [self.numbers[place] for place in first if all(self.has(posting, place) for posting in others)]


# %% wrong="inverted-index" name="reads all articles" fails="inverted-index-cost"
class InvertedIndex:
    def __init__(self):
        self.articles = {}

    def add(self, number, words):
        if number in self.articles:
            raise ValueError("already in")
        self.articles[number] = set(words)

    def remove(self, number):
        del self.articles[number]

    def search(self, words):
        if not words:
            return []
        return [number for number, held in self.articles.items() if all(word in held for word in words)]


# %% wrong="inverted-index" name="starts with the first word, however common" fails="inverted-index-cost"
class InvertedIndex:
    def __init__(self):
        self._postings, self._words = {}, {}

    def add(self, number, words):
        if number in self._words:
            raise ValueError("already in")
        self._words[number] = set(words)
        for word in self._words[number]:
            self._postings.setdefault(word, {})[number] = True

    def remove(self, number):
        for word in self._words.pop(number):
            del self._postings[word][number]

    def search(self, words):
        postings = [self._postings.get(word, {}) for word in words]
        if not postings:
            return []
        return [number for number in postings[0] if all(number in others for others in postings)]


# %% wrong="inverted-index" name="makes a set of each posting list in every search" fails="inverted-index-cost"
class InvertedIndex:
    def __init__(self):
        self._postings, self._words = {}, {}

    def add(self, number, words):
        if number in self._words:
            raise ValueError("already in")
        self._words[number] = set(words)
        for word in self._words[number]:
            self._postings.setdefault(word, []).append(number)

    def remove(self, number):
        for word in self._words.pop(number):
            self._postings[word].remove(number)

    def search(self, words):
        postings = [self._postings.get(word, []) for word in words]
        if not postings:
            return []
        found = set.intersection(*[set(posting) for posting in postings])
        return [number for number in min(postings, key=len) if number in found]


# %% wrong="inverted-index" name="walks along lists" fails="inverted-index-cost inverted-index-remove-cost"
class InvertedIndex:
    def __init__(self):
        self._postings, self._words = {}, {}

    def add(self, number, words):
        if number in self._words:
            raise ValueError("already in")
        self._words[number] = set(words)
        for word in self._words[number]:
            self._postings.setdefault(word, []).append(number)

    def remove(self, number):
        for word in self._words.pop(number):
            self._postings[word].remove(number)

    def search(self, words):
        postings = [self._postings.get(word, []) for word in words]
        if not postings:
            return []
        return [number for number in min(postings, key=len) if all(number in others for others in postings)]


# %% wrong="inverted-index" name="remove looks into every posting list" fails="inverted-index-remove-cost"
class InvertedIndex:
    def __init__(self):
        self._postings, self._numbers = {}, set()

    def add(self, number, words):
        if number in self._numbers:
            raise ValueError("already in")
        self._numbers.add(number)
        for word in words:
            self._postings.setdefault(word, {})[number] = True

    def remove(self, number):
        self._numbers.remove(number)
        for posting in self._postings.values():
            posting.pop(number, None)

    def search(self, words):
        postings = [self._postings.get(word, {}) for word in words]
        rarest = min(postings, key=len, default={})
        return [number for number in rarest if all(number in others for others in postings)]


# %% wrong="inverted-index" name="puts the result in order by walking through all articles" fails="inverted-index-cost"
class InvertedIndex:
    def __init__(self):
        self._postings, self._words = {}, {}

    def add(self, number, words):
        if number in self._words:
            raise ValueError("already in")
        self._words[number] = set(words)
        for word in self._words[number]:
            self._postings.setdefault(word, set()).add(number)

    def remove(self, number):
        for word in self._words.pop(number):
            self._postings[word].remove(number)

    def search(self, words):
        postings = [self._postings.get(word, set()) for word in words]
        found = set.intersection(*postings) if postings else set()
        return [number for number in self._words if number in found]


# %% wrong="inverted-index" name="articles with any of the words" fails="inverted-index-search"
class InvertedIndex:
    def __init__(self):
        self._postings, self._words = {}, {}

    def add(self, number, words):
        if number in self._words:
            raise ValueError("already in")
        self._words[number] = set(words)
        for word in self._words[number]:
            self._postings.setdefault(word, {})[number] = True

    def remove(self, number):
        for word in self._words.pop(number):
            del self._postings[word][number]

    def search(self, words):
        found = {}
        for word in words:
            found.update(self._postings.get(word, {}))
        return list(found)


# %% wrong="inverted-index" name="sorted by number instead of by time" fails="inverted-index-search inverted-index-changes"
class InvertedIndex:
    def __init__(self):
        self._postings, self._words = {}, {}

    def add(self, number, words):
        if number in self._words:
            raise ValueError("already in")
        self._words[number] = set(words)
        for word in self._words[number]:
            self._postings.setdefault(word, {})[number] = True

    def remove(self, number):
        for word in self._words.pop(number):
            del self._postings[word][number]

    def search(self, words):
        postings = [self._postings.get(word, {}) for word in words]
        rarest = min(postings, key=len, default={})
        return sorted(number for number in rarest if all(number in others for others in postings))


# %% wrong="inverted-index" name="a word that occurs twice lists its article twice" fails="inverted-index-search"
class InvertedIndex:
    def __init__(self):
        self._postings, self._words = {}, {}

    def add(self, number, words):
        if number in self._words:
            raise ValueError("already in")
        self._words[number] = list(words)
        for word in words:
            self._postings.setdefault(word, []).append(number)

    def remove(self, number):
        for word in self._words.pop(number):
            self._postings[word].remove(number)

    def search(self, words):
        postings = [self._postings.get(word, []) for word in words]
        rarest = min(postings, key=len, default=[])
        return [number for number in rarest if all(number in others for others in postings)]


# %% wrong="inverted-index" name="a search for an unknown word fails" fails="inverted-index-search"
class InvertedIndex:
    def __init__(self):
        self._postings, self._words = {}, {}

    def add(self, number, words):
        if number in self._words:
            raise ValueError("already in")
        self._words[number] = set(words)
        for word in self._words[number]:
            self._postings.setdefault(word, {})[number] = True

    def remove(self, number):
        for word in self._words.pop(number):
            del self._postings[word][number]

    def search(self, words):
        postings = [self._postings[word] for word in words]
        rarest = min(postings, key=len, default={})
        return [number for number in rarest if all(number in others for others in postings)]


# %% wrong="inverted-index" name="an unknown word is left out of the query" fails="inverted-index-search"
class InvertedIndex:
    def __init__(self):
        self._postings, self._words = {}, {}

    def add(self, number, words):
        if number in self._words:
            raise ValueError("already in")
        self._words[number] = set(words)
        for word in self._words[number]:
            self._postings.setdefault(word, {})[number] = True

    def remove(self, number):
        for word in self._words.pop(number):
            del self._postings[word][number]

    def search(self, words):
        postings = [self._postings[word] for word in words if word in self._postings]
        rarest = min(postings, key=len, default={})
        return [number for number in rarest if all(number in others for others in postings)]


# %% wrong="inverted-index" name="replaces an article without a word" fails="inverted-index-changes"
class InvertedIndex:
    def __init__(self):
        self._postings, self._words = {}, {}

    def add(self, number, words):
        if number in self._words:
            self.remove(number)
        self._words[number] = set(words)
        for word in self._words[number]:
            self._postings.setdefault(word, {})[number] = True

    def remove(self, number):
        for word in self._words.pop(number):
            del self._postings[word][number]

    def search(self, words):
        postings = [self._postings.get(word, {}) for word in words]
        rarest = min(postings, key=len, default={})
        return [number for number in rarest if all(number in others for others in postings)]


# %% wrong="inverted-index" name="ignores an article that is in already, without a word" fails="inverted-index-changes"
class InvertedIndex:
    def __init__(self):
        self._postings, self._words = {}, {}

    def add(self, number, words):
        if number not in self._words:
            self._words[number] = set(words)
            for word in self._words[number]:
                self._postings.setdefault(word, {})[number] = True

    def remove(self, number):
        for word in self._words.pop(number):
            del self._postings[word][number]

    def search(self, words):
        postings = [self._postings.get(word, {}) for word in words]
        rarest = min(postings, key=len, default={})
        return [number for number in rarest if all(number in others for others in postings)]


# %% wrong="inverted-index" name="adds the words before it refuses" fails="inverted-index-changes"
class InvertedIndex:
    def __init__(self):
        self._postings, self._words = {}, {}

    def add(self, number, words):
        for word in words:
            self._postings.setdefault(word, {})[number] = True
        if number in self._words:
            raise ValueError("already in")
        self._words[number] = set(words)

    def remove(self, number):
        for word in self._words.pop(number):
            del self._postings[word][number]

    def search(self, words):
        postings = [self._postings.get(word, {}) for word in words]
        rarest = min(postings, key=len, default={})
        return [number for number in rarest if all(number in others for others in postings)]


# %% wrong="inverted-index" name="takes the article out of the list of articles only" fails="inverted-index-changes inverted-index-remove-cost"
class InvertedIndex:
    def __init__(self):
        self._postings, self._words = {}, {}

    def add(self, number, words):
        if number in self._words:
            raise ValueError("already in")
        self._words[number] = set(words)
        for word in self._words[number]:
            self._postings.setdefault(word, {})[number] = True

    def remove(self, number):
        del self._words[number]

    def search(self, words):
        postings = [self._postings.get(word, {}) for word in words]
        rarest = min(postings, key=len, default={})
        return [number for number in rarest if all(number in others for others in postings)]


# %% wrong="inverted-index" name="hides removed articles, and their old words come back with them" fails="inverted-index-changes"
class InvertedIndex:
    def __init__(self):
        self._postings, self._known = {}, set()

    def add(self, number, words):
        if number in self._known:
            raise ValueError("already in")
        self._known.add(number)
        for word in words:
            self._postings.setdefault(word, {})[number] = True

    def remove(self, number):
        self._known.remove(number)

    def search(self, words):
        postings = [self._postings.get(word, {}) for word in words]
        rarest = min(postings, key=len, default={})
        return [n for n in rarest if n in self._known and all(n in others for others in postings)]


# %% wrong="inverted-index" name="ignores the removal of what is not in" fails="inverted-index-changes"
class InvertedIndex:
    def __init__(self):
        self._postings, self._words = {}, {}

    def add(self, number, words):
        if number in self._words:
            raise ValueError("already in")
        self._words[number] = set(words)
        for word in self._words[number]:
            self._postings.setdefault(word, {})[number] = True

    def remove(self, number):
        for word in self._words.pop(number, ()):
            del self._postings[word][number]

    def search(self, words):
        postings = [self._postings.get(word, {}) for word in words]
        rarest = min(postings, key=len, default={})
        return [number for number in rarest if all(number in others for others in postings)]


# %% wrong="inverted-index" name="keeps the caller's list of words" fails="inverted-index-own"
class InvertedIndex:
    def __init__(self):
        self._postings, self._words = {}, {}

    def add(self, number, words):
        if number in self._words:
            raise ValueError("already in")
        self._words[number] = words
        for word in words:
            self._postings.setdefault(word, {})[number] = True

    def remove(self, number):
        for word in self._words.pop(number):
            self._postings.get(word, {}).pop(number, None)

    def search(self, words):
        postings = [self._postings.get(word, {}) for word in words]
        rarest = min(postings, key=len, default={})
        return [number for number in rarest if all(number in others for others in postings)]


# %% wrong="inverted-index" name="hands out its own posting list for a query of one word" fails="inverted-index-own"
class InvertedIndex:
    def __init__(self):
        self._postings, self._lists, self._words = {}, {}, {}

    def add(self, number, words):
        if number in self._words:
            raise ValueError("already in")
        self._words[number] = set(words)
        for word in self._words[number]:
            self._postings.setdefault(word, {})[number] = True
            self._lists.pop(word, None)

    def remove(self, number):
        for word in self._words.pop(number):
            del self._postings[word][number]
            self._lists.pop(word, None)

    def search(self, words):
        postings = [self._postings.get(word, {}) for word in words]
        if len(words) == 1:
            return self._lists.setdefault(words[0], list(postings[0]))
        rarest = min(postings, key=len, default={})
        return [number for number in rarest if all(number in others for others in postings)]


# %% wrong="inverted-index" name="empties the query while it works" fails="inverted-index-own"
class InvertedIndex:
    def __init__(self):
        self._postings, self._words = {}, {}

    def add(self, number, words):
        if number in self._words:
            raise ValueError("already in")
        self._words[number] = set(words)
        for word in self._words[number]:
            self._postings.setdefault(word, {})[number] = True

    def remove(self, number):
        for word in self._words.pop(number):
            del self._postings[word][number]

    def search(self, words):
        postings = []
        while words:
            postings.append(self._postings.get(words.pop(), {}))
        rarest = min(postings, key=len, default={})
        return [number for number in rarest if all(number in others for others in postings)]


# %% wrong="inverted-index" name="looks at the two rarest words only" fails="inverted-index-search"
class InvertedIndex:
    def __init__(self):
        self._postings, self._words = {}, {}

    def add(self, number, words):
        if number in self._words:
            raise ValueError("already in")
        self._words[number] = set(words)
        for word in self._words[number]:
            self._postings.setdefault(word, {})[number] = True

    def remove(self, number):
        for word in self._words.pop(number):
            del self._postings[word][number]

    def search(self, words):
        postings = sorted([self._postings.get(word, {}) for word in set(words)], key=len)
        return [number for number in postings[0] if number in postings[-1 if len(postings) < 3 else 1]] if words else []


# %% wrong="inverted-index" name="an empty query finds everything" fails="inverted-index-search"
class InvertedIndex:
    def __init__(self):
        self._postings, self._words = {}, {}

    def add(self, number, words):
        if number in self._words:
            raise ValueError("already in")
        self._words[number] = set(words)
        for word in self._words[number]:
            self._postings.setdefault(word, {})[number] = True

    def remove(self, number):
        for word in self._words.pop(number):
            del self._postings[word][number]

    def search(self, words):
        postings = [self._postings.get(word, {}) for word in words]
        rarest = min(postings, key=len, default=self._words)
        return [number for number in rarest if all(number in others for others in postings)]


# %% wrong="inverted-index" name="numbers articles by how many are in" fails="inverted-index-changes"
class InvertedIndex:
    def __init__(self):
        self._postings, self._words, self._place = {}, {}, {}

    def add(self, number, words):
        if number in self._words:
            raise ValueError("already in")
        self._place[number] = len(self._words)
        self._words[number] = set(words)
        for word in self._words[number]:
            self._postings.setdefault(word, {})[number] = True

    def remove(self, number):
        for word in self._words.pop(number):
            del self._postings[word][number]

    def search(self, words):
        postings = [self._postings.get(word, {}) for word in words]
        rarest = min(postings, key=len, default={})
        return sorted((n for n in rarest if all(n in others for others in postings)), key=self._place.get)


# %% wrong="inverted-index" name="shows ten results and no more" fails="inverted-index-search"
class InvertedIndex:
    def __init__(self):
        self._postings, self._words = {}, {}

    def add(self, number, words):
        if number in self._words:
            raise ValueError("already in")
        self._words[number] = set(words)
        for word in self._words[number]:
            self._postings.setdefault(word, {})[number] = True

    def remove(self, number):
        for word in self._words.pop(number):
            del self._postings[word][number]

    def search(self, words):
        postings = [self._postings.get(word, {}) for word in words]
        rarest = min(postings, key=len, default={})
        return [number for number in rarest if all(number in others for others in postings)][:10]


# %% wrong="inverted-index" name="numbers and words as text" fails="inverted-index-search inverted-index-cost"
class InvertedIndex:
    def __init__(self):
        self._postings, self._words = {}, {}

    def add(self, number, words):
        number = str(number)
        if number in self._words:
            raise ValueError("already in")
        self._words[number] = set(words)
        for word in self._words[number]:
            self._postings.setdefault(word, {})[number] = True

    def remove(self, number):
        number = str(number)
        for word in self._words.pop(number):
            del self._postings[word][number]

    def search(self, words):
        postings = [self._postings.get(word, {}) for word in words]
        rarest = min(postings, key=len, default={})
        return [number for number in rarest if all(number in others for others in postings)]


# %% [markdown]
# ## waves

# %% right="waves" name="the library's sorter, and a walk for the circle"
import graphlib


def waves(needs):
    for step, names in needs.items():
        for name in names:
            if name not in needs:
                raise ValueError(f"{step} needs {name}, which does not exist")
    sorter = graphlib.TopologicalSorter(needs)
    try:
        sorter.prepare()
    except graphlib.CycleError as error:
        # The library's list goes from a step to the one that needs it, and ends where it began.
        raise CycleError(error.args[1][:0:-1]) from error
    result = []
    while sorter.is_active():
        wave = sorter.get_ready()
        result.append(wave)
        sorter.done(*wave)
    return result


# %% right="waves" name="depth first, with a stack of its own"
def waves(needs):
    unknown = {name for names in needs.values() for name in names} - needs.keys()
    if unknown:
        raise ValueError(f"missing: {', '.join(unknown)}")
    depth, on_path = {}, {}
    for start in needs:
        if start in depth:
            continue
        stack = [(start, iter(needs[start]))]
        on_path = {start: None}
        while stack:
            step, names = stack[-1]
            for name in names:
                if name in on_path:
                    path = list(on_path)
                    raise CycleError(path[path.index(name) :])
                if name not in depth:
                    stack.append((name, iter(needs[name])))
                    on_path[name] = None
                    break
            else:
                stack.pop()
                del on_path[step]
                depth[step] = 1 + max([depth[name] for name in needs[step]], default=-1)
    result = [set() for _ in range(max(depth.values(), default=-1) + 1)]
    for step, level in depth.items():
        result[level].add(step)
    return result


# %% right="waves" name="a queue, and the wave of each step"
def waves(needs):
    waiting, missing, level = defaultdict(list), {}, {}
    for step, names in needs.items():
        missing[step] = len(names)
        for name in names:
            if name not in needs:
                raise ValueError(name)
            waiting[name].append(step)
    queue = deque(step for step, count in missing.items() if not count)
    level = dict.fromkeys(queue, 0)
    result = []
    while queue:
        step = queue.popleft()
        if level[step] == len(result):
            result.append([])
        result[level[step]].append(step)
        for follower in waiting[step]:
            missing[follower] -= 1
            if not missing[follower]:
                level[follower] = level[step] + 1
                queue.append(follower)
    stuck = [step for step in needs if step not in level]
    if stuck:
        seen, step = set(), stuck[-1]
        for _ in range(2):  # once to get onto the circle, once around it
            path = []
            seen.clear()
            while step not in seen:
                seen.add(step)
                path.append(step)
                step = [name for name in needs[step] if name not in level][0]
        raise CycleError(path)
    return result


# %% wrong="waves" name="looks through all steps for every wave" fails="waves-cost"
def waves(needs):
    unknown = [name for names in needs.values() for name in names if name not in needs]
    if unknown:
        raise ValueError(f"unknown steps: {unknown}")
    done, result, left = set(), [], list(needs)
    while left:
        ready = [step for step in left if all(name in done for name in needs[step])]
        if not ready:
            step, path = left[0], []
            while step not in path:
                path.append(step)
                step = next(name for name in needs[step] if name not in done)
            raise CycleError(path[path.index(step) :])
        result.append(ready)
        done.update(ready)
        left = [step for step in left if step not in done]
    return result


# %% wrong="waves" name="calls itself for each step of a chain" fails="waves-deep"
def waves(needs):
    unknown = [name for names in needs.values() for name in names if name not in needs]
    if unknown:
        raise ValueError(f"unknown steps: {unknown}")
    depth, path = {}, []

    def visit(step):
        if step in depth:
            return depth[step]
        if step in path:
            raise CycleError(path[path.index(step) :])
        path.append(step)
        level = 1 + max([visit(name) for name in needs[step]], default=-1)
        path.pop()
        depth[step] = level
        return level

    result = [[] for _ in range(1 + max(map(visit, needs), default=-1))]
    for step, level in depth.items():
        result[level].append(step)
    return result


# %% wrong="waves" name="visits shared steps again and again" fails="waves-cost"
def waves(needs):
    unknown = [name for names in needs.values() for name in names if name not in needs]
    if unknown:
        raise ValueError(f"unknown steps: {unknown}")
    path = []

    def visit(step):
        if step in path:
            raise CycleError(path[path.index(step) :])
        path.append(step)
        level = 1 + max([visit(name) for name in needs[step]], default=-1)
        path.pop()
        return level

    result = defaultdict(list)
    for step in needs:
        result[visit(step)].append(step)
    return [result[level] for level in range(len(result))]


# %% wrong="waves" name="improves the levels in three rounds" fails="waves-values"
def waves(needs):
    unknown = [name for names in needs.values() for name in names if name not in needs]
    if unknown:
        raise ValueError(f"unknown steps: {unknown}")
    level = dict.fromkeys(needs, 0)
    for _ in range(3):
        level = {step: 1 + max([level[name] for name in names], default=-1) for step, names in needs.items()}
    result = [[] for _ in range(1 + max(level.values(), default=-1))]
    for step, number in level.items():
        result[number].append(step)
    return [sorted(wave) for wave in result]


# %% wrong="waves" name="no steps are an error" fails="waves-values"
def waves(needs):
    unknown = [name for names in needs.values() for name in names if name not in needs]
    if unknown:
        raise ValueError(f"unknown steps: {unknown}")
    missing = {step: len(names) for step, names in needs.items()}
    waiting = {step: [] for step in needs}
    for step, names in needs.items():
        for name in names:
            waiting[name].append(step)
    result = [[step for step in needs if not missing[step]]]
    while result[-1]:
        result.append([])
        for done in result[-2]:
            for step in waiting[done]:
                missing[step] -= 1
                if not missing[step]:
                    result[-1].append(step)
    left = [step for step in needs if missing[step]]
    if left or not needs:
        step, path = left[0], {}
        while step not in path:
            path[step] = len(path)
            step = next(name for name in needs[step] if missing[name])
        raise CycleError(list(path)[path[step] :])
    return result[:-1]


# %% wrong="waves" name="a step may need itself" fails="waves-circle"
def waves(needs):
    unknown = [name for names in needs.values() for name in names if name not in needs]
    if unknown:
        raise ValueError(f"unknown steps: {unknown}")
    needs = {step: [name for name in names if name != step] for step, names in needs.items()}
    missing = {step: len(names) for step, names in needs.items()}
    waiting = {step: [] for step in needs}
    for step, names in needs.items():
        for name in names:
            waiting[name].append(step)
    ready, result = [step for step in needs if not missing[step]], []
    while ready:
        result.append(ready)
        ready = []
        for done in result[-1]:
            for step in waiting[done]:
                missing[step] -= 1
                if not missing[step]:
                    ready.append(step)
    left = [step for step in needs if missing[step]]
    if left:
        step, path = left[0], {}
        while step not in path:
            path[step] = len(path)
            step = next(name for name in needs[step] if missing[name])
        raise CycleError(list(path)[path[step] :])
    return result


# %% wrong="waves" name="one step per wave" fails="waves-values"
def waves(needs):
    unknown = [name for names in needs.values() for name in names if name not in needs]
    if unknown:
        raise ValueError(f"unknown steps: {unknown}")
    missing = {step: len(names) for step, names in needs.items()}
    waiting = {step: [] for step in needs}
    for step, names in needs.items():
        for name in names:
            waiting[name].append(step)
    ready, result = [step for step in needs if not missing[step]], []
    while ready:
        result.append([ready.pop()])
        for step in waiting[result[-1][0]]:
            missing[step] -= 1
            if not missing[step]:
                ready.append(step)
    left = [step for step in needs if missing[step]]
    if left:
        step, path = left[0], {}
        while step not in path:
            path[step] = len(path)
            step = next(name for name in needs[step] if missing[name])
        raise CycleError(list(path)[path[step] :])
    return result


# %% wrong="waves" name="a step is ready when one of its needs is done" fails="waves-values"
def waves(needs):
    unknown = [name for names in needs.values() for name in names if name not in needs]
    if unknown:
        raise ValueError(f"unknown steps: {unknown}")
    waiting = {step: [] for step in needs}
    for step, names in needs.items():
        for name in names:
            waiting[name].append(step)
    ready, seen, result = [step for step in needs if not needs[step]], set(), []
    seen.update(ready)
    while ready:
        result.append(ready)
        ready = []
        for done in result[-1]:
            for step in waiting[done]:
                if step not in seen:
                    seen.add(step)
                    ready.append(step)
    left = [step for step in needs if step not in seen]
    if left:
        step, path = left[0], {}
        while step not in path:
            path[step] = len(path)
            step = next(name for name in needs[step] if name not in seen)
        raise CycleError(list(path)[path[step] :])
    return result


# %% wrong="waves" name="each step as late as possible" fails="waves-values"
def waves(needs):
    unknown = [name for names in needs.values() for name in names if name not in needs]
    if unknown:
        raise ValueError(f"unknown steps: {unknown}")
    missing = {step: 0 for step in needs}
    for names in needs.values():
        for name in names:
            missing[name] += 1
    ready, result = [step for step in needs if not missing[step]], []
    while ready:
        result.append(ready)
        ready = []
        for done in result[-1]:
            for step in needs[done]:
                missing[step] -= 1
                if not missing[step]:
                    ready.append(step)
    left = [step for step in needs if missing[step]]
    if left:
        waiting = {step: [other for other in left if step in needs[other]] for step in left}
        step, path = left[0], {}
        while step not in path:
            path[step] = len(path)
            step = waiting[step][0]
        raise CycleError(list(path)[path[step] :][::-1])
    return result[::-1]


# %% wrong="waves" name="the other way round" fails="waves-values"
def waves(needs):
    unknown = [name for names in needs.values() for name in names if name not in needs]
    if unknown:
        raise ValueError(f"unknown steps: {unknown}")
    missing = {step: 0 for step in needs}
    for names in needs.values():
        for name in names:
            missing[name] += 1
    ready, result = [step for step in needs if not missing[step]], []
    while ready:
        result.append(ready)
        ready = []
        for done in result[-1]:
            for step in needs[done]:
                missing[step] -= 1
                if not missing[step]:
                    ready.append(step)
    left = [step for step in needs if missing[step]]
    if left:
        waiting = {step: [other for other in left if step in needs[other]] for step in left}
        step, path = left[0], {}
        while step not in path:
            path[step] = len(path)
            step = waiting[step][0]
        raise CycleError(list(path)[path[step] :][::-1])
    return result


# %% wrong="waves" name="everything that is left counts as the circle" fails="waves-circle"
def waves(needs):
    unknown = [name for names in needs.values() for name in names if name not in needs]
    if unknown:
        raise ValueError(f"unknown steps: {unknown}")
    missing = {step: len(names) for step, names in needs.items()}
    waiting = {step: [] for step in needs}
    for step, names in needs.items():
        for name in names:
            waiting[name].append(step)
    ready, result = [step for step in needs if not missing[step]], []
    while ready:
        result.append(ready)
        ready = []
        for done in result[-1]:
            for step in waiting[done]:
                missing[step] -= 1
                if not missing[step]:
                    ready.append(step)
    left = [step for step in needs if missing[step]]
    if left:
        raise CycleError(left)
    return result


# %% wrong="waves" name="the way to the circle belongs to it" fails="waves-circle"
def waves(needs):
    unknown = [name for names in needs.values() for name in names if name not in needs]
    if unknown:
        raise ValueError(f"unknown steps: {unknown}")
    missing = {step: len(names) for step, names in needs.items()}
    waiting = {step: [] for step in needs}
    for step, names in needs.items():
        for name in names:
            waiting[name].append(step)
    ready, result = [step for step in needs if not missing[step]], []
    while ready:
        result.append(ready)
        ready = []
        for done in result[-1]:
            for step in waiting[done]:
                missing[step] -= 1
                if not missing[step]:
                    ready.append(step)
    left = [step for step in needs if missing[step]]
    if left:
        step, path = left[0], {}
        while step not in path:
            path[step] = len(path)
            step = next(name for name in needs[step] if missing[name])
        raise CycleError(list(path))
    return result


# %% wrong="waves" name="the circle names its first step twice" fails="waves-circle"
def waves(needs):
    unknown = [name for names in needs.values() for name in names if name not in needs]
    if unknown:
        raise ValueError(f"unknown steps: {unknown}")
    missing = {step: len(names) for step, names in needs.items()}
    waiting = {step: [] for step in needs}
    for step, names in needs.items():
        for name in names:
            waiting[name].append(step)
    ready, result = [step for step in needs if not missing[step]], []
    while ready:
        result.append(ready)
        ready = []
        for done in result[-1]:
            for step in waiting[done]:
                missing[step] -= 1
                if not missing[step]:
                    ready.append(step)
    left = [step for step in needs if missing[step]]
    if left:
        step, path = left[0], {}
        while step not in path:
            path[step] = len(path)
            step = next(name for name in needs[step] if missing[name])
        raise CycleError([*list(path)[path[step] :], step])
    return result


# %% wrong="waves" name="no word about a circle" fails="waves-circle"
def waves(needs):
    unknown = [name for names in needs.values() for name in names if name not in needs]
    if unknown:
        raise ValueError(f"unknown steps: {unknown}")
    missing = {step: len(names) for step, names in needs.items()}
    waiting = {step: [] for step in needs}
    for step, names in needs.items():
        for name in names:
            waiting[name].append(step)
    ready, result = [step for step in needs if not missing[step]], []
    while ready:
        result.append(ready)
        ready = []
        for done in result[-1]:
            for step in waiting[done]:
                missing[step] -= 1
                if not missing[step]:
                    ready.append(step)
    return result


# %% wrong="waves" name="a missing step counts as done" fails="waves-unknown"
def waves(needs):
    missing = {step: len([name for name in names if name in needs]) for step, names in needs.items()}
    waiting = {step: [] for step in needs}
    for step, names in needs.items():
        for name in names:
            if name in needs:
                waiting[name].append(step)
    ready, result = [step for step in needs if not missing[step]], []
    while ready:
        result.append(ready)
        ready = []
        for done in result[-1]:
            for step in waiting[done]:
                missing[step] -= 1
                if not missing[step]:
                    ready.append(step)
    left = [step for step in needs if missing[step]]
    if left:
        step, path = left[0], {}
        while step not in path:
            path[step] = len(path)
            step = next(name for name in needs[step] if missing.get(name))
        raise CycleError(list(path)[path[step] :])
    return result


# %% wrong="waves" name="a missing step looks like a circle" fails="waves-unknown"
def waves(needs):
    missing = {step: len(names) for step, names in needs.items()}
    waiting = defaultdict(list)
    for step, names in needs.items():
        for name in names:
            waiting[name].append(step)
    ready, result = [step for step in needs if not missing[step]], []
    while ready:
        result.append(ready)
        ready = []
        for done in result[-1]:
            for step in waiting[done]:
                missing[step] -= 1
                if not missing[step]:
                    ready.append(step)
    left = [step for step in needs if missing[step]]
    if left:
        step, path = left[0], {}
        while step not in path:
            path[step] = len(path)
            step = next((name for name in needs[step] if missing.get(name)), step)
        raise CycleError(list(path)[path[step] :])
    return result


# %% wrong="waves" name="looks for missing names only when there is no circle" fails="waves-unknown"
def waves(needs):
    missing = {step: len([name for name in names if name in needs]) for step, names in needs.items()}
    waiting = defaultdict(list)
    for step, names in needs.items():
        for name in names:
            waiting[name].append(step)
    ready, result = [step for step in needs if not missing[step]], []
    while ready:
        result.append(ready)
        ready = []
        for done in result[-1]:
            for step in waiting[done]:
                missing[step] -= 1
                if not missing[step]:
                    ready.append(step)
    left = [step for step in needs if missing[step]]
    if left:
        step, path = left[0], {}
        while step not in path:
            path[step] = len(path)
            step = next(name for name in needs[step] if missing.get(name))
        raise CycleError(list(path)[path[step] :])
    unknown = [name for name in waiting if name not in needs]
    if unknown:
        raise ValueError(f"unknown steps: {unknown}")
    return result


# %% wrong="waves" name="crosses needs off the caller's lists" fails="waves-values"
def waves(needs):
    unknown = [name for names in needs.values() for name in names if name not in needs]
    if unknown:
        raise ValueError(f"unknown steps: {unknown}")
    waiting = {step: [] for step in needs}
    for step, names in needs.items():
        for name in names:
            waiting[name].append(step)
    ready, result = [step for step in needs if not needs[step]], []
    while ready:
        result.append(ready)
        ready = []
        for done in result[-1]:
            for step in waiting[done]:
                needs[step].remove(done)
                if not needs[step]:
                    ready.append(step)
    left = [step for step in needs if needs[step]]
    if left:
        step, path = left[0], {}
        while step not in path:
            path[step] = len(path)
            step = needs[step][0]
        raise CycleError(list(path)[path[step] :])
    return result


# %% wrong="waves" name="looks through all steps for every wave, and notes their levels" fails="waves-cost"
def waves(needs):
    unknown = [name for names in needs.values() for name in names if name not in needs]
    if unknown:
        raise ValueError(f"unknown steps: {unknown}")
    level, result = {}, []
    while len(level) < len(needs):
        wave = [s for s in needs if s not in level and all(level.get(n, len(result)) < len(result) for n in needs[s])]
        if not wave:
            step, path = next(s for s in needs if s not in level), {}
            while step not in path:
                path[step] = len(path)
                step = next(name for name in needs[step] if name not in level)
            raise CycleError(list(path)[path[step] :])
        level.update(dict.fromkeys(wave, len(result)))
        result.append(wave)
    return result


# %% [markdown]
# ## nearest

# %% right="nearest" name="distances to a few fixed points, known beforehand"
class NearestIndex:
    def __init__(self, points, distance):
        if len(points) == 0:
            raise ValueError("no points")
        self.points, self.distance = list(points), distance
        self.pivots, self.tables = [0], []
        while True:
            pivot = self.pivots[-1]
            self.tables.append([distance(self.points[pivot], point) for point in self.points])
            if len(self.pivots) == min(24, len(points)):
                break
            gaps = [min(table[i] for table in self.tables) for i in range(len(points))]
            self.pivots.append(max(range(len(points)), key=gaps.__getitem__))

    def nearest(self, query):
        seen = {pivot: self.distance(query, self.points[pivot]) for pivot in self.pivots}
        apart = [seen[pivot] for pivot in self.pivots]
        bounds = [
            max(abs(a - table[i]) for a, table in zip(apart, self.tables)) for i in range(len(self.points))
        ]
        best = math.inf, -1
        for i in sorted(range(len(self.points)), key=bounds.__getitem__):
            if bounds[i] > best[0]:
                break
            if i not in seen:
                seen[i] = self.distance(query, self.points[i])
            best = min(best, (seen[i], i))
        return best[1]


# %% right="nearest" name="groups around centres, each with its radius"
class NearestIndex:
    def __init__(self, points, distance):
        if not points:
            raise ValueError("no points")
        self.points, self.distance = points, distance
        count = min(25, len(points))
        centres = [0]
        tables = [[distance(points[0], point) for point in points]]
        while len(centres) < count:
            least = [min(column) for column in zip(*tables)]
            centres.append(max(range(len(points)), key=lambda i: least[i]))
            tables.append([distance(points[centres[-1]], point) for point in points])
        self.groups = [(centre, []) for centre in centres]
        for i, column in enumerate(zip(*tables)):
            group = min(range(count), key=lambda g: column[g])
            self.groups[group][1].append((column[group], i))

    def nearest(self, query):
        best = (math.inf, 0)
        measured = []
        for centre, members in self.groups:
            apart = self.distance(query, self.points[centre])
            best = min(best, (apart, centre))
            measured.append((apart, members))
        for apart, members in sorted(measured, key=lambda pair: pair[0]):
            for radius, i in sorted(members, key=lambda pair: abs(apart - pair[0])):
                if abs(apart - radius) > best[0]:
                    break
                best = min(best, (self.distance(query, self.points[i]), i))
        return best[1]


# %% right="nearest" name="a tree of objects, visited from a queue by the least possible distance"
class _Node:
    def __init__(self, points, distance, positions, draw):
        positions = list(positions)
        self.position = positions.pop(draw.randrange(len(positions)))
        pairs = sorted((distance(points[i], points[self.position]), i) for i in positions)
        middle = len(pairs) // 2
        self.halves = []
        for half in (pairs[:middle], pairs[middle:]):
            if half:
                child = _Node(points, distance, [i for _, i in half], draw)
                self.halves.append((half[0][0], half[-1][0], child))


class NearestIndex:
    def __init__(self, points, distance):
        if not len(points):
            raise ValueError("points must not be empty")
        self.points, self.distance = points, distance
        self.root = _Node(points, distance, range(len(points)), random.Random(0))

    def nearest(self, query):
        best = (math.inf, -1)
        queue = [(0, 0, self.root)]
        pushed = 0
        while queue and queue[0][0] <= best[0]:
            _, _, node = heapq.heappop(queue)
            apart = self.distance(self.points[node.position], query)
            best = min(best, (apart, node.position))
            for low, high, child in node.halves:
                pushed += 1
                heapq.heappush(queue, (max(low - apart, apart - high, 0), pushed, child))
        return best[1]


# %% wrong="nearest" name="measures all" fails="nearest-cost nearest-codes"
class NearestIndex:
    def __init__(self, points, distance):
        if not points:
            raise ValueError("points is empty")
        self.points, self.distance = points, distance

    def nearest(self, query):
        return min(range(len(self.points)), key=lambda i: self.distance(query, self.points[i]))


# %% wrong="nearest" name="never looks at the other half" fails="nearest-values nearest-cost"
class NearestIndex:
    def __init__(self, points, distance):
        if not points:
            raise ValueError("points is empty")
        self._points, self._distance = points, distance
        self._tree = self._build(range(len(points)))

    def _build(self, positions):
        if not positions:
            return None
        vantage, *others = positions
        apart = {i: self._distance(self._points[vantage], self._points[i]) for i in others}
        others.sort(key=apart.get)
        middle = len(others) // 2
        radius = apart[others[middle]] if others else 0
        return vantage, radius, self._build(others[:middle]), self._build(others[middle:])

    def nearest(self, query):
        best, tree = (math.inf, 0), self._tree
        while tree is not None:
            vantage, radius, inside, outside = tree
            apart = self._distance(query, self._points[vantage])
            best = min(best, (apart, vantage))
            tree = inside if apart < radius else outside
        return best[1]


# %% wrong="nearest" name="looks at the other half only when it could be better, not when equally near" fails="nearest-ties"
class NearestIndex:
    def __init__(self, points, distance):
        if not points:
            raise ValueError("points is empty")
        self._points, self._distance = points, distance
        self._tree = self._build(range(len(points)))

    def _build(self, positions):
        if not positions:
            return None
        vantage, *others = positions
        apart = {i: self._distance(self._points[vantage], self._points[i]) for i in others}
        others.sort(key=apart.get)
        middle = len(others) // 2
        radius = apart[others[middle]] if others else 0
        return vantage, radius, self._build(others[:middle]), self._build(others[middle:])

    def nearest(self, query):
        best = (math.inf, 0)

        def visit(tree):
            nonlocal best
            if tree is None:
                return
            vantage, radius, inside, outside = tree
            apart = self._distance(query, self._points[vantage])
            best = min(best, (apart, vantage))
            near, far = (inside, outside) if apart < radius else (outside, inside)
            visit(near)
            if abs(apart - radius) < best[0]:
                visit(far)

        visit(self._tree)
        return best[1]


# %% wrong="nearest" name="keeps the one that it met first, not the one with the lowest position" fails="nearest-ties"
class NearestIndex:
    def __init__(self, points, distance):
        if not points:
            raise ValueError("points is empty")
        self._points, self._distance = points, distance
        self._tree = self._build(range(len(points)))

    def _build(self, positions):
        if not positions:
            return None
        vantage, *others = positions
        apart = {i: self._distance(self._points[vantage], self._points[i]) for i in others}
        others.sort(key=apart.get)
        middle = len(others) // 2
        radius = apart[others[middle]] if others else 0
        return vantage, radius, self._build(others[:middle]), self._build(others[middle:])

    def nearest(self, query):
        best = (math.inf, 0)

        def visit(tree):
            nonlocal best
            if tree is None:
                return
            vantage, radius, inside, outside = tree
            apart = self._distance(query, self._points[vantage])
            if apart < best[0]:
                best = (apart, vantage)
            near, far = (inside, outside) if apart < radius else (outside, inside)
            visit(near)
            if abs(apart - radius) <= best[0]:
                visit(far)

        visit(self._tree)
        return best[1]


# %% wrong="nearest" name="visits both halves always" fails="nearest-cost nearest-codes"
class NearestIndex:
    def __init__(self, points, distance):
        if not points:
            raise ValueError("points is empty")
        self._points, self._distance = points, distance
        self._tree = self._build(range(len(points)))

    def _build(self, positions):
        if not positions:
            return None
        vantage, *others = positions
        apart = {i: self._distance(self._points[vantage], self._points[i]) for i in others}
        others.sort(key=apart.get)
        middle = len(others) // 2
        radius = apart[others[middle]] if others else 0
        return vantage, radius, self._build(others[:middle]), self._build(others[middle:])

    def nearest(self, query):
        best = (math.inf, 0)

        def visit(tree):
            nonlocal best
            if tree is None:
                return
            vantage, radius, inside, outside = tree
            best = min(best, (self._distance(query, self._points[vantage]), vantage))
            visit(inside)
            visit(outside)

        visit(self._tree)
        return best[1]


# %% wrong="nearest" name="the wrong half first" fails="nearest-cost"
class NearestIndex:
    def __init__(self, points, distance):
        if not points:
            raise ValueError("points is empty")
        self._points, self._distance = points, distance
        self._tree = self._build(range(len(points)))

    def _build(self, positions):
        if not positions:
            return None
        vantage, *others = positions
        apart = {i: self._distance(self._points[vantage], self._points[i]) for i in others}
        others.sort(key=apart.get)
        middle = len(others) // 2
        radius = apart[others[middle]] if others else 0
        return vantage, radius, self._build(others[:middle]), self._build(others[middle:])

    def nearest(self, query):
        best = (math.inf, 0)

        def visit(tree):
            nonlocal best
            if tree is None:
                return
            vantage, radius, inside, outside = tree
            apart = self._distance(query, self._points[vantage])
            best = min(best, (apart, vantage))
            near, far = (outside, inside) if apart < radius else (inside, outside)
            if abs(apart - radius) <= best[0]:
                visit(near)
            visit(far)

        visit(self._tree)
        return best[1]


# %% wrong="nearest" name="a table of the distances to sixty fixed points" fails="nearest-cost"
class NearestIndex:
    def __init__(self, points, distance):
        if not points:
            raise ValueError("points is empty")
        self.points, self.distance = points, distance
        self.tables = [[distance(pivot, point) for point in points] for pivot in points[:60]]

    def nearest(self, query):
        apart = [self.distance(query, pivot) for pivot in self.points[: len(self.tables)]]
        best = min((known, i) for i, known in enumerate(apart))
        bounds = [max(abs(a - known) for a, known in zip(apart, column)) for column in zip(*self.tables)]
        for i in sorted(range(len(self.tables), len(self.points)), key=bounds.__getitem__):
            if bounds[i] > best[0]:
                break
            best = min(best, (self.distance(query, self.points[i]), i))
        return best[1]


# %% wrong="nearest" name="sorts by the first coordinate, which codes do not have" fails="nearest-codes"
class NearestIndex:
    def __init__(self, points, distance):
        if not points:
            raise ValueError("points is empty")
        self.points, self.distance = points, distance
        self.order = sorted(range(len(points)), key=lambda i: points[i][0])
        self.first = [points[i][0] for i in self.order]

    def nearest(self, query):
        best = (math.inf, 0)
        right = bisect.bisect_left(self.first, query[0])
        left = right - 1
        while left >= 0 or right < len(self.order):
            gap_left = query[0] - self.first[left] if left >= 0 else math.inf
            gap_right = self.first[right] - query[0] if right < len(self.order) else math.inf
            if min(gap_left, gap_right) > best[0]:
                break
            if gap_left <= gap_right:
                i, left = self.order[left], left - 1
            else:
                i, right = self.order[right], right + 1
            best = min(best, (self.distance(query, self.points[i]), i))
        return best[1]


# %% wrong="nearest" name="cut by distance, so equal points make a chain" fails="nearest-ties"
class NearestIndex:
    def __init__(self, points, distance):
        if not points:
            raise ValueError("points is empty")
        self._points, self._distance = points, distance
        self._tree = self._build(list(range(len(points))))

    def _build(self, positions):
        if not positions:
            return None
        vantage, *others = positions
        apart = {i: self._distance(self._points[vantage], self._points[i]) for i in others}
        radius = sorted(apart.values())[len(others) // 2] if others else 0
        inside = [i for i in others if apart[i] < radius]
        outside = [i for i in others if apart[i] > radius]
        return vantage, radius, self._build(inside), self._build(outside)

    def nearest(self, query):
        best = (math.inf, 0)

        def visit(tree):
            nonlocal best
            if tree is None:
                return
            vantage, radius, inside, outside = tree
            apart = self._distance(query, self._points[vantage])
            best = min(best, (apart, vantage))
            near, far = (inside, outside) if apart < radius else (outside, inside)
            visit(near)
            if abs(apart - radius) <= best[0]:
                visit(far)

        visit(self._tree)
        return best[1]


# %% wrong="nearest" name="no points are no error" fails="nearest-ties"
class NearestIndex:
    def __init__(self, points, distance):
        self._points, self._distance = points, distance
        self._tree = self._build(range(len(points)))

    def _build(self, positions):
        if not positions:
            return None
        vantage, *others = positions
        apart = {i: self._distance(self._points[vantage], self._points[i]) for i in others}
        others.sort(key=apart.get)
        middle = len(others) // 2
        radius = apart[others[middle]] if others else 0
        return vantage, radius, self._build(others[:middle]), self._build(others[middle:])

    def nearest(self, query):
        best = (math.inf, 0)

        def visit(tree):
            nonlocal best
            if tree is None:
                return
            vantage, radius, inside, outside = tree
            apart = self._distance(query, self._points[vantage])
            best = min(best, (apart, vantage))
            near, far = (inside, outside) if apart < radius else (outside, inside)
            visit(near)
            if abs(apart - radius) <= best[0]:
                visit(far)

        visit(self._tree)
        return best[1]


# %% wrong="nearest" name="sorts the caller's list" fails="nearest-values nearest-ties"
class NearestIndex:
    def __init__(self, points, distance):
        if not points:
            raise ValueError("points is empty")
        self._points, self._distance = points, distance
        points.sort()
        self._tree = self._build(range(len(points)))

    def _build(self, positions):
        if not positions:
            return None
        vantage, *others = positions
        apart = {i: self._distance(self._points[vantage], self._points[i]) for i in others}
        others.sort(key=apart.get)
        middle = len(others) // 2
        radius = apart[others[middle]] if others else 0
        return vantage, radius, self._build(others[:middle]), self._build(others[middle:])

    def nearest(self, query):
        best = (math.inf, 0)

        def visit(tree):
            nonlocal best
            if tree is None:
                return
            vantage, radius, inside, outside = tree
            apart = self._distance(query, self._points[vantage])
            best = min(best, (apart, vantage))
            near, far = (inside, outside) if apart < radius else (outside, inside)
            visit(near)
            if abs(apart - radius) <= best[0]:
                visit(far)

        visit(self._tree)
        return best[1]


# %% wrong="nearest" name="looks at a sample of thirty points" fails="nearest-values nearest-ties"
class NearestIndex:
    def __init__(self, points, distance):
        if not points:
            raise ValueError("points is empty")
        self.points, self.distance = points, distance
        chosen = range(len(points)) if len(points) <= 30 else random.Random(0).sample(range(len(points)), 30)
        self.sample = sorted(chosen)

    def nearest(self, query):
        return min(self.sample, key=lambda i: self.distance(query, self.points[i]))


# %% wrong="nearest" name="takes its points out of the caller's list" fails="nearest-ties"
class NearestIndex:
    def __init__(self, points, distance):
        if not points:
            raise ValueError("points is empty")
        self._points, self._distance = [], distance
        while points:
            self._points.append(points.pop(0))
        self._tree = self._build(range(len(self._points)))

    def _build(self, positions):
        if not positions:
            return None
        vantage, *others = positions
        apart = {i: self._distance(self._points[vantage], self._points[i]) for i in others}
        others.sort(key=apart.get)
        middle = len(others) // 2
        radius = apart[others[middle]] if others else 0
        return vantage, radius, self._build(others[:middle]), self._build(others[middle:])

    def nearest(self, query):
        best = (math.inf, 0)

        def visit(tree):
            nonlocal best
            if tree is None:
                return
            vantage, radius, inside, outside = tree
            apart = self._distance(query, self._points[vantage])
            best = min(best, (apart, vantage))
            near, far = (inside, outside) if apart < radius else (outside, inside)
            visit(near)
            if abs(apart - radius) <= best[0]:
                visit(far)

        visit(self._tree)
        return best[1]


# %% wrong="nearest" name="returns the point instead of its position" fails="nearest-values nearest-ties"
class NearestIndex:
    def __init__(self, points, distance):
        if not points:
            raise ValueError("points is empty")
        self.points, self.distance = points, distance

    def nearest(self, query):
        return min(self.points, key=lambda point: self.distance(query, point))


# %% inputs="nearest"
def outcome(rng):
    def blocks(a, b):
        return abs(a[0] - b[0]) + abs(a[1] - b[1])

    size = int(rng.integers(1, 9))
    points = [tuple(pair) for pair in rng.integers(0, size, (int(rng.integers(1, 30)), 2)).tolist()]
    index = NearestIndex(points, blocks)
    return [index.nearest(tuple(pair)) for pair in rng.integers(-1, size + 1, (6, 2)).tolist()]


# %% [markdown]
# ## quantile-sketch

# %% right="quantile-sketch" name="plain edges, found by halves"
class QuantileSketch:
    def __init__(self, accuracy):
        if accuracy <= 0 or accuracy >= 1 or accuracy != accuracy:
            raise ValueError("bad accuracy")
        self.accuracy = accuracy
        self.width = 2 * math.log1p(accuracy)
        self.zeros, self.total, self.numbers, self.counts = 0, 0, [], []

    def _count(self, number, count):
        place = bisect.bisect_left(self.numbers, number)
        if place == len(self.numbers) or self.numbers[place] != number:
            self.numbers.insert(place, number)
            self.counts.insert(place, 0)
        self.counts[place] += count

    def add(self, value):
        if not math.isfinite(value) or value < 0:
            raise ValueError("bad value")
        self.total += 1
        if value == 0:
            self.zeros += 1
        else:
            self._count(math.floor(math.log(value) / self.width), 1)

    def quantile(self, q):
        if self.total == 0:
            raise ValueError("empty")
        if not (q >= 0 and q <= 1):
            raise ValueError("bad q")
        rank = math.floor(q * (self.total - 1))
        passed = self.zeros
        if rank < passed:
            return 0.0
        for number, count in zip(self.numbers, self.counts):
            passed += count
            if rank < passed:
                return math.exp((number + 0.5) * self.width)

    def merge(self, other):
        if self.accuracy != other.accuracy:
            raise ValueError("other accuracy")
        self.zeros += other.zeros
        self.total += other.total
        for number, count in zip(other.numbers, other.counts):
            self._count(number, count)


# %% right="quantile-sketch" name="the edges of the published sketch"
class QuantileSketch:
    def __init__(self, accuracy):
        if not (accuracy > 0 and accuracy < 1):
            raise ValueError(accuracy)
        self.accuracy = accuracy
        self.gamma = (1 + accuracy) / (1 - accuracy)
        self.counts, self.zeros = defaultdict(int), 0

    def add(self, value):
        if not (value >= 0 and value != math.inf):
            raise ValueError(value)
        if value > 0:
            self.counts[math.ceil(math.log(value, self.gamma))] += 1
        else:
            self.zeros += 1

    def quantile(self, q):
        total = self.zeros + sum(self.counts.values())
        if total == 0 or not (0 <= q and q <= 1):
            raise ValueError("empty, or q is not from 0 to 1")
        rank = int(q * (total - 1))
        # From the top downwards: how many values lie above the one that is looked for.
        above = total - 1 - rank
        for bucket in sorted(self.counts, reverse=True):
            above -= self.counts[bucket]
            if above < 0:
                return 2 * self.gamma**bucket / (1 + self.gamma)
        return 0

    def merge(self, other):
        if self.accuracy != other.accuracy:
            raise ValueError("accuracies differ")
        self.zeros += other.zeros
        for bucket, count in other.counts.items():
            self.counts[bucket] += count


# %% wrong="quantile-sketch" name="keeps all values" fails="quantile-sketch-cost"
class QuantileSketch:
    def __init__(self, accuracy):
        if not 0 < accuracy < 1:
            raise ValueError("accuracy")
        self.accuracy, self.values = accuracy, []

    def add(self, value):
        if not 0 <= value < math.inf:
            raise ValueError("value")
        bisect.insort(self.values, value)

    def quantile(self, q):
        if not self.values or not 0 <= q <= 1:
            raise ValueError("q")
        return self.values[math.floor(q * (len(self.values) - 1))]

    def merge(self, other):
        if other.accuracy != self.accuracy:
            raise ValueError("accuracy")
        self.values = sorted(self.values + other.values)


# %% wrong="quantile-sketch" name="packs all values tightly" fails="quantile-sketch-cost"
from array import array


class QuantileSketch:
    def __init__(self, accuracy):
        if not 0 < accuracy < 1:
            raise ValueError("accuracy")
        self.accuracy, self.values = accuracy, array("d")

    def add(self, value):
        if not 0 <= value < math.inf:
            raise ValueError("value")
        self.values.append(value)

    def quantile(self, q):
        if not self.values or not 0 <= q <= 1:
            raise ValueError("q")
        return sorted(self.values)[math.floor(q * (len(self.values) - 1))]

    def merge(self, other):
        if other.accuracy != self.accuracy:
            raise ValueError("accuracy")
        self.values.extend(other.values)


# %% wrong="quantile-sketch" name="a sample of 500 values" fails="quantile-sketch-cost"
class QuantileSketch:
    def __init__(self, accuracy):
        if not 0 < accuracy < 1:
            raise ValueError("accuracy")
        self.accuracy, self.values, self.seen, self.draw = accuracy, [], 0, random.Random(0)

    def add(self, value):
        if not 0 <= value < math.inf:
            raise ValueError("value")
        self.seen += 1
        if len(self.values) < 500:
            self.values.append(value)
        elif self.draw.random() < 20 / self.seen:
            self.values[self.draw.randrange(500)] = value

    def quantile(self, q):
        if not self.values or not 0 <= q <= 1:
            raise ValueError("q")
        return sorted(self.values)[math.floor(q * (len(self.values) - 1))]

    def merge(self, other):
        if other.accuracy != self.accuracy:
            raise ValueError("accuracy")
        for value in other.values:
            self.add(value)


# %% wrong="quantile-sketch" name="buckets of equal width" fails="quantile-sketch-values"
class QuantileSketch:
    def __init__(self, accuracy):
        if not 0 < accuracy < 1:
            raise ValueError("accuracy")
        self.accuracy, self.counts = accuracy, Counter()

    def add(self, value):
        if not 0 <= value < math.inf:
            raise ValueError("value")
        self.counts[round(value / self.accuracy / 2)] += 1

    def quantile(self, q):
        if not self.counts or not 0 <= q <= 1:
            raise ValueError("q")
        position = math.floor(q * (self.counts.total() - 1))
        for bucket in sorted(self.counts):
            position -= self.counts[bucket]
            if position < 0:
                return bucket * self.accuracy * 2

    def merge(self, other):
        if other.accuracy != self.accuracy:
            raise ValueError("accuracy")
        self.counts.update(other.counts)


# %% wrong="quantile-sketch" name="answers with the upper edge" fails="quantile-sketch-values"
class QuantileSketch:
    def __init__(self, accuracy):
        if not 0 < accuracy < 1:
            raise ValueError("accuracy")
        self.accuracy, self.gamma, self.counts = accuracy, (1 + accuracy) ** 2, Counter()

    def add(self, value):
        if not 0 <= value < math.inf:
            raise ValueError("value")
        self.counts[math.ceil(math.log(value, self.gamma)) if value else -math.inf] += 1

    def quantile(self, q):
        if not self.counts or not 0 <= q <= 1:
            raise ValueError("q")
        position = math.floor(q * (self.counts.total() - 1))
        for bucket in sorted(self.counts):
            position -= self.counts[bucket]
            if position < 0:
                return self.gamma**bucket

    def merge(self, other):
        if other.accuracy != self.accuracy:
            raise ValueError("accuracy")
        self.counts.update(other.counts)


# %% wrong="quantile-sketch" name="the middle of a bucket that is twice as wide" fails="quantile-sketch-values"
class QuantileSketch:
    def __init__(self, accuracy):
        if not 0 < accuracy < 1:
            raise ValueError("accuracy")
        self.accuracy, self.gamma, self.counts = accuracy, (1 + accuracy) ** 4, Counter()

    def add(self, value):
        if not 0 <= value < math.inf:
            raise ValueError("value")
        self.counts[math.ceil(math.log(value, self.gamma)) if value else -math.inf] += 1

    def quantile(self, q):
        if not self.counts or not 0 <= q <= 1:
            raise ValueError("q")
        position = math.floor(q * (self.counts.total() - 1))
        for bucket in sorted(self.counts):
            position -= self.counts[bucket]
            if position < 0:
                return self.gamma ** (bucket - 0.5)

    def merge(self, other):
        if other.accuracy != self.accuracy:
            raise ValueError("accuracy")
        self.counts.update(other.counts)


# %% wrong="quantile-sketch" name="one position too high" fails="quantile-sketch-values"
class QuantileSketch:
    def __init__(self, accuracy):
        if not 0 < accuracy < 1:
            raise ValueError("accuracy")
        self.accuracy, self.gamma, self.counts = accuracy, (1 + accuracy) ** 2, Counter()

    def add(self, value):
        if not 0 <= value < math.inf:
            raise ValueError("value")
        self.counts[math.ceil(math.log(value, self.gamma)) if value else -math.inf] += 1

    def quantile(self, q):
        if not self.counts or not 0 <= q <= 1:
            raise ValueError("q")
        position = min(math.floor(q * self.counts.total()), self.counts.total() - 1)
        for bucket in sorted(self.counts):
            position -= self.counts[bucket]
            if position < 0:
                return self.gamma ** (bucket - 0.5)

    def merge(self, other):
        if other.accuracy != self.accuracy:
            raise ValueError("accuracy")
        self.counts.update(other.counts)


# %% wrong="quantile-sketch" name="walks the buckets in the order in which they came" fails="quantile-sketch-values"
class QuantileSketch:
    def __init__(self, accuracy):
        if not 0 < accuracy < 1:
            raise ValueError("accuracy")
        self.accuracy, self.gamma, self.counts = accuracy, (1 + accuracy) ** 2, Counter()

    def add(self, value):
        if not 0 <= value < math.inf:
            raise ValueError("value")
        self.counts[math.ceil(math.log(value, self.gamma)) if value else -math.inf] += 1

    def quantile(self, q):
        if not self.counts or not 0 <= q <= 1:
            raise ValueError("q")
        position = math.floor(q * (self.counts.total() - 1))
        for bucket, count in self.counts.items():
            position -= count
            if position < 0:
                return self.gamma ** (bucket - 0.5)

    def merge(self, other):
        if other.accuracy != self.accuracy:
            raise ValueError("accuracy")
        self.counts.update(other.counts)


# %% wrong="quantile-sketch" name="the logarithm of zero" fails="quantile-sketch-zero"
class QuantileSketch:
    def __init__(self, accuracy):
        if not 0 < accuracy < 1:
            raise ValueError("accuracy")
        self.accuracy, self.gamma, self.counts = accuracy, (1 + accuracy) ** 2, Counter()

    def add(self, value):
        if not 0 <= value < math.inf:
            raise ValueError("value")
        self.counts[math.ceil(math.log(value) / math.log(self.gamma))] += 1

    def quantile(self, q):
        if not self.counts or not 0 <= q <= 1:
            raise ValueError("q")
        position = math.floor(q * (self.counts.total() - 1))
        for bucket in sorted(self.counts):
            position -= self.counts[bucket]
            if position < 0:
                return self.gamma ** (bucket - 0.5)

    def merge(self, other):
        if other.accuracy != self.accuracy:
            raise ValueError("accuracy")
        self.counts.update(other.counts)


# %% wrong="quantile-sketch" name="zero as a tiny number" fails="quantile-sketch-zero"
class QuantileSketch:
    def __init__(self, accuracy):
        if not 0 < accuracy < 1:
            raise ValueError("accuracy")
        self.accuracy, self.gamma, self.counts = accuracy, (1 + accuracy) ** 2, Counter()

    def add(self, value):
        if not 0 <= value < math.inf:
            raise ValueError("value")
        self.counts[math.ceil(math.log(max(value, 1e-9), self.gamma))] += 1

    def quantile(self, q):
        if not self.counts or not 0 <= q <= 1:
            raise ValueError("q")
        position = math.floor(q * (self.counts.total() - 1))
        for bucket in sorted(self.counts):
            position -= self.counts[bucket]
            if position < 0:
                return self.gamma ** (bucket - 0.5)

    def merge(self, other):
        if other.accuracy != self.accuracy:
            raise ValueError("accuracy")
        self.counts.update(other.counts)


# %% wrong="quantile-sketch" name="zero shares the bucket of 1" fails="quantile-sketch-zero"
class QuantileSketch:
    def __init__(self, accuracy):
        if not 0 < accuracy < 1:
            raise ValueError("accuracy")
        self.accuracy, self.gamma, self.counts = accuracy, (1 + accuracy) ** 2, Counter()

    def add(self, value):
        if not 0 <= value < math.inf:
            raise ValueError("value")
        self.counts[math.ceil(math.log(value, self.gamma)) if value else 0] += 1

    def quantile(self, q):
        if not self.counts or not 0 <= q <= 1:
            raise ValueError("q")
        position = math.floor(q * (self.counts.total() - 1))
        for bucket in sorted(self.counts):
            position -= self.counts[bucket]
            if position < 0:
                return self.gamma ** (bucket - 0.5) if bucket else 0

    def merge(self, other):
        if other.accuracy != self.accuracy:
            raise ValueError("accuracy")
        self.counts.update(other.counts)


# %% wrong="quantile-sketch" name="an array of buckets from 1 microsecond to 1,000 seconds" fails="quantile-sketch-zero"
class QuantileSketch:
    def __init__(self, accuracy):
        if not 0 < accuracy < 1:
            raise ValueError("accuracy")
        self.accuracy, self.width = accuracy, 2 * math.log1p(accuracy)
        self.lowest = math.floor(math.log(1e-6) / self.width)
        self.counts = [0] * (math.ceil(math.log(1e12) / self.width) - self.lowest + 2)
        self.zeros = 0

    def add(self, value):
        if not 0 <= value < math.inf:
            raise ValueError("value")
        if value == 0:
            self.zeros += 1
        else:
            number = math.floor(math.log(value) / self.width) - self.lowest
            self.counts[min(max(number, 0), len(self.counts) - 1)] += 1

    def quantile(self, q):
        total = self.zeros + sum(self.counts)
        if not total or not 0 <= q <= 1:
            raise ValueError("q")
        position = math.floor(q * (total - 1)) - self.zeros
        if position < 0:
            return 0
        for number, count in enumerate(self.counts):
            position -= count
            if position < 0:
                return math.exp((number + self.lowest + 0.5) * self.width)

    def merge(self, other):
        if other.accuracy != self.accuracy:
            raise ValueError("accuracy")
        self.zeros += other.zeros
        self.counts = [a + b for a, b in zip(self.counts, other.counts)]


# %% wrong="quantile-sketch" name="lets NaN through" fails="quantile-sketch-refuses"
class QuantileSketch:
    def __init__(self, accuracy):
        if not 0 < accuracy < 1:
            raise ValueError("accuracy")
        self.accuracy, self.gamma, self.counts = accuracy, (1 + accuracy) ** 2, Counter()

    def add(self, value):
        if value < 0 or value == math.inf:
            raise ValueError("value")
        if math.isnan(value):
            return
        self.counts[math.ceil(math.log(value, self.gamma)) if value else -math.inf] += 1

    def quantile(self, q):
        if not self.counts or not 0 <= q <= 1:
            raise ValueError("q")
        position = math.floor(q * (self.counts.total() - 1))
        for bucket in sorted(self.counts):
            position -= self.counts[bucket]
            if position < 0:
                return self.gamma ** (bucket - 0.5)

    def merge(self, other):
        if other.accuracy != self.accuracy:
            raise ValueError("accuracy")
        self.counts.update(other.counts)


# %% wrong="quantile-sketch" name="counts a value before it refuses it" fails="quantile-sketch-refuses"
class QuantileSketch:
    def __init__(self, accuracy):
        if not 0 < accuracy < 1:
            raise ValueError("accuracy")
        self.accuracy, self.gamma, self.counts, self.total = accuracy, (1 + accuracy) ** 2, Counter(), 0

    def add(self, value):
        self.total += 1
        if not 0 <= value < math.inf:
            raise ValueError("value")
        self.counts[math.ceil(math.log(value, self.gamma)) if value else -math.inf] += 1

    def quantile(self, q):
        if not self.counts or not 0 <= q <= 1:
            raise ValueError("q")
        position = math.floor(q * (self.total - 1))
        for bucket in sorted(self.counts):
            position -= self.counts[bucket]
            if position < 0:
                break
        return self.gamma ** (bucket - 0.5)

    def merge(self, other):
        if other.accuracy != self.accuracy:
            raise ValueError("accuracy")
        self.counts.update(other.counts)
        self.total += other.total


# %% wrong="quantile-sketch" name="refuses nothing but an empty sketch" fails="quantile-sketch-refuses"
class QuantileSketch:
    def __init__(self, accuracy):
        self.accuracy, self.gamma, self.counts = accuracy, (1 + accuracy) ** 2, Counter()

    def add(self, value):
        self.counts[math.ceil(math.log(abs(value), self.gamma)) if value else -math.inf] += 1

    def quantile(self, q):
        if not self.counts:
            raise ValueError("q")
        position = math.floor(q * (self.counts.total() - 1))
        for bucket in sorted(self.counts):
            position -= self.counts[bucket]
            if position < 0:
                return self.gamma ** (bucket - 0.5)

    def merge(self, other):
        if other.accuracy != self.accuracy:
            raise ValueError("accuracy")
        self.counts.update(other.counts)


# %% wrong="quantile-sketch" name="nothing comes back from an empty sketch" fails="quantile-sketch-refuses"
class QuantileSketch:
    def __init__(self, accuracy):
        if not 0 < accuracy < 1:
            raise ValueError("accuracy")
        self.accuracy, self.gamma, self.counts = accuracy, (1 + accuracy) ** 2, Counter()

    def add(self, value):
        if not 0 <= value < math.inf:
            raise ValueError("value")
        self.counts[math.ceil(math.log(value, self.gamma)) if value else -math.inf] += 1

    def quantile(self, q):
        if not 0 <= q <= 1:
            raise ValueError("q")
        position = math.floor(q * (self.counts.total() - 1))
        for bucket in sorted(self.counts):
            position -= self.counts[bucket]
            if position < 0:
                return self.gamma ** (bucket - 0.5)

    def merge(self, other):
        if other.accuracy != self.accuracy:
            raise ValueError("accuracy")
        self.counts.update(other.counts)


# %% wrong="quantile-sketch" name="an empty sketch takes over the other's dictionary" fails="quantile-sketch-merge"
class QuantileSketch:
    def __init__(self, accuracy):
        if not 0 < accuracy < 1:
            raise ValueError("accuracy")
        self.accuracy, self.gamma, self.counts = accuracy, (1 + accuracy) ** 2, Counter()

    def add(self, value):
        if not 0 <= value < math.inf:
            raise ValueError("value")
        self.counts[math.ceil(math.log(value, self.gamma)) if value else -math.inf] += 1

    def quantile(self, q):
        if not self.counts or not 0 <= q <= 1:
            raise ValueError("q")
        position = math.floor(q * (self.counts.total() - 1))
        for bucket in sorted(self.counts):
            position -= self.counts[bucket]
            if position < 0:
                return self.gamma ** (bucket - 0.5)

    def merge(self, other):
        if other.accuracy != self.accuracy:
            raise ValueError("accuracy")
        if not self.counts:
            self.counts = other.counts
        else:
            self.counts.update(other.counts)


# %% wrong="quantile-sketch" name="the counts of the other replace its own" fails="quantile-sketch-merge"
class QuantileSketch:
    def __init__(self, accuracy):
        if not 0 < accuracy < 1:
            raise ValueError("accuracy")
        self.accuracy, self.gamma, self.counts = accuracy, (1 + accuracy) ** 2, {}

    def add(self, value):
        if not 0 <= value < math.inf:
            raise ValueError("value")
        bucket = math.ceil(math.log(value, self.gamma)) if value else -math.inf
        self.counts[bucket] = self.counts.get(bucket, 0) + 1

    def quantile(self, q):
        if not self.counts or not 0 <= q <= 1:
            raise ValueError("q")
        position = math.floor(q * (sum(self.counts.values()) - 1))
        for bucket in sorted(self.counts):
            position -= self.counts[bucket]
            if position < 0:
                return self.gamma ** (bucket - 0.5)

    def merge(self, other):
        if other.accuracy != self.accuracy:
            raise ValueError("accuracy")
        self.counts = other.counts.copy()


# %% wrong="quantile-sketch" name="adds buckets of another width" fails="quantile-sketch-merge"
class QuantileSketch:
    def __init__(self, accuracy):
        if not 0 < accuracy < 1:
            raise ValueError("accuracy")
        self.accuracy, self.gamma, self.counts = accuracy, (1 + accuracy) ** 2, Counter()

    def add(self, value):
        if not 0 <= value < math.inf:
            raise ValueError("value")
        self.counts[math.ceil(math.log(value, self.gamma)) if value else -math.inf] += 1

    def quantile(self, q):
        if not self.counts or not 0 <= q <= 1:
            raise ValueError("q")
        position = math.floor(q * (self.counts.total() - 1))
        for bucket in sorted(self.counts):
            position -= self.counts[bucket]
            if position < 0:
                return self.gamma ** (bucket - 0.5)

    def merge(self, other):
        self.counts.update(other.counts)


# %% wrong="quantile-sketch" name="merges first and refuses afterwards" fails="quantile-sketch-merge"
class QuantileSketch:
    def __init__(self, accuracy):
        if not 0 < accuracy < 1:
            raise ValueError("accuracy")
        self.accuracy, self.gamma, self.counts = accuracy, (1 + accuracy) ** 2, Counter()

    def add(self, value):
        if not 0 <= value < math.inf:
            raise ValueError("value")
        self.counts[math.ceil(math.log(value, self.gamma)) if value else -math.inf] += 1

    def quantile(self, q):
        if not self.counts or not 0 <= q <= 1:
            raise ValueError("q")
        position = math.floor(q * (self.counts.total() - 1))
        for bucket in sorted(self.counts):
            position -= self.counts[bucket]
            if position < 0:
                return self.gamma ** (bucket - 0.5)

    def merge(self, other):
        self.counts.update(other.counts)
        if other.accuracy != self.accuracy:
            raise ValueError("accuracy")


# %% wrong="quantile-sketch" name="moves the counts and leaves the other empty" fails="quantile-sketch-merge"
class QuantileSketch:
    def __init__(self, accuracy):
        if not 0 < accuracy < 1:
            raise ValueError("accuracy")
        self.accuracy, self.gamma, self.counts = accuracy, (1 + accuracy) ** 2, Counter()

    def add(self, value):
        if not 0 <= value < math.inf:
            raise ValueError("value")
        self.counts[math.ceil(math.log(value, self.gamma)) if value else -math.inf] += 1

    def quantile(self, q):
        if not self.counts or not 0 <= q <= 1:
            raise ValueError("q")
        position = math.floor(q * (self.counts.total() - 1))
        for bucket in sorted(self.counts):
            position -= self.counts[bucket]
            if position < 0:
                return self.gamma ** (bucket - 0.5)

    def merge(self, other):
        if other.accuracy != self.accuracy:
            raise ValueError("accuracy")
        while other.counts:
            bucket, count = other.counts.popitem()
            self.counts[bucket] += count


# %% wrong="quantile-sketch" name="averages the quantiles of the sketches" fails="quantile-sketch-merge"
class QuantileSketch:
    def __init__(self, accuracy):
        if not 0 < accuracy < 1:
            raise ValueError("accuracy")
        self.accuracy, self.gamma, self.counts, self.others = accuracy, (1 + accuracy) ** 2, Counter(), []

    def add(self, value):
        if not 0 <= value < math.inf:
            raise ValueError("value")
        self.counts[math.ceil(math.log(value, self.gamma)) if value else -math.inf] += 1

    def quantile(self, q):
        if not self.counts or not 0 <= q <= 1:
            raise ValueError("q")
        position = math.floor(q * (self.counts.total() - 1))
        for bucket in sorted(self.counts):
            position -= self.counts[bucket]
            if position < 0:
                break
        return (self.gamma ** (bucket - 0.5) + sum(other.quantile(q) for other in self.others)) / (1 + len(self.others))

    def merge(self, other):
        if other.accuracy != self.accuracy:
            raise ValueError("accuracy")
        self.others.append(other)


# %% wrong="quantile-sketch" name="buckets for values from 0.001 to 1,000,000" fails="quantile-sketch-values"
class QuantileSketch:
    def __init__(self, accuracy):
        if not 0 < accuracy < 1:
            raise ValueError("accuracy")
        self.accuracy, self.gamma, self.counts = accuracy, (1 + accuracy) ** 2, Counter()

    def add(self, value):
        if not 0 <= value < math.inf:
            raise ValueError("value")
        self.counts[math.ceil(math.log(min(max(value, 1e-3), 1e6), self.gamma)) if value else -math.inf] += 1

    def quantile(self, q):
        if not self.counts or not 0 <= q <= 1:
            raise ValueError("q")
        position = math.floor(q * (self.counts.total() - 1))
        for bucket in sorted(self.counts):
            position -= self.counts[bucket]
            if position < 0:
                return self.gamma ** (bucket - 0.5)

    def merge(self, other):
        if other.accuracy != self.accuracy:
            raise ValueError("accuracy")
        self.counts.update(other.counts)


# %% wrong="quantile-sketch" name="remembers only that there was a zero" fails="quantile-sketch-zero"
class QuantileSketch:
    def __init__(self, accuracy):
        if not 0 < accuracy < 1:
            raise ValueError("accuracy")
        self.accuracy, self.gamma, self.counts = accuracy, (1 + accuracy) ** 2, Counter()

    def add(self, value):
        if not 0 <= value < math.inf:
            raise ValueError("value")
        if value:
            self.counts[math.ceil(math.log(value, self.gamma))] += 1
        else:
            self.counts[-math.inf] = 1

    def quantile(self, q):
        if not self.counts or not 0 <= q <= 1:
            raise ValueError("q")
        position = math.floor(q * (self.counts.total() - 1))
        for bucket in sorted(self.counts):
            position -= self.counts[bucket]
            if position < 0:
                return self.gamma ** (bucket - 0.5)

    def merge(self, other):
        if other.accuracy != self.accuracy:
            raise ValueError("accuracy")
        self.counts.update(other.counts)


# %% wrong="quantile-sketch" name="lets infinity through" fails="quantile-sketch-refuses"
class QuantileSketch:
    def __init__(self, accuracy):
        if not 0 < accuracy < 1:
            raise ValueError("accuracy")
        self.accuracy, self.gamma, self.counts = accuracy, (1 + accuracy) ** 2, Counter()

    def add(self, value):
        if not value >= 0:
            raise ValueError("value")
        self.counts[math.ceil(math.log(value, self.gamma)) if value else -math.inf] += 1

    def quantile(self, q):
        if not self.counts or not 0 <= q <= 1:
            raise ValueError("q")
        position = math.floor(q * (self.counts.total() - 1))
        for bucket in sorted(self.counts):
            position -= self.counts[bucket]
            if position < 0:
                return self.gamma ** (bucket - 0.5)

    def merge(self, other):
        if other.accuracy != self.accuracy:
            raise ValueError("accuracy")
        self.counts.update(other.counts)


# %% wrong="quantile-sketch" name="takes NaN for an accuracy" fails="quantile-sketch-refuses"
class QuantileSketch:
    def __init__(self, accuracy):
        if accuracy <= 0 or accuracy >= 1:
            raise ValueError("accuracy")
        self.accuracy, self.gamma, self.counts = accuracy, (1 + accuracy) ** 2, Counter()

    def add(self, value):
        if not 0 <= value < math.inf:
            raise ValueError("value")
        self.counts[math.ceil(math.log(value, self.gamma)) if value else -math.inf] += 1

    def quantile(self, q):
        if not self.counts or not 0 <= q <= 1:
            raise ValueError("q")
        position = math.floor(q * (self.counts.total() - 1))
        for bucket in sorted(self.counts):
            position -= self.counts[bucket]
            if position < 0:
                return self.gamma ** (bucket - 0.5)

    def merge(self, other):
        if other.accuracy != self.accuracy:
            raise ValueError("accuracy")
        self.counts.update(other.counts)


# %% wrong="quantile-sketch" name="walks through the counts value by value" fails="quantile-sketch-cost"
class QuantileSketch:
    def __init__(self, accuracy):
        if not 0 < accuracy < 1:
            raise ValueError("accuracy")
        self.accuracy, self.gamma, self.counts = accuracy, (1 + accuracy) ** 2, Counter()

    def add(self, value):
        if not 0 <= value < math.inf:
            raise ValueError("value")
        self.counts[math.ceil(math.log(value, self.gamma)) if value else -math.inf] += 1

    def quantile(self, q):
        if not self.counts or not 0 <= q <= 1:
            raise ValueError("q")
        position = math.floor(q * (self.counts.total() - 1))
        for bucket in sorted(self.counts):
            for _ in range(self.counts[bucket]):
                if position == 0:
                    return self.gamma ** (bucket - 0.5)
                position -= 1

    def merge(self, other):
        if other.accuracy != self.accuracy:
            raise ValueError("accuracy")
        self.counts.update(other.counts)


# %% inputs="quantile-sketch"
def outcome(rng):
    sketches = [QuantileSketch(0.02), QuantileSketch(0.02)]
    refused = []
    for _ in range(int(rng.integers(1, 40))):
        value = float(rng.choice([0.0, -0.5, -1.0, -2.0, math.inf, -math.inf, math.nan, 1e-6, 1e300, rng.lognormal()]))
        refused.append(type(outcome_of(sketches[rng.integers(2)].add, value)).__name__)
    sketches[0].merge(sketches[1])
    shown = [outcome_of(sketches[0].quantile, float(q)) for q in rng.uniform(-0.1, 1.1, 8)]
    return refused, [answer if isinstance(answer, (int, float)) else type(answer).__name__ for answer in shown]
