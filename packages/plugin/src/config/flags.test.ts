import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseAddress, parseFlags, type Flags } from "./flags.ts";

const initial: Flags = {
  config: "/etc/nri/conf.d/10-nono-nri.toml",
  json: true,
  logLevel: "info",
  healthAddress: "",
  node: "",
  startupTaint: false,
  selfTestNote: "",
};

function flagsOf(...args: string[]): Flags {
  const result = parseFlags(args);
  if (result.kind !== "flags") throw new Error(result.text);
  return result.flags;
}

describe("flags in the syntax of Go", () => {
  test("none: the defaults", () => {
    expect(flagsOf()).toEqual(initial);
  });

  test.each([["-config", "/x.toml"], ["--config", "/x.toml"], ["-config=/x.toml"], ["--config=/x.toml"]])(
    "%s %s",
    (...args) => {
      expect(flagsOf(...args)).toEqual({ ...initial, config: "/x.toml" });
    },
  );

  test("a value may be empty, hold =, or begin with a dash", () => {
    expect(flagsOf("--config=").config).toBe("");
    expect(flagsOf("--config=a=b").config).toBe("a=b");
    expect(flagsOf("--config", "-json").config).toBe("-json");
  });

  test.each(["false", "0", "f", "F", "FALSE", "False"])("--json=%s is off", (value) => {
    expect(flagsOf(`--json=${value}`).json).toBe(false);
    expect(flagsOf(`-json=${value}`, "-json").json).toBe(true);
  });

  test("a boolean takes no value of its own: the next argument is positional and ends the flags", () => {
    expect(flagsOf("--json", "false", "--log-level", "debug")).toEqual(initial);
  });

  test.each(["positional", "-", "--"])("%j ends the flags", (end) => {
    expect(flagsOf("--log-level=debug", end, "--log-level=error").logLevel).toBe("debug");
  });

  test("--health-address is new", () => {
    expect(flagsOf("--health-address", ":9440").healthAddress).toBe(":9440");
  });
});

describe("what is wrong with them", () => {
  test.each([
    [["--bogus"], "flag provided but not defined: -bogus"],
    [["-bogus=1"], "flag provided but not defined: -bogus"],
    [["--config"], "flag needs an argument: -config"],
    [["---config", "x"], "bad flag syntax: ---config"],
    [["--=x"], "bad flag syntax: --=x"],
    [["--json=maybe"], 'invalid boolean value "maybe" for -json: parse error'],
  ])("%j", (args, text) => {
    const result = parseFlags(args);
    expect(result.kind).toBe("error");
    expect(result).toMatchObject({ text: expect.stringContaining(`${text}\nUsage of 10-nono-nri:\n`) });
  });

  test.each(["-h", "--help", "-help", "--h"])("%s shows the usage with every flag and its default", (flag) => {
    const result = parseFlags([flag]);
    expect(result.kind).toBe("help");
    expect(result).toMatchObject({
      text: expect.stringMatching(
        /-config string\n.*default "\/etc.*-health-address.*-json\n.*default true.*-log-level/s,
      ),
    });
  });
});

test("property: no arguments make it throw, and what it accepts it read", () => {
  const argument = fc.oneof(fc.string(), fc.constantFrom("-json", "--config", "-log-level=x", "--", "-", "-json=0"));
  fc.assert(
    fc.property(fc.array(argument), (args) => {
      expect(["flags", "help", "error"]).toContain(parseFlags(args).kind);
    }),
  );
  fc.assert(
    fc.property(fc.string(), fc.constantFrom("-", "--"), (value, dashes) => {
      expect(flagsOf(`${dashes}config=${value}`).config).toBe(value);
      expect(flagsOf(`${dashes}config`, value).config).toBe(value);
    }),
  );
});

describe("health address", () => {
  test.each([
    [":9440", { host: "", port: 9440 }],
    ["127.0.0.1:80", { host: "127.0.0.1", port: 80 }],
    ["localhost:0", { host: "localhost", port: 0 }],
    ["[::1]:80", { host: "::1", port: 80 }],
  ])("%s", (address, parsed) => {
    expect(parseAddress(address)).toEqual(parsed);
  });

  test.each(["9440", "::1:80", "host:", "host:port", "host:65536", "[::1]", "http://x:80", ""])(
    "%j is none",
    (address) => {
      expect(() => parseAddress(address)).toThrow(/^invalid health address/);
    },
  );
});
