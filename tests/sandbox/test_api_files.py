"""Files: uploaded or given by their address, and read with a token."""

from __future__ import annotations

from pathlib import Path

from api_client import call, sdk, wxc
from flask import Flask, Response
from sandbox_world import World, make_bot

from webex_bot_auth.sandbox.http.server import HttpServer

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


def test_an_uploaded_file_is_read_with_the_token(world: World, tmp_path: Path) -> None:
    path = tmp_path / "ä picture.png"
    path.write_bytes(PNG)
    made = sdk(world.bot).messages.create(roomId=world.direct.id, text="look", files=[str(path)])
    (url,) = made.files
    answer = call(world.cloud, world.alice, f"GET {url}")
    assert (answer.content, answer.headers["Content-Type"]) == (PNG, "image/png")
    assert "picture.png" in answer.headers["Content-Disposition"]
    head = call(world.cloud, world.alice, f"HEAD {url}")
    assert (head.content, head.headers["Content-Length"]) == (b"", str(len(PNG)))
    assert head.headers["Content-Disposition"] == answer.headers["Content-Disposition"]


def test_others_do_not_read_it(world: World) -> None:
    upload = {"files": ("a.txt", b"secret", "text/plain")}
    made = call(world.cloud, world.bot, "POST /messages", data={"roomId": world.direct.id}, files=upload)
    (url,) = made.json()["files"]
    assert call(world.cloud, world.bob, f"GET {url}").status_code == 404
    assert call(world.cloud, world.bob, f"GET {url}", headers={"Authorization": ""}).status_code == 401
    assert call(world.cloud, world.alice, "GET /contents/nonsense").status_code == 404


def test_a_file_is_taken_from_its_address(world: World) -> None:
    app = Flask("files")
    app.add_url_rule("/plan.pdf", view_func=lambda: Response(b"%PDF", mimetype="application/pdf"))
    server = HttpServer(app, 0)
    server.start()
    try:
        address = f"http://127.0.0.1:{server.port}"
        made = wxc(world.bot).messages.create(room_id=world.direct.id, files=[f"{address}/plan.pdf"])
        gone = {"roomId": world.direct.id, "files": [f"{address}/gone.pdf"]}
        assert call(world.cloud, world.bot, "POST /messages", json=gone).status_code == 400
    finally:
        server.close()
    answer = call(world.cloud, world.alice, f"GET {made.files[0]}")
    assert (answer.content, answer.headers["Content-Type"]) == (b"%PDF", "application/pdf")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="plan.pdf"'


def test_a_message_has_one_file_at_most(world: World) -> None:
    two = [("files", ("a.txt", b"a", "text/plain")), ("files", ("b.txt", b"b", "text/plain"))]
    answer = call(world.cloud, world.bot, "POST /messages", data={"roomId": world.direct.id}, files=two)
    assert (answer.status_code, "one file" in answer.json()["message"].lower()) == (400, True)


def test_a_message_with_a_file_cannot_be_edited(world: World) -> None:
    upload = {"files": ("a.txt", b"a", "text/plain")}
    made = call(
        world.cloud, world.bot, "POST /messages", data={"roomId": world.direct.id}, files=upload
    ).json()
    body = {"roomId": world.direct.id, "text": "new"}
    assert call(world.cloud, world.bot, f"PUT /messages/{made['id']}", json=body).status_code == 400


def test_webex_bot_answers_a_message_with_a_file(world: World) -> None:
    with world.cloud.run_bot(make_bot(world.bot.token)):
        form = {"roomId": world.direct.id, "text": "hi with a file"}
        upload = {"files": ("a.txt", b"a", "text/plain")}
        made = call(world.cloud, world.alice, "POST /messages", data=form, files=upload).json()
        answer = world.cloud.wait_for_message(world.direct, person=world.bot)
    assert answer.text == "hello alice.adams@example.com, you said with a file"
    assert (answer.parent.id if answer.parent else "") == made["id"]
