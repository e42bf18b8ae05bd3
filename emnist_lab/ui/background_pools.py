"""The server's work in the background: readings, neighbours, maps, pictures, words, intervals."""

from emnist_lab.evaluation.embedding import Projection
from emnist_lab.evaluation.neighbours import NearestNeighbours
from emnist_lab.handwriting.word_reader import WordPrediction
from emnist_lab.metrics.bootstrap import Intervals
from emnist_lab.metrics.report import Report
from emnist_lab.ui.background_task import Background
from emnist_lab.ui.server_wide import server_wide


@server_wide
def readings() -> Background[Report]:
    """What runs say of parts that they weren't measured on."""
    return Background("readings", 6, threads=2)


@server_wide
def neighbours() -> Background[NearestNeighbours]:
    """Training images in runs' own spaces: some hundred megabytes each, so few are kept."""
    return Background("neighbours", 2)


@server_wide
def maps() -> Background[Projection]:
    """Maps of test images; a small one needn't wait for the end of someone's large one."""
    return Background("maps", 24, threads=2)


@server_wide
def pictures() -> Background:
    """Pictures of pages, found and read: one at a time, for each takes a core for seconds."""
    return Background("pictures", 24)


@server_wide
def words() -> Background[WordPrediction]:
    """Words, told apart and read: each takes a core for some tenths of a second."""
    return Background("words", 256)  # one a stroke: nobody's may be pushed out by others'


@server_wide
def intervals() -> Background[Intervals]:
    """Intervals of runs' numbers."""
    return Background("intervals", 32)
