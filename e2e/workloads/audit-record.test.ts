import { assert, property, string } from "fast-check";
import { expect, test } from "vitest";
import { parseAuditRecord } from "./audit-record.ts";

test("a denied path", () => {
  const line =
    'type=1423 audit(1795338533.165:5): domain=1f103b1bf blockers=fs.make_reg,fs.refer path="/root" dev="vda" ino=1224';
  expect(parseAuditRecord(line)).toEqual({
    kind: "denial",
    domain: "1f103b1bf",
    blockers: ["fs.make_reg", "fs.refer"],
    target: "/root",
  });
});

test("a denied port and a denied signal", () => {
  const connect = "type=1423 audit(1.2:3): domain=a blockers=net.connect_tcp daddr=127.0.0.1 dest=80";
  expect(parseAuditRecord(connect)).toMatchObject({ blockers: ["net.connect_tcp"], target: "80" });
  const signal = 'type=1423 audit(1.2:3): domain=a blockers=scope.signal opid=1 ocomm="init"';
  expect(parseAuditRecord(signal)).toMatchObject({ blockers: ["scope.signal"], target: "init" });
});

test("a domain's introduction", () => {
  const line =
    'type=1424 audit(1795338533.165:5): domain=1f103b1bf status=allocated mode=enforcing pid=300 uid=0 exe="/nono/nono" comm="nono"';
  expect(parseAuditRecord(line)).toEqual({ kind: "domain", domain: "1f103b1bf", pid: 300 });
});

test("other records are nothing", () => {
  expect(parseAuditRecord("type=0 started")).toBeUndefined();
  expect(parseAuditRecord("type=1424 audit(1.2:3): domain=1f103b1bf status=deallocated denials=3")).toBeUndefined();
  expect(parseAuditRecord("type=1005 audit(1.2:3): pid=1 uid=0 msg='x'")).toBeUndefined();
});

// audit_log_untrustedstring: hex when the text holds a quote, a blank or a control character.
function written(path: string): string {
  return /^[!#-~]*$/.test(path) ? `"${path}"` : Buffer.from(path).toString("hex").toUpperCase();
}

test("any path comes out as the kernel wrote it", () => {
  assert(
    property(string({ unit: "grapheme", minLength: 1 }), (name) => {
      const line = `type=1423 audit(1.2:3): domain=1 blockers=fs.execute path=${written(`/${name}`)} dev="vda" ino=1`;
      expect(parseAuditRecord(line)).toMatchObject({ target: `/${name}` });
    }),
  );
});

test("no text makes it throw", () => {
  assert(
    property(string(), (text) => {
      expect(() => parseAuditRecord(`type=1423 audit(1.2:3): ${text}`)).not.toThrow();
    }),
  );
});
