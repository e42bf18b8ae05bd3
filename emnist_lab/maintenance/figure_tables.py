"""Tables in Markdown of what `bench` measures, a function a section.

A figure is a number, or the smallest and the largest of several.
"""

from collections.abc import Callable, Iterable

from ..models.catalog import REFERENCE

Cell = float | list | None  # a number, or the smallest and the largest of several
Columns = tuple[tuple[str, str, str], ...]  # key, heading, format


def _text(value: Cell, form: str) -> str:
    """A cell of a table.

    >>> _text(0.84512, "{:.3f}"), _text([1, 3], "{:.0f} ms"), _text(None, "{}")
    ('0.845', '1 to 3 ms', '–')
    """
    if value is None:
        return "–"
    if not isinstance(value, list):
        return form.format(value)
    low, high = value
    return f"{form.split('}')[0]}}} to {form}".format(low, high)


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = list(head)
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def by_row(first: str, figures: dict[str, dict], columns: Columns) -> str:
    """A table with a row for each key of `figures`, and the columns that any of them has.

    Parameters
    ----------
    first : str
        Heading of the first column, which holds the keys.
    figures : dict
        Key -> figures by name.
    columns : tuple of (str, str, str)
        Name, heading and format of each.

    Returns
    -------
    str
        In Markdown.

    Examples
    --------
    >>> print(by_row("run", {"mine": {"accuracy": 0.5}}, (("accuracy", "right", "{:.1%}"),)))
    | run | right |
    | --- | --- |
    | mine | 50.0% |
    <BLANKLINE>
    """
    shown = [one for one in columns if any(one[0] in row for row in figures.values())]
    return _table(
        [first, *(heading for _, heading, _ in shown)],
        (
            [name, *(_text(row.get(key), form) for key, _, form in shown)]
            for name, row in figures.items()
        ),
    )


def _range(values: Iterable[Cell]) -> Cell:
    """Smallest and largest of values, or the value that they all are."""
    every = [one for value in values for one in (value if isinstance(value, list) else [value])]
    low, high = min(every), max(every)
    return low if low == high else [low, high]


def _features(figures: dict) -> str:
    speed = _text(figures["images a second"], "{:,.0f} images a second")
    return f"All {figures['images']:,} training images in one call: {speed}.\n"


def _auc(figures: dict) -> str:
    return (
        "Every average of ROC AUC and the matrix of pairs, 47 classes and 18,800 rows, beside "
        'scikit-learn\'s `roc_auc_score(multi_class="ovo")`: '
        f"{_text(figures['ratio'], '{:.0f} times')} faster; the one number that both give differs "
        f"by {_text(figures['difference'], '{:.0e}')}.\n"
    )


_DRAWINGS: Columns = (
    ("labelled", "drawings", "{:,}"),
    ("accuracy", "read right", "{:.3f}"),
    ("top3_accuracy", "among the first three", "{:.3f}"),
    ("alike_accuracy", "look-alikes count as one", "{:.3f}"),
    ("log_loss", "log loss", "{:.3f}"),
    ("calibration_error", "calibration error", "{:.3f}"),
    ("same answer", "same answer after a change", "{:.3f}"),
    ("always the same", "after all of eight", "{:.3f}"),
    ("median_ms", "strokes to probabilities, median", "{:.1f} ms"),
)


def _drawings(figures: dict) -> str:
    return (
        "Read as the Draw page reads them, 80 to 240 pixels high or wide, anywhere on the canvas. "
        "Look-alikes are {0 O}, {1 I L}, {9 g q} and {F f}. A change moves a drawing by up to 80 "
        "pixels, scales it 0.4 to 1 and draws it with another pen; each drawing is changed eight "
        "times.\n\n"
    ) + by_row("run", figures, _DRAWINGS)


