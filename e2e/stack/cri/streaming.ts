import { run } from "../command.ts";
import type { NodeDirectories } from "../directories.ts";
import { namespacePath } from "../network.ts";
import type { CriClient } from "./client.ts";

/** A streaming exec, as `kubectl exec` does it. */
export interface StreamingExec {
  command: string[];
  tty?: boolean;
  /** What is typed, which has to end the process; without it there is no standard input. */
  input?: string;
}

/** What came back. `error` is the runtime's, when the process did not start. */
export interface StreamingResult {
  exitCode: number | undefined;
  stdout: string;
  stderr: string;
  error: string | undefined;
}

/** Channels of Kubernetes' remote command protocol over WebSocket (k8s.io/apimachinery pkg/util/remotecommand). */
const channels = { stdin: 0, stdout: 1, stderr: 2, status: 3 } as const;

/** Runs a command over the runtime's streaming server and waits for its end. */
export async function streamingExec(
  cri: CriClient,
  directories: NodeDirectories,
  containerId: string,
  exec: StreamingExec,
): Promise<StreamingResult> {
  const url = await cri.execUrl(containerId, exec.command, exec.tty ?? false, exec.input !== undefined);
  // The streaming server listens on the loopback of containerd's own network namespace.
  const output = await run("nsenter", [
    `--net=${namespacePath(directories)}`,
    process.execPath,
    import.meta.filename,
    url.replace(/^http/, "ws"),
    JSON.stringify(exec.input ?? null),
  ]);
  return JSON.parse(output);
}

interface Status {
  status: "Success" | "Failure";
  message?: string;
  details?: { causes?: { reason: string; message: string }[] };
}

async function stream(url: string, input: string | null): Promise<StreamingResult> {
  const socket = new WebSocket(url, ["v4.channel.k8s.io"]);
  socket.binaryType = "arraybuffer";
  const received: Record<number, Buffer[]> = {};
  const ended = new Promise<void>((resolve, reject) => {
    socket.addEventListener("close", () => resolve());
    socket.addEventListener("error", () => reject(new Error(`the WebSocket ${url} failed`)));
  });
  socket.addEventListener("message", ({ data }) => {
    const [channel = 0, ...content] = Buffer.from(data);
    (received[channel] ??= []).push(Buffer.from(content));
  });
  socket.addEventListener("open", () => {
    if (input !== null) {
      socket.send(Buffer.concat([Buffer.of(channels.stdin), Buffer.from(input)]));
    }
  });
  await ended;
  const text = (channel: number): string => Buffer.concat(received[channel] ?? []).toString();
  const status: Status = JSON.parse(text(channels.status) || '{"status":"Failure","message":"no status"}');
  const cause = status.details?.causes?.find(({ reason }) => reason === "ExitCode");
  const exitCode = status.status === "Success" ? 0 : cause && Number(cause.message);
  const error = exitCode === undefined ? status.message : undefined;
  return { exitCode, stdout: text(channels.stdout), stderr: text(channels.stderr), error };
}

if (import.meta.main) {
  const [url = "", input = "null"] = process.argv.slice(2);
  console.log(JSON.stringify(await stream(url, JSON.parse(input))));
}
