#!/usr/bin/env python3
"""Receives VideoFlow's events and keeps a catalogue of videos by them, in SQLite. Python's standard library only.

It shows what a receiver owes: who has no key is refused; an event that comes again changes nothing; one that comes late does not
overwrite a newer one; what could not be handled is answered with an error, so that it comes again. TLS is the business of what
stands before it.
"""

import argparse
import hmac
import json
import os
import sqlite3
import sys
from contextlib import closing, suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer

# An event has less than 32 KiB (docs/events.md).
BODY_LIMIT = 64 * 1024

TABLES = """
CREATE TABLE IF NOT EXISTS events (id TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS videos (id TEXT PRIMARY KEY, source TEXT, state TEXT, brief TEXT, time TEXT);
"""


def handle(catalogue, event):
    """Writes an event into the catalogue; says whether it was a new one. All of it or nothing."""
    detail = event["detail"]
    brief = detail["brief"] if event["detail-type"] == "VideoPublished" else None
    with catalogue:
        new = catalogue.execute("INSERT OR IGNORE INTO events VALUES (?)", [event["id"]]).rowcount
        if new:
            row = [detail["videoId"], detail["source"]["key"], event["detail-type"], brief, event["time"]]
            catalogue.execute(
                "INSERT INTO videos VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
                " state = excluded.state, brief = excluded.brief, time = excluded.time WHERE excluded.time >= time",
                row,
            )
    return bool(new)


class Receiver(BaseHTTPRequestHandler):
    """Takes one event a request."""

    timeout = 10
    catalogue_path = "catalogue.sqlite"
    api_key = ""

    def do_POST(self):
        if not hmac.compare_digest(self.headers.get("x-api-key", "").encode(), self.api_key.encode()):
            return self.answer(HTTPStatus.UNAUTHORIZED, "no key, or another one")
        length = self.headers.get("content-length", "")
        if not length.isdigit() or int(length) > BODY_LIMIT:
            return self.answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"more than {BODY_LIMIT} bytes, or of unknown length")
        try:
            event = json.loads(self.rfile.read(int(length)))
            with closing(sqlite3.connect(self.catalogue_path)) as catalogue:
                is_new = handle(catalogue, event)
        except (KeyError, TypeError, ValueError) as error:
            return self.answer(HTTPStatus.BAD_REQUEST, f"no event of VideoFlow: {error!r}")
        except sqlite3.Error as error:
            return self.answer(HTTPStatus.SERVICE_UNAVAILABLE, f"not kept: {error}")
        return self.answer(HTTPStatus.OK, "kept" if is_new else "known already")

    def answer(self, status, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("content-type", "text/plain; charset=utf-8")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0], epilog="The key is WEBHOOK_API_KEY.")
    parser.add_argument("--port", type=int, default=8080, help="on this machine; 0: any that is free (default 8080)")
    parser.add_argument("--catalogue", default="catalogue.sqlite", help="file of the catalogue (default catalogue.sqlite)")
    options = parser.parse_args()
    Receiver.api_key = os.environ.get("WEBHOOK_API_KEY", "")
    Receiver.catalogue_path = options.catalogue
    if not Receiver.api_key:
        sys.exit("WEBHOOK_API_KEY is not set: without a key anybody could write")
    with closing(sqlite3.connect(options.catalogue)) as catalogue:
        catalogue.executescript(TABLES)
    server = HTTPServer(("127.0.0.1", options.port), Receiver)
    print(f"listening on http://127.0.0.1:{server.server_port}/", flush=True)
    with suppress(KeyboardInterrupt):
        server.serve_forever()


if __name__ == "__main__":
    main()