_ADAPTED: Columns = (
    ("before", "before", "{:.3f}"),
    ("after", "after", "{:.3f}"),
    ("worst change", "least gain of a writer", "{:+.3f}"),
    ("after 10", "after 10 drawings", "{:.3f}"),
    ("worst change after 10", "worst change of a writer", "{:+.3f}"),
    ("adapt_s", "to learn, median", "{:.2f} s"),
    ("median_ms", "strokes to probabilities, median", "{:.1f} ms"),
)


def _adapted(figures: dict) -> str:
    learned, writers = (next(iter(figures.values()))[key] for key in ("learned", "writers"))
    return (
        f"{writers} writers. Learned from one drawing of each character ({learned:.0f} drawings), "
        "and from ten drawings of ten characters, 24 draws each; measured on the writer's other "
        "drawings of all characters.\n\n"
    ) + by_row("run", figures, _ADAPTED)


def _two_keys(first: str, figures: dict[str, dict[str, dict]], columns: Columns) -> str:
    rows = {f"{run} | {key}": row for run, some in figures.items() for key, row in some.items()}
    return by_row(f"run | {first}", rows, columns).replace("| --- |", "| --- | --- |", 1)


def _words(figures: dict) -> str:
    columns = (
        ("characters", "characters separated right", "{:.2f}"),
        ("read", "and read right", "{:.2f}"),
        ("alone", "read right when each stands alone", "{:.2f}"),
        ("words", "whole words separated right", "{:.2f}"),
    )
    return (
        "Words of two to six drawings by one writer; the gap between characters is in heights of a "
        "capital, 0 touches.\n\n"
    ) + _two_keys("words", figures, columns)


def _scans(figures: dict) -> str:
    columns = (
        ("characters", "characters", "{:,}"),
        ("found", "found", "{:.3f}"),
        ("false boxes", "false boxes", "{:.3f}"),
        ("in order", "in reading order", "{:.3f}"),
        ("spaces", "spaces right", "{:.3f}"),
        ("read", "found and read right", "{:.3f}"),
        ("find_s", "seconds to find", "{:.2f}"),
        ("read_s", "seconds to read", "{:.2f}"),
    )
    return "Generated pages of real pen strokes, 12 megapixels each.\n\n" + _two_keys(
        "page", figures, columns
    )


def _photos(figures: dict) -> str:
    columns = (
        ("characters", "characters", "{:,}"),
        ("found", "found", "{:.3f}"),
        ("right", "found and read right", "{:.3f}"),
        ("right of any class", "where all classes count", "{:.3f}"),
        ("right of digits", "where only digits count", "{:.3f}"),
        ("false boxes", "false boxes / characters", "{:.3f}"),
        ("seconds", "seconds", "{:.2f}"),
    )
    return (
        "Photographs of paper, boards and printed grids from public repositories, with their "
        "text. A page that is evidently all digits is read as digits, as the product reads it. "
        "Tesseract reads each in the best of its modes 3, 4, 6 and 11.\n\n"
    ) + _two_keys("picture", figures, columns)


def _scribbles(figures: dict) -> str:
    rows = [[kind, _text(share, "{:.3f}")] for kind, share in figures.items() if kind[-3:] != "_ms"]
    return _table(["images", "share that is refused"], rows)


def _browser(figures: dict) -> str:
    rows = []
    if figures.get("pages_s"):
        opened = _text(_range(figures["pages_s"].values()), "{:.1f} s")
        rows.append(["a page opened, to its first useful picture", opened])
    for key, what in (
        ("stroke_to_bars_ms", "mouse-up to new bars on Draw, two runs side by side"),
        ("stroke_to_bars_while_training_ms", "the same while another session trains on all cores"),
        ("cell_to_its_images_ms", "a click on a cell of the confusion matrix to its images"),
    ):
        if key in figures:
            rows.append([what, _text(figures[key]["median"], "{:.0f} ms")])
    return "Headless Chromium on the same machine as the server; medians.\n\n" + _table(
        ["what", "measured"], rows
    )


