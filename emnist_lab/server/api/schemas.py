"""What requests and answers hold, for the OpenAPI document; tests hold answers against it."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Pixel = Annotated[int, Field(ge=0, le=255)]
Image = Annotated[
    list[Annotated[list[Pixel], Field(min_length=28, max_length=28)]],
    Field(min_length=28, max_length=28, description="Rows from the top; 0 is paper, 255 is ink."),
]
Probability = Annotated[float, Field(ge=0, le=1)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class Strokes(_Model):
    """A drawing: what a pen wrote between touching and leaving the surface."""

    strokes: list[list[tuple[float, float]]] = Field(
        description="Points (x, y) of each stroke, in any unit; y grows down."
    )
    pen_width: float = Field(20, description="In the same unit; it tells a dot from a character.")


class OneImage(_Model):
    """An image as EMNIST has them: upright, ink bright on black."""

    image: Image


class SeveralImages(_Model):
    """Images as EMNIST has them."""

    images: Annotated[list[Image], Field(min_length=1, max_length=256)]


class ClassProbability(_Model):
    """How likely a class is."""

    label: str = Field(alias="class")
    probability: Probability


class Reading(_Model):
    """What a run says of one character."""

    label: str = Field(alias="class", description="The likeliest.")
    probability: Probability
    top: list[ClassProbability] = Field(description="The likeliest classes, likeliest first.")
    probabilities: dict[str, Probability] = Field(
        description="Of every class that it may be; they sum to 1."
    )


class _OfRun(_Model):
    run: str
    trained_on: str
    generated: bool = Field(
        description="Whether the run was made from generated images, which no person wrote."
    )


class Prediction(_OfRun, Reading):
    """The reading of one character."""


class Predictions(_OfRun):
    """Readings of several images, in their order."""

    predictions: list[Reading]


class PageCharacter(_Model):
    """A character on a page."""

    box: tuple[int, int, int, int] = Field(
        description="Left, top, right, bottom in pixels of the upright picture."
    )
    top: list[ClassProbability]
    space_before: bool
    may_be_joined: bool = Field(description="Whether it may be several characters.")


class CharacterInContext(_Model):
    """What a character is by its company."""

    character: str
    probability: Probability


class PageInContext(_Model):
    """A page read by neighbours and heights too."""

    text: str
    lines: list[list[CharacterInContext]]


class PageWarning(_Model):
    """What a person should know about a page, and what helps."""

    kind: str
    sentence: str


class PageGrid(_Model):
    """A grid that was read cell by cell."""

    rows: int
    columns: int
    table: list[list[str]] = Field(description="What stands in each cell; empty ones are empty.")


class Page(_OfRun):
    """The characters on a picture, in reading order."""

    size: tuple[int, int] = Field(description="Width and height of the upright picture.")
    text: str
    lines: list[list[PageCharacter]]
    read_as: str | None = Field(
        description="Characters that it was read as unasked, since it is evidently nothing else."
    )
    suggestion: str | None = Field(
        description="Characters that it may be meant as, as in classes=digits, where nearly all "
        "of it is read so."
    )
    in_context: PageInContext | None = Field(None, description="Where context was asked for.")
    turned: int = Field(
        description="Degrees clockwise that the picture was turned by; boxes are in the turned one."
    )
    confidence: float = Field(description="The share of the characters that is probably right.")
    warnings: list[PageWarning]
    grid: PageGrid | None = Field(description="Where the characters were read cell by cell.")


class RunSummary(BaseModel):
    """A run, what it was trained on, and its scores by name beside that."""

    model_config = ConfigDict(extra="allow")
    run: str
    recipe: str
    split: str | None
    train_images: int
    trained_on: str
    generated: bool
    shipped: bool
    created: str
    bytes: int


class RunDetails(RunSummary):
    """A run with what it reads, and how it was made."""

    title: str
    classes: list[str]
    answers_for: str = Field(description="Class frequencies that it answers for.")
    measured_on: str | None
    seed: int | None
    hyperparameters: dict[str, Any]
    own: bool = Field(description="Whether who asks may change it.")


class Runs(_Model):
    """Runs that who asks sees."""

    runs: list[RunSummary]
    problems: list[str] = Field(description="What can't be used, and why; for operators.")


class ConfusedPair(BaseModel):
    """A class that is taken for another."""

    model_config = ConfigDict(extra="allow")
    true: str
    predicted: str
    count: int
    of: int


class Confusion(_OfRun):
    """Confusion matrix on the test images that the run was measured on."""

    data: str
    images: int
    accuracy: Probability
    classes: list[str]
    matrix: list[list[int]] = Field(
        description="Row: the true class; column: what it was read as; both as in classes."
    )
    confused_pairs: list[ConfusedPair]


class Samples(_Model):
    """Labelled images of a dataset."""

    data: str = Field(description="Name of the dataset.")
    name: str = Field(description="What the part is, honestly.")
    generated: bool = Field(description="Whether a model made these images, and no person.")
    split: str
    part: str
    classes: list[str]
    seed: int
    labels: list[str] = Field(description="The true class of each image.")
    indices: list[int] = Field(description="Place of each image in its part.")
    images: list[Image]


Line = Annotated[str, Field(max_length=400, pattern=r"^[^\x00-\x1f]*$")]


class TrainRequest(BaseModel):
    """What to train."""

    model_config = ConfigDict(extra="forbid", strict=True)
    recipe: Line = Field(examples=["hog-qda"])
    split: Line = "balanced"
    images: int | None = Field(None, ge=1, description="Training images; all by default.")
    seed: int = Field(25, ge=0, lt=2**32)
    data: Line | None = Field(
        None, description="Name of a dataset: demo, or an import; the server's own by default."
    )
    name: Line | None = Field(None, description="Of the run; made up by default.")
    classes: Line | None = Field(None, description="Only these characters, as in 0OQ.")
    hyperparameters: dict[Line, Line | int | float | bool] = Field(
        {}, description="Changed ones of the recipe, by scikit-learn's name."
    )
    handwriting: Literal["own", "all"] | None = Field(
        None, description="Whose kept drawings are added."
    )
    repeat: int = Field(1, ge=1, le=1000, description="How often each of these counts.")
    add_split: Line | None = Field(None, description="Whose training images are added.")
    prior: Line | None = Field(
        None, description="Class frequencies: equal, training, or given ones, as in O=3,0=0.5."
    )


class Job(_Model):
    """Work that was asked for."""

    key: str
    state: Literal["queued", "running", "done", "failed", "cancelled", "interrupted"]
    kind: Literal["train", "curve", "sweep", "fetch"]
    spec: dict[str, Any]
    place: int = Field(description="Jobs that come before it.")
    stage: str = Field(description="What it does, or did last, in words.")
    elapsed: float = Field(description="Seconds since it began.")
    remaining: float | None = Field(description="Seconds that it may still take, where known.")
    result: str | None = Field(description="Name of the finished run.")
    message: str = Field(description="Why it failed.")
    submitted: str = Field(description="Time, ISO 8601.")


class JobDetails(Job):
    """Work that was asked for, with its learning curve so far."""

    curve: list[dict[str, float | None]] = Field(description="Step, loss and score.")


class Jobs(_Model):
    """Jobs of who asks, newest first; of everybody for operators."""

    jobs: list[Job]


class Health(_Model):
    """That the server answers."""

    status: Literal["ok"]
    version: str


class ProblemDetails(BaseModel):
    """A refusal (RFC 9457)."""

    model_config = ConfigDict(extra="allow")
    type: str
    title: str
    status: int
    detail: str = Field(description="One sentence, with its remedy.")
