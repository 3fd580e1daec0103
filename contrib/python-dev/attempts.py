"""Attempts what a Python developer does, and what a bad package would do. One line each: ALLOWED or BLOCKED."""

import json
import os
import subprocess
import sys

HOME = os.path.expanduser("~")


def read(path):
    with open(path, "rb") as file:
        file.read(1)


def write(path):
    """Opens for writing without changing what is there; a new file is removed again."""
    new = not os.path.exists(path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "ab"):
        pass
    if new:
        os.remove(path)


def start(program):
    subprocess.run(program.split(), check=True, stdout=subprocess.DEVNULL)


ATTEMPTS = [
    (start, "python3 --version"),
    (read, "/etc/passwd"),
    (write, "/app/output.txt"),
    (write, "/tmp/scratch"),
    (write, f"{HOME}/.cache/pip/wheel"),
    (read, "/etc/shadow"),
    (read, f"{HOME}/.ssh/id_ed25519"),
    (read, "/var/run/secrets/kubernetes.io/serviceaccount/token"),
    (write, "/etc/hosts"),
    (write, "/usr/local/bin/exploit"),
    (write, json.__file__),
    (write, f"{HOME}/.ssh/authorized_keys"),
]

failed = False
for attempt, what in ATTEMPTS:
    name = f"{attempt.__name__} {what}"
    try:
        attempt(what)
        print(f"ALLOWED  {name}", flush=True)
    except PermissionError as error:
        print(f"BLOCKED  {name}  ({error.strerror})", flush=True)
    except (OSError, subprocess.CalledProcessError) as error:
        failed = True
        print(f"FAILED   {name}: {error}", flush=True)
sys.exit(failed)
