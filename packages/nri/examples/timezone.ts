/** Gives the containers of a pod the time zone that the pod's annotation example.com/timezone names. */
import { NriError, NriPlugin } from "@kubefence/nri";

const { NRI_SOCKET } = process.env;
const plugin = new NriPlugin({
  name: "timezone",
  index: "30",
  ...(NRI_SOCKET === undefined ? {} : { socketPath: NRI_SOCKET }),
  handlers: {
    createContainer(pod, container, call) {
      const zone = pod.annotations.get("example.com/timezone");
      if (zone === undefined) return undefined; // not for us: the container stays as it is
      if (!isTimeZone(zone)) throw new NriError("REFUSED", `example.com/timezone: ${zone} is no time zone`);
      call.afterReply(() => console.log(`${pod.namespace}/${pod.name}/${container.name}: ${zone}`));
      return { adjust: { env: [{ key: "TZ", value: zone }] } };
    },
  },
});
plugin.on("error", (error) => console.error(`${error.code}: ${error.message}; ${error.hint}`));
plugin.start();
process.once("SIGTERM", () => void plugin.close());

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}
