"""What a server says as it starts, and of its own defects."""

import logging
import socket

import pytest
import streamlit as st
from helpers import opened
from streamlit import config

from emnist_lab.ui import hosting


@pytest.fixture
def address():
    before = config.get_option("server.address"), config.get_option("client.showErrorDetails")
    yield lambda value: config.set_option("server.address", value)
    config.set_option("server.address", before[0])
    config.set_option("client.showErrorDetails", before[1])


@pytest.mark.parametrize(
    ("variable", "value"), [("EMNIST_LAB_MODE", "open"), ("EMNIST_LAB_UPLOADS", "perhaps")]
)
def test_a_wrong_setting_ends_the_server_with_its_name(monkeypatch, capsys, variable, value):
    monkeypatch.setenv(variable, value)
    with pytest.raises(SystemExit):
        hosting.prepare()
    assert f"error: ${variable} is '{value}'" in capsys.readouterr().err


def test_a_wrong_rate_of_the_api_ends_the_server_too(monkeypatch, capsys):
    monkeypatch.setenv("EMNIST_LAB_API_RATE", "often")
    with pytest.raises(SystemExit):
        hosting.routes()
    assert "error: $EMNIST_LAB_API_RATE" in capsys.readouterr().err


def test_ones_own_server_warns_where_others_reach_it(monkeypatch, capsys, address):
    for place, mode, warned in (
        ("localhost", "own", False),
        ("0.0.0.0", "own", True),
        ("0.0.0.0", "class", False),
    ):
        monkeypatch.setenv("EMNIST_LAB_MODE", mode)
        address(place)
        hosting.prepare()
        assert ("everyone who reaches this machine" in capsys.readouterr().err) is warned


@pytest.mark.parametrize(("mode", "hidden"), [("own", False), ("class", True), ("show", True)])
def test_a_defect_has_a_number_that_the_log_has_too(monkeypatch, caplog, mode, hidden):
    monkeypatch.setenv("EMNIST_LAB_MODE", mode)
    shown = []
    monkeypatch.setattr(st, "error", lambda text, **more: shown.append(text))
    with caplog.at_level(logging.ERROR):
        assert hosting.say_unexpected(ZeroDivisionError("/srv/lab/secret")) is hidden
    assert "/srv" not in shown[0] and "/srv/lab/secret" in caplog.text
    assert shown[0].split("number ")[1][:8] in caplog.text


def test_pages_and_api_are_one_application(home):
    assert [route.path for route in hosting.routes()] == ["/api", "/metrics"]
    assert not opened("home").exception  # a script that runs the file makes no second one


def test_what_is_accepted_sends_small_packets_at_once():
    with socket.socket(socket.AF_INET) as listening:  # as Streamlit makes its own
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        hosting.send_at_once()
        with socket.create_connection(listening.getsockname()):
            accepted, _ = listening.accept()
            with accepted:
                assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
