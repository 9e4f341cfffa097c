"""The words of people: what the balanced code is trained on, and other people to measure it with.

    python3 tests/bench/words/words.py train FOLDER    writes crates/proto/src/directory/letters.rs
    python3 tests/bench/words/words.py people FOLDER   writes FOLDER/people.tsv for the bench of load

FOLDER keeps what pip downloads: `faker` to train, `names` (United States census of 1990, with frequencies) and
`hobby-by-category` (each word as often as it stands there) to measure. The latter two are not read in training. They are no
strangers to it: both sides have names of the United States, and the list of interests below was written by somebody who had
seen the beginning of that of hobbies.
"""

import ast
import collections
import importlib
import math
import pathlib
import re
import subprocess
import sys
import tarfile
import unicodedata
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
FAKER, NAMES, HOBBIES = "faker==40.63.0", "names==0.3.0", "hobby-by-category==1.0.0"

# Names of the United States and of the English-speaking world are more than half of the training, the others share the rest.
LOCALES = {
    "en_US": 40, "en_GB": 8, "en_IE": 3, "en_IN": 5, "en_NZ": 4, "de_DE": 6, "fr_FR": 6, "es_ES": 4, "es_MX": 4, "it_IT": 6,
    "pt_BR": 5, "pt_PT": 2, "nl_NL": 4, "sv_SE": 3, "no_NO": 2, "da_DK": 2, "fi_FI": 2, "pl_PL": 4, "cs_CZ": 2, "hu_HU": 1,
    "ro_RO": 2, "hr_HR": 1, "tr_TR": 2, "id_ID": 2,
}

# What people say that they like, written down by hand, from the common to the rare.
INTERESTS = """
music football reading travel cooking photography movies gaming hiking art
dancing running cycling swimming yoga fitness chess painting writing gardening
fishing camping baking tennis basketball soccer guitar piano singing drawing
programming science history books games sports nature film theatre food
coffee wine beer tea fashion design cars dogs cats animals birds horses
climbing skiing snowboarding surfing sailing golf baseball hockey cricket rugby volleyball
knitting sewing crafts pottery woodworking electronics robotics astronomy physics math philosophy
languages poetry literature politics economics psychology meditation martial boxing karate
jazz rock metal opera classical techno drums violin anime manga comics
board puzzles cards magic collecting stamps coins trains planes models lego
volunteering teaching family friends church technology computers internet linux rust python
hunting archery shooting kayaking rowing diving walking jogging skating
genealogy archaeology geography maps ecology sustainability
""".split()

SYMBOLS = 30
END, SIGN, DIGIT, LETTER, OTHER = 0, 1, 2, 3, 29
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
# Of all words, how many a word, a beginning or an ending is at the least to have a share of the ring of its own: eight
# neighbours of 10,000 nodes have 0.0016 of a half. How many times too little it has without, what part it gets of what it
# should have, and how much a popular word speaks for others that begin or end like it. These seven, how much the
# United States weigh and what interests are made of were chosen in some twenty tries by the load that `people` gives: that load
# is no independent test of them.
WORD_LEAST, FRAGMENT_LEAST, FRAGMENT_MAX = 0.0016, 0.0020, 6
RATIO, PART, FRAGMENT_PART, KIN = 2.5, 0.5, 0.7, 0.3


def packages(folder, *wanted):
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), *wanted]
    subprocess.run(command, check=True, stdout=sys.stderr)


def fold(text):
    special = str.maketrans({"ß": "s", "æ": "a", "ð": "d", "ø": "o", "đ": "d", "ħ": "h", "ı": "i", "ł": "l", "œ": "o"})
    plain = unicodedata.normalize("NFKD", text.lower().translate(special))
    return "".join(c for c in plain if not "\u0300" <= c <= "\u036f")


def words_of(text):
    return [word for word in re.split(r"[\W_]+", fold(text)) if word]


def weighted(names):
    """Names as words with weights that sum up to one."""
    pairs = names.items() if isinstance(names, dict) else ((name, 1) for name in names)
    counter = collections.Counter()
    for name, weight in pairs:
        for word in words_of(name):
            counter[word] += weight
    total = sum(counter.values())
    return {word: weight / total for word, weight in counter.items()}


