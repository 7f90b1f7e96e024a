"""The voting server on this machine: its own page gets in, everything else gets nothing."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.comparing.kept import ballots_of, keep_ballot
from flows.comparing.model import Comparison
from flows.comparing.votes import MOST_BYTES
from flows.comparing.votes_server import VoteServer
from infra.store.contract import Unavailable
from infra.store.store import Store
from tests.flows.voting.made import comparison, stored
from tests.flows.voting.test_ballots import RICH, ballot


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return stored(tmp_path)


@pytest.fixture
def compared(store: Store) -> Comparison:
    return comparison(store)


@pytest.fixture
def server(store: Store, compared: Comparison) -> Iterator[VoteServer]:
    made = VoteServer(lambda data: "new" if keep_ballot(store, compared, data)[1] else "again")
    made.page = "<p>the page</p>"
    thread = threading.Thread(target=made.serve)
    thread.start()
    yield made
    made.stop()
    thread.join(5)


def ask(
    server: VoteServer, method: str, path: str, body: bytes | None = None, **headers: str
) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    reply = connection.getresponse()
    found = reply.status, reply.read().decode()
    connection.close()
    return found


def test_it_listens_on_this_machine_alone(server: VoteServer) -> None:
    assert server._server.server_address[0] == "127.0.0.1"


def test_the_page_is_shown_to_who_has_its_address(server: VoteServer) -> None:
    assert ask(server, "GET", f"/{server.token}/") == (200, "<p>the page</p>")


def test_a_ballot_is_kept_once(server: VoteServer, store: Store, compared: Comparison) -> None:
    data = ballot(compared, RICH, RICH)
    said = [ask(server, "POST", server.post_to, data, Content_Type="application/json") for _ in range(2)]
    assert said == [(200, '{"said": "new"}'), (200, '{"said": "again"}')]
    assert [one.voter for one in ballots_of(store, compared)] == ["Ada"]


@pytest.mark.parametrize(
    "path",
    ["/", "/{t}", "/{t}/../../etc/passwd", "/{t}/%2e%2e/%2e%2e/etc/passwd", "/{t}//etc/passwd", "/{t}/ballot", "/wrong/",
     "/{t}/?x=1", "/{t}\\..\\x"],
)  # fmt: skip
def test_no_other_address_answers(path: str, server: VoteServer) -> None:
    assert ask(server, "GET", path.format(t=server.token))[0] == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1:1"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
def test_another_sites_page_is_refused(
    headers: dict[str, str], server: VoteServer, store: Store, compared: Comparison
) -> None:
    data = ballot(compared, RICH)
    status, _ = ask(server, "POST", server.post_to, data, Content_Type="application/json", **headers)
    assert status == 403
    assert ask(server, "GET", f"/{server.token}/", **headers)[0] == 403
    assert ballots_of(store, compared) == ()


def test_its_own_page_is_not_refused(server: VoteServer, compared: Comparison) -> None:
    origin = f"http://127.0.0.1:{server.port}"
    assert (
        ask(
            server,
            "POST",
            server.post_to,
            ballot(compared, RICH),
            Content_Type="application/json",
            Origin=origin,
        )[0]
        == 200
    )


def test_hostile_bodies_are_refused_and_the_server_lives_on(
    server: VoteServer, store: Store, compared: Comparison
) -> None:
    good = ballot(compared, RICH)

    def post(body: bytes, **headers: str) -> int:
        given = {"Content_Type": "application/json", **headers}
        return ask(server, "POST", server.post_to, body, **given)[0]

    assert post(b"\x00" * 100) == 400
    assert post(good.replace(b"tie", b"x"), Content_Type="text/plain") == 415
    assert post(b"", Content_Length=str(MOST_BYTES + 1)) == 413
    assert post(b"", Content_Length="9" * 30) == 413
    assert post(b"", Content_Length="-1") == 411
    assert ask(server, "PUT", server.post_to, good)[0] == 501
    assert ballots_of(store, compared) == ()
    assert post(good) == 200


def test_a_store_that_is_down_is_said_and_loses_no_server(compared: Comparison) -> None:
    def down(_: bytes) -> str:
        raise Unavailable("the store sleeps")

    server = VoteServer(down)
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        status, said = ask(
            server, "POST", server.post_to, ballot(compared, RICH), Content_Type="application/json"
        )
        assert status == 503
        assert "sleeps" not in json.loads(said)["said"]
    finally:
        server.stop()
        thread.join(5)


def test_tokens_are_drawn_for_each_server() -> None:
    one, two = VoteServer(lambda _: ""), VoteServer(lambda _: "")
    one.close()
    two.close()
    assert one.token != two.token
    assert len(one.token) >= 32
