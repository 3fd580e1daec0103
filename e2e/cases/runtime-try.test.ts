import { expect } from "vitest";
import { testWithRuntime } from "../fixtures.ts";
import { images } from "../stack/images/recipes.ts";
const test = testWithRuntime();
test("try", async ({ runSandboxedPod, runtime, node }) => {
  const pod = await runSandboxedPod({ annotations: { "nono.sh/profile": "workspace" }, volumes: [{ name: "scratch", kind: "emptyDir" }] });
  const container = await pod.startContainer({ name: "main", image: images.debian, command: ["sleep", "600"], workingDir: "/home/user", volumeMounts: [{ name: "scratch", mountPath: "/data" }] });
  console.log((await container.runtimeSpec()).process.args);
  for (const command of [["id"], ["cat", "/etc/shadow"], ["sh", "-c", "pwd; echo $$; cat /proc/self/status | grep -E 'Seccomp|NoNew'; touch /world/x"], ["nosuch"], ["/bin/nosuch"], ["/etc"], ["/etc/passwd"], [""], ["sh","-c","exit 7"]]) {
    console.log(command, await container.exec(...command).catch((e) => String(e)));
  }
  console.log(runtime.records());
  expect(1).toBe(1);
});