def training(folder):
    """Words with their frequencies: a third first names, a third last names, a third interests."""
    packages(folder, FAKER)
    wheel = next(folder.glob("faker-*.whl"))
    zipfile.ZipFile(wheel).extractall(folder / "faker")
    sys.path.insert(0, str(folder / "faker"))
    words = collections.Counter()
    share = sum(LOCALES.values())
    for locale, part in LOCALES.items():
        person = importlib.import_module(f"faker.providers.person.{locale}").Provider
        men = getattr(person, "first_names_male", None) or person.first_names
        women = getattr(person, "first_names_female", None) or person.first_names
        last = getattr(person, "unisex_last_names", None) or person.last_names
        for names, portion in ((men, 0.5), (women, 0.5), (last, 1)):
            assert len(names) > 30, f"{locale} has no real names"
            for word, weight in weighted(names).items():
                words[word] += weight * portion * part / share / 3
    # Of interests, most are of the list, and some of what else English has: common words and what people do for a living.
    common = importlib.import_module("faker.providers.lorem.en_US").Provider.word_list
    jobs = importlib.import_module("faker.providers.job.en_US").Provider.jobs
    interests = (
        ({word: 1 / (rank + 40) for rank, word in enumerate(INTERESTS)}, 0.84),
        ([word for word in common if len(word) > 3], 0.08),
        ([word for job in jobs for word in words_of(job) if len(word) > 3], 0.08),
    )
    for names, portion in interests:
        for word, weight in weighted(names).items():
            words[word] += weight * portion / 3
    return words


def symbol(c):
    if "a" <= c <= "z":
        return LETTER + ord(c) - ord("a")
    if "0" <= c <= "9":
        return DIGIT
    return SIGN if c in "+-._@" else OTHER


def weight_of(letter):
    """Two, three, four, six, eight, twelve …"""
    at = ord(letter) - ord("A")
    return (2 + (at & 1)) << (at >> 1)


def letter_for(weight):
    """The letter whose weight is closest by ratio."""
    return min(LETTERS, key=lambda letter: abs(math.log(weight_of(letter) / max(weight, 1e-9))))


def pairs(words):
    counts = [[0.0] * SYMBOLS for _ in range(SYMBOLS)]
    for word, weight in words.items():
        symbols = [END, *map(symbol, word), END]
        for last, next_one in zip(symbols, symbols[1:]):
            counts[last][next_one] += weight
    # What the corpora do not have: digits, signs and other scripts, a little everywhere.
    for one in range(SYMBOLS):
        for rare in (SIGN, DIGIT, OTHER):
            counts[one][rare] += 0.004 * (1 + sum(counts[one])) / 10
            counts[rare][one] += 0.0004
    counts[OTHER][OTHER] += 0.1
    counts[DIGIT][DIGIT] += 0.02
    counts[END][OTHER] += 0.02
    counts[OTHER][END] += 0.02
    counts[END][END] = 0
    peak = max(map(max, counts))
    return ["".join(letter_for(count / peak * 16384) for count in row) for row in counts]