def _clicks(figures: dict) -> str:
    clicks = {name: row for name, row in figures.items() if name != "opens_s"}
    rows = [["opened", _text(figures["opens_s"]["median"], "{:.1f} s")]]
    rows += [[name, _text(row["median"], "{:.0f} ms")] for name, row in clicks.items()]
    return (
        "A test part as large as the official one (18,800 images, repeats of those at hand), until "
        "the page has answered; medians.\n\n"
    ) + _table(["what", "measured"], rows)


_API: Columns = (
    ("per_s", "requests a second", "{:.0f}"),
    ("median_ms", "median", "{:.0f} ms"),
    ("p95_ms", "95th percentile", "{:.0f} ms"),
    ("cpu_ms", "server's processor time for one", "{:.1f} ms"),
    ("batch", "images read together", "{:.1f}"),
    ("alone_ms", "median of one client alone", "{:.1f} ms"),
    ("stroke_ms", "a stroke on Draw meanwhile, median", "{:.0f} ms"),
    ("stroke_p95_ms", "its 95th percentile", "{:.0f} ms"),
)


def _api(figures: dict) -> str:
    return (
        "16 clients at once, which share the machine with the server; each sends one image of "
        "28×28 as numbers after the other.\n\n"
    ) + by_row("run", figures, _API)


_WAITS: Columns = (
    ("sessions", "sessions", "{:,}"),
    ("actions", "actions", "{:,}"),
    ("actions a second", "actions a second", "{:.1f}"),
    ("median_s", "median", "{:.2f} s"),
    ("p95_s", "95th percentile", "{:.2f} s"),
)


def _load(figures: dict) -> str:
    waits = {
        title: figures[key]
        for key, title in (
            ("closed loop", "one action after the other"),
            ("with thinking", "5 s between actions: clicks and strokes"),
            ("arrivals", "all come to Home within 10 s: to its pictures"),
            ("while training", "strokes, while a job trains on all cores"),
        )
        if key in figures
    }
    scripts = {
        action: _text(row["ms"], "{:.0f} ms") for action, row in figures["script_ms"].items()
    }
    memory = [["a session", _text(figures["memory"]["mb a session"], "{:.1f} MB")]]
    if "soak" in figures:
        about = figures["soak"]
        memory += [
            [f"growth in {about['minutes']:.0f} minutes of {about['sessions']} sessions",
             _text(about["growth"], "{:+.1%}")],
            ["after they left, of what it was before", _text(about["after / before"], "{:.2f}")],
        ]  # fmt: skip
    return (
        "Sessions without a browser, over Streamlit's websocket, on the same machine as the "
        "server, which runs as for a class.\n\n"
        + by_row("what", waits, _WAITS)
        + "\nProcessor time of the server for an action of one session alone:\n\n"
        + _table(scripts, [scripts.values()])
        + "\n"
        + _table(["memory of the server", "measured"], memory)
    )


_RECIPES: Columns = (
    ("time / reference", "fit / reference", "{:.3g}"),
    ("peak_GB", "peak memory", "{:.2f} GB"),
    ("accuracy", "accuracy", "{:.4f}"),
    ("roc_auc_ovo", "ROC AUC (OvO)", "{:.4f}"),
    ("model_MB", "model", "{:.2g} MB"),
    ("one_ms", "one image", "{:.2g} ms"),
    ("10,000_s", "10,000 images", "{:.2g} s"),
)


def _recipes(figures: dict) -> str:
    rows = {
        name: row | ({"peak_GB": row["peak_MB"] / 1e3} if "peak_MB" in row else {})
        for name, row in figures.items()
    }
    seconds = _text(figures[REFERENCE].get("fit_s"), "{:.0f} s")
    return (
        "Whole fits on all 99,090 images, features included, measured on 4,700, one process each; "
        "times and memory of the reference, and of what takes less than 20 s, are medians of "
        f"three. The reference, {REFERENCE}, takes {seconds}.\n\n"
    ) + by_row("recipe", rows, _RECIPES)


