import { describe, expect, test } from "vitest";
import { readNonoProfile } from "./nono-profile.ts";

const read = (profile: unknown) => readNonoProfile(JSON.stringify(profile));

describe("a profile in nono's format", () => {
  test("is usable as it is", () => {
    expect(read({ meta: { name: "web" }, filesystem: { read: ["/usr", "$HOME/.cache"] } })).toMatchObject({
      broken: undefined,
      volumes: "none",
      restrictsTcp: false,
    });
    expect(
      read({ workdir: { access: "none" }, network: { block: false, network_profile: null, allow_domain: [] } }),
    ).toMatchObject({
      broken: undefined,
      restrictsTcp: false,
    });
  });

  test.each([{ block: true }, { connect_port: [443] }, { open_port: [8080] }])("%o are TCP rules", (network) => {
    expect(read({ network })).toMatchObject({ broken: undefined, restrictsTcp: true });
  });

  test.each([
    [{ extends: "default" }, "home directory"],
    [{ extends: [] }, "home directory"],
    [{ workdir: { access: "readwrite" } }, "working directory"],
    [{ filesystem: { allow: ["$WORKDIR/x"] } }, "working directory"],
    [{ network: { network_profile: "developer" } }, "network_profile"],
    [{ network: { allow_domain: ["example.org"] } }, "allow_domain"],
    [{ network: { listen_port: [80] } }, "listen_port"],
    [[], "no object"],
    [null, "no object"],
  ])("%o cannot be used", (profile, reason) => {
    expect(read(profile).broken).toContain(reason);
  });

  test("text that is no JSON cannot be used", () => {
    expect(readNonoProfile("{").broken).toBeDefined();
  });
});