def steps(table, backward):
    """The probability of each symbol after each, as the code scales it."""
    rows = [[weight_of(letter) for letter in row] for row in table]
    if backward:
        rows = [list(column) for column in zip(*rows)]
    free = 4096 - SYMBOLS
    scaled = []
    for row in rows:
        sums = [at + sum(row[:at]) * free // sum(row) for at in range(SYMBOLS + 1)]
        scaled.append([(high - low) / 4096 for low, high in zip(sums, sums[1:])])
    return scaled


def spread(scaled, text, start=END):
    """How much of a node's interval letters give to what follows it."""
    width, last = 1.0, start
    for c in text:
        next_one = END if c == "$" else symbol(c)
        width *= scaled[last][next_one] / {SIGN: 8, DIGIT: 16}.get(next_one, 1)
        last = next_one
    return width


def popular(words, table):
    """Shares of the half for words, beginnings and endings to which their letters give much less than they need."""
    total = sum(words.values())
    words = {word: weight / total for word, weight in words.items() if re.fullmatch("[a-z]+", word)}
    readings = [steps(table, False), steps(table, True)]
    shares = {}
    letters = 1.0
    for _ in range(6):
        shares = {}
        for word, weight in words.items():
            width = min(spread(scaled, text + "$") for scaled, text in zip(readings, (word, word[::-1])))
            if weight >= WORD_LEAST and weight > RATIO * letters * width:
                shares[word] = weight * PART - letters * width
        for backward, scaled in enumerate(readings):
            fragments(words, shares, scaled, letters, backward)
        used = [sum(share for text, share in shares.items() if text[at] != "-") for at in (0, -1)]
        letters = 1 - min(0.48, max(used))
        print(f"shares: {len(shares)}, {used}, letters {letters:.3f}", file=sys.stderr)
    scale = min(1, 0.48 / max(used)) * 65536
    return "".join(text + letter_for(share * scale) for text, share in sorted(shares.items()))


def fragments(words, shares, scaled, letters, backward):
    """Adds beginnings (or endings), the short ones first, for what no word's share covers yet."""
    masses = collections.Counter()
    for word, weight in words.items():
        left = weight * (KIN if word in shares else 1)
        for size in range(1, min(len(word), FRAGMENT_MAX) + 1):
            masses[word[::-1][:size] if backward else word[:size]] += left
    own = {}
    for text, mass in sorted(masses.items(), key=lambda item: (len(item[0]), item[0])):
        if mass < FRAGMENT_LEAST:
            continue
        width = letters * spread(scaled, text)
        for size in range(1, len(text)):
            width += own.get(text[:size], 0) * spread(scaled, text[size:], symbol(text[size - 1]))
        if mass > RATIO * width:
            own[text] = mass * FRAGMENT_PART - width
    for text, share in own.items():
        shares["-" + text[::-1] if backward else text + "-"] = share


def lines(text, width=112):
    return "\\\n    ".join(text[at : at + width] for at in range(0, len(text), width))


def train(folder):
    words = training(folder)
    table = pairs(words)
    names = popular(words, table)
    rows = "\n".join(f'    b"{row}",' for row in table)
    (ROOT / "crates/proto/src/directory/letters.rs").write_text(f'''\
//! How often letters follow each other, and which words are popular. Made by tests/bench/words/words.py: not to be edited,
//! for a node with other tables puts words elsewhere.

/// The weight of each symbol of the balanced code after each other one, as letters: the end of a word (and its start), signs,
/// digits, a to z, anything else.
pub(super) const PAIRS: [&[u8; 30]; 30] = [
{rows}
];

/// Popular words, each with a letter for its share.
pub(super) const POPULAR: &str = "\\
    {lines(names)}";
''')


def people(folder):
    """Lines of a kind (first, last, interest), a word and its weight."""
    packages(folder, NAMES, HOBBIES)
    rows = []
    with tarfile.open(next(folder.glob("names-*.tar.gz"))) as archive:
        for kind, file in (("first", "male.first"), ("first", "female.first"), ("last", "all.last")):
            member = next(name for name in archive.getnames() if name.endswith(f"names/dist.{file}"))
            for line in archive.extractfile(member).read().decode().splitlines():
                name, percent = line.split()[:2]
                rows += [(kind, word, round(float(percent) * 1000)) for word in words_of(name)]
    source = zipfile.ZipFile(next(folder.glob("hobby_by_category-*.whl"))).read("hobby_by_category/data.py").decode()
    hobbies = ast.literal_eval(source[source.index("{") : source.rindex("}") + 1])
    counter = collections.Counter(
        word for entries in hobbies.values() for entry in entries for word in words_of(entry) if len(word) >= 4
    )
    rows += [("interest", word, count) for word, count in counter.items()]
    (folder / "people.tsv").write_text("".join(f"{kind}\t{word}\t{weight}\n" for kind, word, weight in rows if weight))


if __name__ == "__main__":
    {"train": train, "people": people}[sys.argv[1]](pathlib.Path(sys.argv[2]))
