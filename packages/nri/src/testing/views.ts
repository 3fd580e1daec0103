import { Container, type ContainerInit, PodSandbox, type PodSandboxInit } from "../schema/generated/nri/container.ts";
import { writeContainer, writePodSandbox } from "../schema/generated/nri/container.ts";
import { decode } from "../schema/view.ts";
import { encode } from "../schema/write.ts";

/** A pod as a handler sees it, for unit tests of what works on pods. */
export function podSandbox(init: PodSandboxInit): PodSandbox {
  return decode(PodSandbox, encode(writePodSandbox, init));
}

/** A container as a handler sees it, for unit tests of what works on containers. */
export function container(init: ContainerInit): Container {
  return decode(Container, encode(writeContainer, init));
}
