"""`pentimento vote`: a blind side-by-side page for the results of a comparison, and the count of its ballots."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from flows.cli.edit import Json
from flows.comparing.kept import ballots_of, keep_ballot, read_comparison
from flows.comparing.model import Comparison
from flows.comparing.votes import MOST_BYTES, BadBallot, PairVotes, box_of, counted, pairs_of
from flows.stored_run import store_of
from infra.settings import Settings
from infra.store.store import Store
from tasks.errors import BadRequest

CompareId = Annotated[
    str, typer.Argument(help="A comparison; see `pentimento compare`.", metavar="COMPARE_ID")
]
With = Annotated[
    tuple[str, str] | None,
    typer.Option("--with", metavar="A B", help="Two variants; default every pair of them."),
]
Serve = Annotated[
    bool, typer.Option("--serve", help="Show the page on this machine and take ballots there, until Ctrl-C.")
]
Port = Annotated[int, typer.Option("--port", min=0, max=65535, help="With --serve; default any free one.")]
Import = Annotated[
    list[Path] | None,
    typer.Option("--import", metavar="FILE", help="A ballot that the page saved. Repeatable."),
]
Count = Annotated[bool, typer.Option("--count", help="Only count what was voted so far.")]
Out = Annotated[str, typer.Option("--out", help="Where the page goes; default the home folder.")]
Seed = Annotated[int, typer.Option("--seed", help="Another order and other sides.")]
Most = Annotated[
    int, typer.Option("--most", min=1, max=500, help="Questions on the page, most telling first.")
]


def vote(
    compare_id: CompareId, pair: With = None, serve: Serve = False, port: Port = 0, ballots: Import = None,
    count: Count = False, out: Out = "", seed: Seed = 0, most: Most = 40, as_json: Json = False,
) -> None:  # fmt: skip
    """Make a voting page that does not say which result is whose; count the ballots that came of it."""
    if sum((serve, bool(ballots), count)) > 1:
        raise BadRequest("--serve, --import and --count were given together", cure="give one of them")
    settings = Settings()
    store = store_of(settings)
    comparison = read_comparison(store, compare_id)
    pairs = pairs_of(comparison, pair or ())
    if count or ballots:
        new = _import(store, comparison, ballots or ())
        _show_count(settings, store, comparison, new, as_json)
        return
    from flows.comparing.votes_page import voting_page

    if serve:

        def page(post_to: str) -> str:
            return voting_page(store, settings, comparison, pairs, seed=seed, most=most, post_to=post_to)

        new = _serve(store, comparison, port, page)
        _show_count(settings, store, comparison, new, as_json)
        return
    html = voting_page(store, settings, comparison, pairs, seed=seed, most=most)
    path = Path(out) if out else settings.home / "sheets" / f"vote-{box_of(comparison)[:12]}-{seed}.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(html, encoding="utf-8")
    if as_json:
        typer.echo(json.dumps({"comparison": comparison.id, "page": str(path.absolute())}))
    else:
        print(
            f"voting page  {path.absolute()}\ncount        pentimento vote {comparison.id} --import BALLOT.json"
        )


def _import(store: Store, comparison: Comparison, files: list[Path] | tuple[()]) -> int:
    """How many ballots are new. All are read before one is kept, and nothing is kept where one is refused."""
    from flows.comparing.votes import read_ballot

    read = [(path, _bounded(path)) for path in files]
    for path, data in read:
        try:
            read_ballot(data, comparison)
        except BadBallot as error:
            raise BadBallot(error.message, picture=str(path), cure=error.cure) from error
    return sum(keep_ballot(store, comparison, data)[1] for _, data in read)


def _bounded(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise BadBallot(f"{path} cannot be read: {error.strerror}", cure="name a ballot's file") from error


def _serve(store: Store, comparison: Comparison, port: int, page: Callable[[str], str]) -> int:
    """How many ballots came in."""
    from flows.comparing.votes_server import VoteServer

    came: list[bool] = []

    def take(data: bytes) -> str:
        ballot, new = keep_ballot(store, comparison, data)
        came.append(new)
        print(f"ballot of {len(ballot.votes)} vote(s) by {ballot.voter!r}", file=sys.stderr, flush=True)
        return "Kept. Thank you." if new else "This very ballot was here already, and counts once."

    try:
        server = VoteServer(take, port)
    except OSError as error:
        raise BadRequest(f"port {port} cannot be had: {error.strerror}", cure="leave out --port") from error
    try:
        server.page = page(server.post_to)
        print(f"vote at  {server.url}\nCtrl-C ends it", file=sys.stderr, flush=True)
        server.serve()
    except KeyboardInterrupt:
        print(file=sys.stderr)
    finally:
        server.close()
    return sum(came)


def _show_count(settings: Settings, store: Store, comparison: Comparison, new: int, as_json: bool) -> None:
    from flows.comparing.votes_tracked import track_votes

    kept = ballots_of(store, comparison)
    votes = counted(comparison, kept)
    if votes and new:
        track_votes(settings, comparison, votes)
    if as_json:
        typer.echo(json.dumps({
            "comparison": comparison.id, "ballots": len(kept), "new": new,
            "votes": [one.model_dump(mode="json") for one in votes],
        }, ensure_ascii=False))  # fmt: skip
    else:
        print_votes(comparison, votes, len(kept))


def print_votes(comparison: Comparison, votes: tuple[PairVotes, ...], ballots: int) -> None:
    """A row a pair."""
    console = Console(width=None if sys.stdout.isatty() else 120)
    table = Table(
        "pair", "better", "ties", "voters", "pictures", "share", "p", "says", box=None, pad_edge=False
    )
    for one in votes:
        share = "" if one.share_b is None else f"{one.b} {one.share_b:.0%} ({one.low:.0%} to {one.high:.0%})"
        says = {"a": f"{one.a} is preferred", "b": f"{one.b} is preferred"}.get(
            one.says, "no preference shown"
        )
        p = "" if one.p is None else f"{one.p:.3g}"
        table.add_row(
            f"{one.a} / {one.b}", f"{one.better_a} / {one.better_b}", str(one.ties), str(one.voters), str(one.pictures), share,
            p, says,
        )  # fmt: skip
    if votes:
        console.print(table)
    console.print(f"{comparison.id}: {ballots} ballot(s)", highlight=False, markup=False)
