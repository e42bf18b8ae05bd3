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

    assert popovers(script) == [
        "About this data|A re-partition.|Another.",
        "Generated images: about this run|Made by a model.",
    ]
