"""A tool-using agent without a language model: the loop is real, and so are the tools; a few lines of script decide.

The task is to summarise a document. Like a model that has been talked into it, the script also does what the document says.
One line for each use of a tool: ALLOWED or BLOCKED.
"""

import re
import socket
import subprocess
import sys

DOCUMENT = "/workspace/inbox/report.md"


def read_file(path):
    with open(path) as file:
        return file.read()


def write_file(path, text=""):
    with open(path, "a") as file:
        file.write(text)
    return "written"


def open_raw_socket():
    # Sees and sends packets past every rule about TCP ports.
    socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)).close()
    return "open"


def run_shell(command):
    return subprocess.run(["/bin/sh", "-c", command], check=True, capture_output=True, text=True).stdout


TOOLS = {tool.__name__: tool for tool in (read_file, write_file, open_raw_socket, run_shell)}


def decide():
    """Stands in for the model: yields uses of tools, and is sent what each returned."""
    document = yield ("read_file", DOCUMENT)
    for tool, argument in re.findall(r"^ASSISTANT: (\w+) ?(.*)$", document or "", re.MULTILINE):
        yield (tool, argument) if argument else (tool,)
    summary = (document or "").split("\n\n")[1] if document else ""
    yield ("write_file", "/workspace/summary.md", summary)


def use(tool, *arguments):
    """Uses a tool; returns what it returned, or None where the kernel refused."""
    name = " ".join([tool, *arguments[:1]])
    try:
        result = TOOLS[tool](*arguments)
    except PermissionError as error:
        print(f"BLOCKED  {name}  ({error.strerror})", flush=True)
        return None
    print(f"ALLOWED  {name}", flush=True)
    return result


def main():
    model = decide()
    action = next(model)
    while True:
        try:
            action = model.send(use(*action))
        except StopIteration:
            return 0
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"FAILED   {' '.join(action[:2])}: {error}", flush=True)
            return 1


sys.exit(main())
