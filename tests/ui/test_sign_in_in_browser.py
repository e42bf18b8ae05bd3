"""Signing in with a real OpenID Connect provider, which the test starts."""

import warnings

import pytest
import requests
from helpers import WAIT, press, settled

from emnist_lab.maintenance import browser
from emnist_lab.server.visitor import OPERATORS, SIGN_IN

TEACHER, STUDENT, CLAIMANT = "teacher@example.org", "student@example.org", "claimant"


@pytest.fixture(scope="module")
def provider():
    with warnings.catch_warnings(record=True):  # its library's, which no filter holds back
        import oidc_provider_mock as oidc

    people = [
        oidc.User(sub=TEACHER, claims={"email": TEACHER, "email_verified": True, "name": "Ada"}),
        oidc.User(sub=STUDENT, claims={"email": STUDENT, "email_verified": True}),
        # Says that the teacher's address is theirs, which their provider didn't verify.
        oidc.User(sub=CLAIMANT, claims={"email": TEACHER, "email_verified": False}),
    ]
    with oidc.run_server_in_thread(user_claims=people) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture(scope="module")
def course(provider, tmp_path_factory):
    """A class that wants its visitors to sign in."""
    home = tmp_path_factory.mktemp("course")
    secrets = home / "secrets.toml"
    port = browser.free_port()  # known before the server, for the provider sends people back there
    secrets.write_text(
        f'[auth]\nredirect_uri = "http://localhost:{port}/oauth2callback"\n'
        'cookie_secret = "of this test"\nclient_id = "emnist-lab"\nclient_secret = "x"\n'
        f'server_metadata_url = "{provider}/.well-known/openid-configuration"\n'
    )
    settings = {
        "EMNIST_LAB_HOME": str(home),
        "EMNIST_LAB_MODE": "class",
        OPERATORS: TEACHER,
        SIGN_IN: "required",
        "STREAMLIT_SECRETS_FILES": str(secrets),
    }
    with browser.server(settings, port=port):
        yield f"http://localhost:{port}"


def signed_in(chromium, course: str, who: str):
    page = chromium.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.set_default_timeout(WAIT)
    page.goto(f"{course}/data")
    page.get_by_text("for people with an account").wait_for()
    assert page.locator(".tile").count() == 0
    press(page, "Sign in")
    page.get_by_placeholder("sub").fill(who)
    page.get_by_role("button", name="Authorize", exact=True).click()
    page.locator(".tile").first.wait_for()
    page.get_by_test_id("stExpandSidebarButton").click()
    settled(page)
    return page


@pytest.mark.parametrize(("who", "manages"), [(TEACHER, 1), (STUDENT, 0), (CLAIMANT, 0)])
def test_who_signs_in_is_who_their_provider_says(chromium, course, who, manages):
    page = signed_in(chromium, course, who)
    page.get_by_role("button", name="Sign out").wait_for()
    assert page.get_by_text("You manage this server.").count() == manages
    page.goto(f"{course}/data")
    page.get_by_role("button", name="Import", exact=True).wait_for()
    settled(page)
    assert page.get_by_role("button", name="Use it", exact=True).count() == manages
    page.context.close()


def test_who_signs_out_sees_nothing_any_more(chromium, course):
    page = signed_in(chromium, course, STUDENT)
    press(page, "Sign out")
    page.wait_for_url("**/end_session**")  # the provider's, which asks once more
    page.goto(f"{course}/data")
    page.get_by_text("for people with an account").wait_for()
    assert page.locator(".tile").count() == 0
    page.context.close()


def test_programs_get_nothing_without_an_account(course):
    assert requests.get(f"{course}/api/v1/health", timeout=60).status_code == 200
    for key in (None, "a" * 32):
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        answer = requests.get(f"{course}/api/v1/runs", headers=headers, timeout=60)
        assert answer.status_code == 401 and "for people who sign in" in answer.json()["detail"]