def _loading(figures: dict) -> str:
    columns = (
        ("images", "images", "{:,}"),
        ("first_s", "first time", "{:.1f} s"),
        ("again_s", "again", "{:.3f} s"),
        ("peak_of_first / array", "peak memory, in sizes of the array", "{:.2f}"),
    )
    return "About 40 MB of the peak are the same for every part.\n\n" + by_row(
        "split, train part", figures, columns
    )


def _orientation(figures: dict) -> str:
    columns = (
        ("1", "1 image", "{:.2%}"),
        ("5", "5 images", "{:.2%}"),
        ("20", "20 images", "{:.2%}"),
        ("100", "100 images", "{:.2%}"),
        ("5 of one class", "5 images of one class", "{:.2%}"),
        ("wrong though sure", "told with confidence, and wrong", "{:.2%}"),
    )
    return (
        "Share of random draws from a test part whose images are taken for transposed ones, by the "
        "number of images in a draw.\n\n"
    ) + by_row("split", figures, columns)


def _demo(figures: dict) -> str:
    apart = figures["distance_to_nearest_real_train_image"]

    def distances(key: str) -> str:
        return " / ".join(f"{apart[key][one]:.2f}" for one in ("minimum", "percentile_1", "median"))

    def pair(stem: str) -> str:
        return f"{figures[f'{stem}_generated']:.3f} / {figures[f'{stem}_real_test']:.3f}"

    alone = figures["hog_logistic_of_generated_reads_real_test"]
    return _table(
        ["what", "measured"],
        [
            ["`hog-qda`, trained on real images, reads generated / real test images",
             pair("shipped_hog_qda_reads")],
            [f"`hog-logistic`, trained on {figures['real_images_of_hog_logistic']:,} real images, "
             "reads generated / real test images", pair("hog_logistic_of_real_reads")],
            ["`hog-logistic`, trained on the generated train part alone, reads real test images",
             f"{alone:.3f}"],
            ["nearest real training image (pixels 0..1, Euclidean) of a generated image: least / "
             "1st percentile / median", distances("generated")],
            ["the same of a real test image", distances("real_test")],
        ],
    )  # fmt: skip


def _cluster(figures: dict) -> str:
    return _table(
        ["what", "measured"],
        [
            [f"{figures['fits']} fits of `hog-logistic` on {figures['images']:,} images, by two "
             "processes of this machine", f"{figures['here_s']:.0f} s"],
            ["the same by two workers of one thread each on loopback",
             f"{figures['cluster_s']:.0f} s, {figures['ratio']:.2f} times as long"],
            ["bytes that all processes sent, in sizes of the images times workers",
             f"{figures['bytes / (data × workers)']:.2f}"],
            ["largest difference of any score", f"{figures['largest difference']:.1g}"],
        ],
    )  # fmt: skip


# In the order in which they are read: key of `bench.SECTIONS` -> heading, and what writes it.
TABLES: dict[str, tuple[str, Callable[[dict], str]]] = {
    "drawings": ("Drawings", _drawings),
    "adapt": ("One hand learned", _adapted),
    "words": ("Words of drawings", _words),
    "scans": ("Pictures of pages", _scans),
    "photos": ("Pictures that people took", _photos),
    "scribbles": ("Scribbles refused as no character", _scribbles),
    "api": ("The JSON API", _api),
    "pages": ("The app in a browser", _browser),
    "clicks": ("Evaluate at the official size", _clicks),
    "load": ("A class on one server", _load),
    "cluster": ("A sweep on a cluster", _cluster),
    "recipes": ("Recipes beside the reference", _recipes),
    "features": ("Histograms of gradients", _features),
    "auc": ("ROC AUC", _auc),
    "loading": ("Loading", _loading),
    "orientation": ("Orientation told wrongly", _orientation),
    "demo": ("The demo set", _demo),
}
