"""How every program of the release begins and ends: signals, refusals, exit codes.

Exit codes: 0 done; 1 it went wrong (what that left is said); 2 refused, nothing was changed; 3 the old version could not be
put back; 130, 143, 129 stopped by SIGINT, SIGTERM, SIGHUP, and put in order before.
"""

import signal
import sys
import time
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError, NoCredentialsError

from environment import LOCAL, Refusal

FAILED, REFUSED, NOT_PUT_BACK = 1, 2, 3
EXIT_CODES = """
exit codes: 0 done, 1 it went wrong, 2 refused (nothing was changed), 3 the old version could not be put back,
130 / 143 / 129 stopped by SIGINT / SIGTERM / SIGHUP"""
# What a cancelled workflow, Ctrl-C and a closed terminal send.
SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


class Interrupted(BaseException):
    """A signal asked the program to end. No Exception: nothing but its end catches it."""

    def __init__(self, number):
        super().__init__(signal.Signals(number).name)
        self.number = number


class Failed(Exception):
    """The program's work went wrong; the message is for whoever reads the log."""

    exit_code = FAILED


def say(text):
    """A line of progress."""
    print(f"{time.strftime('%H:%M:%S')}  {text}", file=sys.stderr, flush=True)


def interrupt(number, _frame):
    raise Interrupted(number)


@contextmanager
def undisturbed():
    """Putting things in order is not stopped half-way by a second signal."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run(work):
    """Ends the process as `work` ends."""
    for number in SIGNALS:
        signal.signal(number, interrupt)
    try:
        code = work()
    except Interrupted as interrupted:
        say(f"stopped by {interrupted}")
        code = 128 + interrupted.number
    except Refusal as refusal:
        say(f"refused: {refusal}")
        code = REFUSED
    except Failed as failed:
        say(f"FAILED: {failed}")
        code = failed.exit_code
    except EndpointConnectionError as error:
        url = error.kwargs.get("endpoint_url", "")
        if "127.0.0.1" in url or "localhost" in url:
            say(f"refused: nothing answers at {url}: start the platform with `target/debug/videoflow up` (ENV={LOCAL})")
        else:
            say(f"refused: {error}")
        code = REFUSED
    except NoCredentialsError:
        say("refused: there are no AWS credentials: set AWS_PROFILE, or log in")
        code = REFUSED
    except (BotoCoreError, ClientError) as error:
        say(f"FAILED: AWS refused: {error}")
        code = FAILED
    sys.exit(code)
