/** What a Go runtime and a Go plugin (both NRI 0.12.5) said to each other, byte for byte: fixtures/frames.json. */
import { readFileSync } from "node:fs";

export interface CapturedFrame {
  /** Number in the capture. */
  readonly frame: number;
  readonly section: string;
  readonly from: "plugin" | "runtime";
  readonly bytes: Buffer;
}

export const capturedFrames: readonly CapturedFrame[] = read();

/** Copies of the captured frames with these numbers, in the order asked for. */
export function captured(...numbers: readonly number[]): Buffer[] {
  return numbers.map((number) => {
    const found = capturedFrames.find((each) => each.frame === number);
    if (found === undefined) throw new Error(`no captured frame ${number}`);
    return Buffer.from(found.bytes);
  });
}

function read(): CapturedFrame[] {
  const frames: (Omit<CapturedFrame, "bytes"> & { bytes: string })[] = JSON.parse(
    readFileSync(new URL("../../fixtures/frames.json", import.meta.url), "utf8"),
  );
  return frames.map((frame) => ({ ...frame, bytes: Buffer.from(frame.bytes, "hex") }));
}
