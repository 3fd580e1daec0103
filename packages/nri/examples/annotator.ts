/**
 * Annotates every container with what its configuration says: {"annotations": {"key": "value"}}.
 *
 * Started by the runtime it gets the content of /etc/nri/conf.d/annotator.conf; started by hand, NRI_ANNOTATIONS.
 */
import { NriError, NriPlugin } from "@kubefence/nri";

let annotations = readAnnotations(process.env["NRI_ANNOTATIONS"] ?? "{}");

const { NRI_SOCKET } = process.env;
const plugin = new NriPlugin({
  name: "annotator",
  index: "20",
  ...(NRI_SOCKET === undefined ? {} : { socketPath: NRI_SOCKET }),
  handlers: {
    configure(request) {
      if (request.config !== "") annotations = readAnnotations(request.config);
    },
    createContainer() {
      return { adjust: { annotations } };
    },
  },
});
plugin.on("error", (error) => console.error(`${error.code}: ${error.message}; ${error.hint}`));
plugin.start();
process.once("SIGTERM", () => void plugin.close());

/** Throws when the text is not an object of strings: the runtime then drops the plugin, which is better than guessing. */
function readAnnotations(text: string): Map<string, string> {
  const config: unknown = JSON.parse(text);
  const wanted = typeof config === "object" && config !== null && "annotations" in config ? config.annotations : {};
  const entries = Object.entries(wanted ?? {});
  return new Map(
    entries.map(([key, value]) => {
      if (typeof value === "string") return [key, value];
      throw new NriError("INVALID_OPTION", `annotation ${key} is ${JSON.stringify(value)}, not a string`);
    }),
  );
}
