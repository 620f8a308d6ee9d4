"""TLS in front of a server that has none, with a certificate for ``localhost`` that is not trusted yet."""

from __future__ import annotations

import contextlib
import datetime
import selectors
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


def make_certificate(folder: Path, *, days: tuple[int, int] = (-1, 1)) -> tuple[Path, Path]:
    """Write a certificate and its key to files, unless they are there; return their paths.

    Args:
        folder: where to
        days: from when until when it is valid, in days from now
    """
    paths = folder / "certificate.pem", folder / "key.pem"
    if paths[0].exists():
        return paths
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + datetime.timedelta(days=days[0]))
        .not_valid_after(now + datetime.timedelta(days=days[1]))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return paths


@contextlib.contextmanager
def tls_in_front_of(
    port: int, folder: Path, *, days: tuple[int, int] = (-1, 1)
) -> Iterator[tuple[int, Path]]:
    """Relay TLS connections to a port of this machine for the length of a ``with`` block.

    Args:
        port: the port
        folder: where the certificate is made, unless there is one
        days: from when until when it is valid, in days from now

    Yields:
        the port to connect to, and the path of the certificate
    """
    certificate, key = make_certificate(folder, days=days)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        accepting = threading.Thread(target=_accept, args=(listener, context, port))
        accepting.start()
        try:
            yield listener.getsockname()[1], certificate
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            accepting.join()


def _accept(listener: socket.socket, context: ssl.SSLContext, port: int) -> None:
    relays = []
    with contextlib.suppress(OSError):  # the listener was shut down
        while True:
            plain, _ = listener.accept()
            relay = threading.Thread(target=_relay, args=(plain, context, port))
            relay.start()
            relays.append(relay)
    for relay in relays:
        relay.join()


def _relay(plain: socket.socket, context: ssl.SSLContext, port: int) -> None:
    with (
        plain,
        contextlib.suppress(OSError),  # a client that does not trust the certificate closes the connection
        context.wrap_socket(plain, server_side=True) as outside,
        socket.create_connection(("127.0.0.1", port)) as inside,
    ):
        relay(outside, inside)


def relay(outside: socket.socket, inside: socket.socket) -> None:
    """Send on what each of two sockets receives, until one of them is closed."""
    with selectors.DefaultSelector() as selector:
        selector.register(outside, selectors.EVENT_READ, inside)
        selector.register(inside, selectors.EVENT_READ, outside)
        while True:
            for ready, _ in selector.select():
                data = ready.fileobj.recv(65536)  # type: ignore[union-attr]
                if not data:
                    return
                ready.data.sendall(data)
