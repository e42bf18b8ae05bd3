"""The button that opens where something comes from."""

from streamlit.testing.v1 import AppTest


def popovers(script) -> list[str]:
    app = AppTest.from_function(script).run()
    assert not app.exception
    return [
        f"{one.proto.popover.label}|{'|'.join(text.value for text in one.markdown)}"
        for one in app.main.children.values()
    ]


def test_what_is_to_be_known_is_behind_a_button_and_generated_images_are_named_on_it():
    def script():
        from emnist_lab.ui import provenance

        provenance.show("A re-partition.", "", "Another.")
        provenance.show("Made by a model.", about="this run", generated=True)
        provenance.show("", "")
        provenance.show("Measured: 9 images; not the official split.", about="these figures")
        provenance.show("Trained: 9 images; not the official split.", about="this run")
        provenance.show("My drawings.", "Trained: not the official split.", about="these figures")

    assert popovers(script) == [
        "About this data|A re-partition.|Another.",
        "Generated images: about this run|Made by a model.",
        "Re-partition: about these figures|Measured: 9 images; not the official split.",
        "About this run|Trained: 9 images; not the official split.",
        "About these figures|My drawings.|Trained: not the official split.",
    ]
